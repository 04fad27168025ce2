"""A press overtakes a backlog, counts once, and a backlog is not taken for now."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.engine import Lane
from hub.mqtt import Intake
from hub.mqtt_lanes import Handover, TopicSet, uncovered
from tests.support.mosquitto import Mosquitto
from tests.support.ward import (
    BASE,
    HOUSE,
    WITHIN_S,
    Notebook,
    Running,
    behind,
    intake,
    motion,
    press,
    publish_all,
    settings,
)

broker_test = pytest.mark.broker


async def live(taken: Intake) -> None:
    async with asyncio.timeout(60):
        await taken.live.wait()


def wrist(n: int, name: str = "wrist-12") -> tuple[str, bytes]:
    return f"{BASE}/{name}", press(n)


def motions(count: int, since: int = 0) -> list[tuple[str, bytes]]:
    return [(f"{BASE}/motion-{n % 7}", motion(n)) for n in range(since, since + count)]


MOTIONS = [f"motion-{n}" for n in range(7)]


# --- the topics ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "filters"),
    [
        ("a/b", "a/b"),
        ("a/b/c", "a/b/#"),
        ("a/b", "a/b/#"),
        ("a/b/c", "a/+/c"),
        ("a//c", "a/+/c"),
        ("", "#"),
        ("a/b", "#"),
    ],
)
def test_a_filter_takes_what_mqtt_says_it_takes(topic: str, filters: str) -> None:
    assert TopicSet.of([filters]).find(topic) == filters


@pytest.mark.parametrize(
    ("topic", "filters"),
    [("a/b", "a"), ("a", "a/b"), ("a/b/c", "a/+"), ("b/c", "a/#"), ("a/", "a")],
)
def test_a_filter_takes_nothing_else(topic: str, filters: str) -> None:
    assert topic not in TopicSet.of([filters])


def test_the_most_exact_filter_wins() -> None:
    houses = TopicSet({"#": "all", "home/#": "home", "home/+/x": "any", "home/z2m/x": "exact"})
    assert [houses.find(t) for t in ("q", "home/1", "home/1/x", "home/z2m/x")] == [
        *("all", "home", "any", "exact")
    ]


def test_a_flood_of_invented_topics_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.mqtt_lanes.REMEMBERED_TOPICS", 10)
    topics = TopicSet.of(["a/#"])
    assert all(f"a/{n}" in topics for n in range(1000))
    assert len(topics._known) <= 10


def test_overlapping_filters_are_asked_for_once() -> None:
    assert uncovered(["a/b", "a/#", "c/d", "c/+", "e", "e"]) == ("a/#", "c/+", "e")


def test_a_broken_file_means_nothing_is_known(tmp_path: Path) -> None:
    file = tmp_path / "lanes.json"
    file.write_text('{"passed": 3}')
    assert Handover.read(file).passed.filters == {}


# --- which lane counts, while a device changes lanes ----------------------------------------


def moving(file: Path, had: Sequence[str], wanted: Sequence[str]) -> Handover:
    """Between SUBACK and marker «1»: the alarm lane had these topics, and gets those."""
    handover = Handover(file, passed=TopicSet.of(had), wanted=tuple(wanted))
    handover.subscribed = tuple(had)
    handover.count_twins()
    handover.subscribing()
    handover.marked("1")
    return handover


@pytest.mark.parametrize("first", [Lane.ALARM, Lane.BULK])
def test_what_comes_on_both_lanes_counts_on_the_quicker_one(
    first: Lane, tmp_path: Path
) -> None:
    handover = moving(tmp_path / "lanes", [], ["z/wrist"])
    lanes = {Lane.ALARM: handover.on_alarm, Lane.BULK: handover.is_copy}
    second = Lane.BULK if first is Lane.ALARM else Lane.ALARM
    assert [lanes[lane]("z/wrist", b"sos") for lane in (first, second)] == [False, True]


def test_two_equal_presses_are_two_on_whichever_lane_they_come(tmp_path: Path) -> None:
    handover = moving(tmp_path / "lanes", [], ["z/wrist"])
    on_bulk = [handover.is_copy("z/wrist", b"sos")]  # from before the SUBACK: it has no twin
    on_alarm = [handover.on_alarm("z/wrist", b"sos")]
    on_bulk.append(handover.is_copy("z/wrist", b"sos"))
    assert (on_bulk + on_alarm).count(False) == 2


def test_behind_its_marker_the_alarm_lane_counts_everything_it_keeps(tmp_path: Path) -> None:
    handover = moving(tmp_path / "lanes", [], ["z/wrist"])
    assert not handover.is_copy("z/wrist", b"sos")
    handover.marker_on_alarm("1")
    assert not handover.on_alarm("z/wrist", b"sos")


def test_a_topic_that_leaves_the_alarm_lane_counts_there_up_to_the_marker(
    tmp_path: Path,
) -> None:
    handover = moving(tmp_path / "lanes", ["z/+", "z/bed"], ["z/bed"])
    assert (handover.on_alarm("z/x", b"1"), handover.is_copy("z/x", b"1")) == (False, True)
    handover.marker_on_alarm("1")
    handover.marker_on_bulk("1")
    assert (handover.on_alarm("z/x", b"2"), handover.is_copy("z/x", b"2")) == (True, False)
    assert (handover.on_alarm("z/bed", b"2"), handover.is_copy("z/bed", b"2")) == (False, True)
    handover.let_go()
    handover.wanted = ("z/x", "z/bed")
    handover.count_twins()
    handover.subscribing()
    assert not handover.on_alarm("z/x", b"3")  # back again


# --- against the broker ----------------------------------------------------------------------


@broker_test
async def test_a_press_overtakes_a_backlog_of_20_000_and_both_are_marked_late(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    where, house = settings(broker, tmp_path), behind(["wrist-12"], MOTIONS)
    async with Running(intake(where, Notebook(), house)) as taken:
        await live(taken)
    backlog = motions(20_000)
    async with broker.client() as bridge:
        await publish_all(bridge, [*backlog, wrist(1)])
    last = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    async with Running(intake(where, notebook, house, last_contact=last)) as taken:
        await live(taken)
        async with broker.client() as bridge:
            await publish_all(bridge, [wrist(2), *motions(1, 20_000)])
        await notebook.until(lambda: len(notebook.signals) == 20_003)
    order = [str(signal.device) for signal in notebook.signals]
    # Both lanes are read at once: the press is there long before the backlog is drained.
    assert order.index("wrist-12") < 2_000
    old, new = notebook.presses
    assert (old.delivery.backlog_since, new.delivery.backlog_since) == (last, None)
    moved = [s for s in notebook.signals if s.device != "wrist-12"]
    assert {s.delivery.backlog_since for s in moved[:20_000]} == {last}
    assert [s.delivery.backlog_since for s in moved[20_000:]] == [None]
    assert [kept.payload for kept in notebook.kept if "motion" in kept.topic] == [
        motion(n) for n in range(20_001)
    ]


@broker_test
async def test_a_press_that_overtook_its_backlog_does_not_ring_again_after_a_restart(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    where, house = settings(broker, tmp_path), behind(["wrist-12"], MOTIONS)
    async with Running(intake(where, Notebook(), house)) as taken:
        await live(taken)
    async with broker.client() as bridge:
        await publish_all(bridge, [*motions(3000), wrist(1), *motions(100, 3000)])
    stuck = Notebook()
    stuck.hold(Lane.BULK)
    async with Running(intake(where, stuck, house)):
        # The bulk lane's queue stands still, the press's copy far behind what was sent of it.
        await stuck.until(
            lambda: (
                len(stuck.presses) == 1
                and len(stuck.signals) >= where.mqtt_bulk_receive_maximum
            )
        )
    async with Running(intake(where, notebook, house)) as taken:
        await live(taken)
    assert notebook.presses == []
    assert notebook.payloads() == Counter(motion(n) for n in range(3100))


@broker_test
async def test_a_backlog_keeps_its_time_over_a_second_restart(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    where, house = settings(broker, tmp_path), behind([], MOTIONS)
    async with Running(intake(where, Notebook(), house)) as taken:
        await live(taken)
    async with broker.client() as bridge:
        await publish_all(bridge, motions(2000))
    stuck = Notebook()
    stuck.hold(Lane.BULK)
    at_three, at_four = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (3, 4))
    async with Running(intake(where, stuck, house, last_contact=at_three)):
        await stuck.until(lambda: len(stuck.signals) >= where.mqtt_bulk_receive_maximum)
    async with Running(intake(where, notebook, house, last_contact=at_four)) as taken:
        await live(taken)
    assert {s.delivery.backlog_since for s in notebook.signals} == {at_three}


@broker_test
async def test_no_press_is_lost_while_its_device_moves_to_the_alarm_lane(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    """Behind a backlog, with presses before, during and after the move: each counts once."""
    where = settings(broker, tmp_path)
    ordinary, moved = behind([], ["wrist-12", *MOTIONS]), behind(["wrist-12"], MOTIONS)
    async with Running(intake(where, Notebook(), ordinary)) as taken:
        await live(taken)
    async with broker.client() as bridge:
        old = [one for n in range(1000) for one in (*motions(2, 2 * n), wrist(n))]
        await publish_all(bridge, old)
        async with Running(intake(where, notebook, moved)) as taken:
            for n in range(1000, 2000):
                await bridge.publish(*wrist(n), 1)
            await live(taken)
            await bridge.publish(*wrist(2000), 1)
            await notebook.until(lambda: press(2000) in notebook.payloads())
            await notebook.until(lambda: len(notebook.signals) >= 2000 + 2001)
    counted = {n: notebook.payloads()[press(n)] for n in range(2001)}
    assert {n: times for n, times in counted.items() if times != 1} == {}


@broker_test
async def test_each_press_counts_once_when_a_device_is_enrolled_while_the_hub_runs(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    where = settings(broker, tmp_path)
    taken = intake(where, notebook, behind(["wrist-1"], ["wrist-12"]))
    async with Running(taken), broker.client() as bridge:
        await live(taken)
        for n in range(600):
            if n == 200:
                taken.adopt(HOUSE, behind(["wrist-1", "wrist-12"]))
            if n == 400:
                taken.adopt(HOUSE, behind(["wrist-12"], ["wrist-1"]))
            await bridge.publish(*wrist(n), 1)
        await notebook.until(lambda: len(notebook.signals) >= 600)
        await bridge.publish(*wrist(600), 1)
        await notebook.until(lambda: press(600) in notebook.payloads())
    counted = {n: notebook.payloads()[press(n)] for n in range(601)}
    assert {n: times for n, times in counted.items() if times != 1} == {}
    lanes = [lane for event, lane in notebook.entered if event in notebook.signals[-100:]]
    assert set(lanes) == {Lane.ALARM}


@broker_test
async def test_each_press_counts_once_when_a_device_leaves_the_alarm_lane(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    taken = intake(settings(broker, tmp_path), notebook, behind(["wrist-12"]))
    async with Running(taken), broker.client() as bridge:
        await live(taken)
        for n in range(400):
            if n == 200:
                taken.adopt(HOUSE, behind([], ["wrist-12"]))
            await bridge.publish(*wrist(n), 1)
        await notebook.until(lambda: press(399) in notebook.payloads())
    counted = {n: notebook.payloads()[press(n)] for n in range(400)}
    assert {n: times for n, times in counted.items() if times != 1} == {}


@broker_test
async def test_what_the_bulk_lane_had_not_passed_when_the_hub_died_still_counts(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    """The marker is acknowledged only when all in front of it is durable."""
    where = settings(broker, tmp_path)
    async with Running(intake(where, Notebook(), behind([], ["wrist-12"]))) as taken:
        await live(taken)
    async with broker.client() as bridge:
        await publish_all(bridge, [wrist(n) for n in range(20)])
    stuck = Notebook()
    stuck.hold()
    async with Running(intake(where, stuck, behind(["wrist-12"]))) as taken:
        await stuck.until(lambda: len(stuck.presses) == 20)
        async with asyncio.timeout(WITHIN_S):
            await taken.joined.wait()
    async with Running(intake(where, notebook, behind(["wrist-12"]))) as taken:
        await live(taken)
    assert notebook.payloads() == Counter(press(n) for n in range(20))


@broker_test
async def test_messages_at_qos_0_wait_for_the_hub_too(
    broker: Mosquitto, notebook: Notebook, tmp_path: Path
) -> None:
    where, house = settings(broker, tmp_path), behind(["wrist-12"], MOTIONS)
    async with Running(intake(where, Notebook(), house)) as taken:
        await live(taken)
    async with broker.client() as bridge:
        for topic, payload in [*motions(50), wrist(1)]:
            await bridge.publish(topic, payload, qos=0)
        await bridge.publish("house/flush", b"", qos=1)
    broker.restart()
    async with Running(intake(where, notebook, house)) as taken:
        await live(taken)
    assert notebook.payloads() == Counter([*(motion(n) for n in range(50)), press(1)])
    assert notebook.presses[0].delivery.qos == 0
