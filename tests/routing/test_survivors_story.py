"""Found by mutation: who did what stands in the story, and nothing old is changed by a step."""

import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from routing.effects import Answer, AnswerKind, Move, Note, Reason, Show
from routing.events import (
    BridgeChanged,
    Delivery,
    Event,
    HandsetState,
    StoreChanged,
    StoreState,
)
from routing.ids import BridgeId, DeviceId
from routing.plan import DeviceLife
from routing.readings import BatteryRead, MotionSeen
from routing.step import step
from routing.supervision import only_heard
from tests.routing.night import (
    Night,
    arrive,
    ask,
    backlog,
    bed,
    close,
    decline,
    hand_over,
    left,
    motion,
    press,
    reports,
    rule,
    sign_in,
    sign_out,
    signal,
    solvik,
    take,
    telephone,
    with_device,
    with_rules,
)


def told(night: Night, move: Move) -> Note:
    return [one for one in night.all if isinstance(one, Note) and one.move is move][-1]


def test_the_story_says_who_did_what_on_which_telephone() -> None:
    night = Night().at("02:00", press()).at("02:00:10", decline("per"))
    assert (told(night, Move.DECLINED).staff, told(night, Move.DECLINED).handset) == (
        "per",
        telephone("per"),
    )
    night.at("02:00:20", take("anne"))
    assert (told(night, Move.TAKEN).staff, told(night, Move.TAKEN).handset) == (
        "anne",
        telephone("anne"),
    )
    night.at("02:00:30", hand_over("anne", "per"))
    # Offered to Per, by Anne's telephone.
    assert (told(night, Move.HANDED_OVER).staff, told(night, Move.HANDED_OVER).handset) == (
        "per",
        telephone("anne"),
    )
    night.at("02:01", arrive("anne")).at("02:02", arrive("per"))
    assert told(night, Move.ARRIVED).staff == "per"
    night.at("02:03", left("anne"))
    stepped = told(night, Move.STEPPED_OUT)
    assert (stepped.staff, stepped.handset) == ("anne", telephone("anne"))
    assert stepped.because.reason is Reason.STEPPED_OUT
    night.at("02:04", left("per"))
    gone = told(night, Move.LEFT)
    assert (gone.staff, gone.handset) == ("per", telephone("per"))
    night.at("02:05", take("per")).at("02:06", arrive("per")).at("02:07", close("per"))
    closed = told(night, Move.CLOSED)
    assert (closed.staff, closed.handset) == ("per", telephone("per"))


def test_who_comes_too_stands_in_the_story_of_an_emergency() -> None:
    night = Night().at("02:00", ask("anne", emergency=True))
    night.at("02:00:10", take("per")).at("02:00:20", take("omar"))

    responded = told(night, Move.RESPONDED)
    assert (responded.staff, responded.handset) == ("omar", telephone("omar"))


def test_a_call_that_comes_back_says_whom_it_was_taken_from() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne")).at("03:00")

    assert [
        one.staff for one in night.all if isinstance(one, Note) and one.move is Move.REOPENED
    ] == ["anne"]


def test_the_first_to_arrive_decides_since_when_somebody_is_there() -> None:
    night = Night().at("02:00", press()).at("02:00:10", take("anne"))
    night.at("02:01", arrive("anne")).at("02:05", arrive("per"))

    assert night.call().present_at == night.clock("02:01")


@pytest.mark.parametrize(
    "event",
    [
        press(),
        bed(occupied=False),
        motion(on=True),
        take("anne"),
        decline("anne"),
        sign_in("eva"),
        sign_out("anne"),
        reports("per", HandsetState.GONE),
        close("anne", reason="spoke"),
        StoreChanged(StoreState.UNRECORDED),
        BridgeChanged(BridgeId("zigbee"), online=False),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_step_leaves_the_state_it_was_given_as_it_was(event: Event) -> None:
    rules = with_rules(rule("r1", delay=timedelta(minutes=3)))
    night = Night(rules).at("02:00", bed(occupied=True)).at("02:00:01", motion(on=False))
    night.at("02:01", press("wrist-kari")).at("02:02", press())
    before = night.state
    calls, devices = dict(before.calls), dict(before.devices)
    handsets, waiting = dict(before.handsets), dict(before.waiting)
    everything = copy.deepcopy((calls, devices, handsets, waiting))

    step(before, event, night.clock("02:02:30"))

    assert (before.calls, before.devices, before.handsets, before.waiting) == everything


def test_the_state_knows_whether_the_journal_can_be_written() -> None:
    night = Night().at("02:00", StoreChanged(StoreState.UNRECORDED, "no answer"))
    assert night.state.store is StoreState.UNRECORDED

    night.at("02:01", StoreChanged(StoreState.RECORDED))
    assert night.state.store is StoreState.RECORDED


def test_a_bridge_that_says_offline_is_told_without_any_other_deadline() -> None:
    plan = solvik()
    assert all(device.expect_every is None for device in plan.devices.values())
    night = Night(plan).at("01:00").at("02:00", BridgeChanged(BridgeId("zigbee"), online=False))

    assert night.at("02:05").faults() != []


def test_the_battery_that_was_told_is_remembered_and_at_fifteen_percent_low() -> None:
    night = Night().at("02:00", signal("wrist-ola", BatteryRead(percent=80.0)))
    assert night.state.devices[DeviceId("wrist-ola")].battery_percent == 80.0

    night.at("03:00", signal("wrist-ola", BatteryRead(charging=False)))
    assert night.state.devices[DeviceId("wrist-ola")].battery_percent == 80.0
    assert night.faults() == []

    night.at("04:00", signal("wrist-ola", BatteryRead(percent=15.0)))
    assert night.state.devices[DeviceId("wrist-ola")].battery_percent == 15.0
    assert night.faults() == ["battery_low"]


_KNOWN = motion(on=False)


def _knows(**device: object) -> Night:
    plan = with_device(solvik(), "pir-204", **device)
    return Night(plan).at("01:00", motion(on=True)).at("01:01", motion(on=False))


def test_what_says_nothing_new_is_only_heard() -> None:
    assert only_heard(_knows().state, _KNOWN)


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery(retained=True),
        Delivery(history=True),
        backlog(Night().clock("01:30")),
    ],
)
def test_what_a_broker_replays_or_queued_is_never_only_heard(delivery: Delivery) -> None:
    assert not only_heard(_knows().state, motion(on=False, delivery=delivery))


def test_a_test_message_is_never_only_heard() -> None:
    assert not only_heard(_knows().state, motion(on=False, test=True))


def test_a_device_that_is_retired_is_never_only_heard() -> None:
    night = _knows()
    retired = with_device(night.state.plan, "pir-204", life=DeviceLife.RETIRED)

    assert not only_heard(replace(night.state, plan=retired), _KNOWN)


def test_a_device_thought_lost_is_never_only_heard() -> None:
    night = _knows()
    pir = DeviceId("pir-204")
    silent = replace(night.state.devices[pir], silent=True)
    state = replace(night.state, devices={**night.state.devices, pir: silent})

    assert not only_heard(state, _KNOWN)


def test_a_device_of_no_plan_or_never_heard_is_never_only_heard() -> None:
    night = _knows()
    plan = night.state.plan
    fewer = {d: device for d, device in plan.devices.items() if d != "pir-204"}

    assert not only_heard(replace(night.state, plan=replace(plan, devices=fewer)), _KNOWN)
    assert not only_heard(Night().state, signal("pir-204"))


def test_taking_a_technical_call_tells_no_patient_that_somebody_comes() -> None:
    night = Night().at("02:00", signal("wrist-ola", BatteryRead(low=True)))
    night.at("08:00", take("anne"))

    assert not any(isinstance(one, Answer) for one in night.effects)


def test_a_press_on_a_sensor_call_gives_it_the_device_that_is_answered() -> None:
    night = Night(with_rules(rule("r1"))).at("02:00", bed(occupied=True))
    night.at("02:10", bed(occupied=False)).at("02:11", press())

    assert night.call().device == "wrist-ola"
    night.at("02:11:10", take("anne"))
    assert [one.device for one in night.effects if isinstance(one, Answer)] == ["wrist-ola"]
    assert [one.kind for one in night.effects if isinstance(one, Answer)] == [AnswerKind.COMING]


def test_whoever_was_rung_owns_it_or_is_there_sees_what_changed() -> None:
    night = Night(on_duty=("anne", "omar")).at("02:00", press())
    night.at("02:00:10", take("omar")).at("02:01", arrive("omar"))

    shown = [one.handsets for one in night.effects if isinstance(one, Show)]
    # Omar works on the other unit: he sees it because he is there.
    assert all(telephone("omar") in handsets for handsets in shown)
    assert shown


def test_motion_that_goes_on_is_no_news() -> None:
    night = Night().at("02:00", motion(on=True)).at("02:01", motion(on=True))

    assert isinstance(_KNOWN.readings[0], MotionSeen)
    assert night.state.devices[DeviceId("pir-204")].levels["motion"].since == night.clock(
        "02:00"
    )
