"""The figures follow what happened, and name nobody."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from hub.api.frames import Action
from hub.metrics import Metrics
from hub.mqtt_stats import MqttStats
from tests.support.exchange import HOUSE, Exchange, exchange

EXPECTED = {
    "bjelle_signals",
    "bjelle_decode_problems",
    "bjelle_calls_open",
    "bjelle_press_to_ring_seconds",
    "bjelle_inbox_depth",
    "bjelle_commit_seconds",
    "bjelle_handsets",
    "bjelle_broker_up",
    "bjelle_store_up",
    "bjelle_mqtt_messages",
    "bjelle_qos0_dropped",
    "bjelle_flood_shed",
    "bjelle_rings_repeated",
    "bjelle_lines_ended",
    "bjelle_decoded",
    "bjelle_answers",
}


def read(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample by its name and label values."""
    text = metrics.exposition().decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def families(metrics: Metrics) -> set[str]:
    text = metrics.exposition().decode()
    return {family.name for family in text_string_to_metric_families(text)}


def test_every_figure_is_there_before_anything_happened() -> None:
    metrics = Metrics()
    assert families(metrics) >= EXPECTED
    assert read(metrics)["bjelle_signals_total", "opened"] == 0
    assert read(metrics)["bjelle_calls_open", "emergency", "ringing"] == 0


async def test_what_was_understood_and_what_went_back_to_patients_is_counted(
    tmp_path: Path,
) -> None:
    class Told:
        counted = {"sent": 3, "acknowledged": 2}  # noqa: RUF012 - a figure for one test

    async with exchange(tmp_path) as hub:
        stats = MqttStats()
        stats.understood["chirpstack"] = 5
        hub.metrics.watch(engines={HOUSE: hub.engine}, store=hub.store, mqtt=stats)
        hub.metrics.watch_answers(Told())
        figures = read(hub.metrics)
    assert figures["bjelle_decoded_total", "chirpstack"] == 5
    assert figures["bjelle_answers_total", "sent"] == 3
    assert figures["bjelle_answers_total", "acknowledged"] == 2
    assert figures["bjelle_answers_total", "failed"] == 0


async def test_a_call_is_counted_from_the_press_to_the_ring_to_the_take(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        assert read(hub.metrics)["bjelle_handsets", "ready"] == 1
        commits = read(hub.metrics)["bjelle_commit_seconds_count",]
        await hub.press()
        card = await page.ringing()
        assert read(hub.metrics)["bjelle_calls_open", "important", "ringing"] == 1
        assert (await page.done(Action.TAKE, card.id)).ok
        figures = read(hub.metrics)
        assert figures["bjelle_signals_total", "opened"] == 1
        assert figures["bjelle_calls_open", "important", "taken"] == 1
        assert figures["bjelle_calls_open", "important", "ringing"] == 0
        assert figures["bjelle_press_to_ring_seconds_count",] == 1
        assert figures["bjelle_commit_seconds_count",] > commits
        assert figures["bjelle_store_up",] == 1
        assert no_names(hub)


async def test_the_brokers_side_is_read_when_it_is_asked(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub:
        stats = MqttStats()
        hub.metrics.watch(engines={HOUSE: hub.engine}, store=hub.store, mqtt=stats)
        stats.messages["alarm"] += 3
        stats.problems["zigbee2mqtt", "undecodable"] += 2
        stats.qos0_dropped = 1
        stats.shed = 2
        stats.broker_up = True
        figures = read(hub.metrics)
        assert figures["bjelle_mqtt_messages_total", "alarm"] == 3
        assert figures["bjelle_decode_problems_total", "zigbee2mqtt", "undecodable"] == 2
        assert figures["bjelle_qos0_dropped_total",] == 1
        assert figures["bjelle_flood_shed_total",] == 2
        assert figures["bjelle_broker_up",] == 1


def no_names(hub: Exchange) -> bool:
    """No person, room or device stands in the figures."""
    lines = hub.metrics.exposition().decode().splitlines()
    # Without the values: a sum of 0.0101 s is no room.
    text = "\n".join(line.rpartition(" ")[0] for line in lines if not line.startswith("#"))
    return not any(word in text for word in ("Kari", "Carer", "carer-1", "p-1", "101", "wrist"))
