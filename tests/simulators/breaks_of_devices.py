"""Scenes that break the truths of falls, of alarms laid aside, of order and of edited rules."""

from dataclasses import replace
from datetime import timedelta

from routing.effects import Book, Booked
from routing.events import PlanAdopted, SignalReceived, TimePassed
from routing.ids import DeviceId, RuleId
from routing.plan import DeviceLife
from routing.readings import (
    BedChanged,
    DeviceHeard,
    FallPhase,
    FallSeen,
    MotionSeen,
    Tampered,
)
from routing.state import State, Waiting
from tests.simulators.breaks import booked, breaks, edited, only_on
from tests.simulators.scene import WRIST, Effects, Scene

RADAR = DeviceId("fall-radar-2")
PIR = DeviceId("pir-2")
"""A LoRaWAN one, which counts what it says."""


def _as_before(before: State, after: State) -> State:
    return replace(after, calls=before.calls, open=before.open, due=before.due)


def _booked_only(effects: Effects, to: Booked) -> Effects:
    return tuple(one for one in booked(effects, to, call=None) if isinstance(one, Book))


@breaks("a-fall-is-a-call")
def a_fall_is_seen_and_calls_nobody() -> Scene:
    @only_on(SignalReceived)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return _as_before(before, after), _booked_only(effects, Booked.NO_RULE)

    scene = Scene().signal(FallSeen(FallPhase.CLEARED), device=RADAR).after(60)
    return scene.spoilt(spoil).signal(FallSeen(FallPhase.SUSPECTED), device=RADAR)


@breaks("an-alarm-laid-aside-is-told")
def an_alarm_is_laid_aside_and_nobody_is_told() -> Scene:
    @only_on(SignalReceived)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return _as_before(before, after), _booked_only(effects, Booked.UNCHANGED)

    return Scene().spoilt(spoil).signal(Tampered("case"))


@breaks("an-overtaken-message-turns-nothing-back")
def an_overtaken_message_is_believed() -> Scene:
    scene = Scene()
    for number, on in ((5, True), (6, False), (7, True), (9, False)):
        said = {"session": "joined", "number": number}
        scene.signal(MotionSeen(on), device=PIR, **said).after(20)

    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        known = after.devices[PIR]
        believed = replace(known.levels["motion"], value="on")
        known = replace(known, levels={**known.levels, "motion": believed})
        return replace(after, devices={**after.devices, PIR: known}), effects

    late = {"session": "joined", "number": 8}
    return scene.spoilt(spoil).signal(MotionSeen(active=True), device=PIR, **late)


@breaks("no-device-that-speaks-is-called-silent")
def what_spoke_in_cleaning_is_called_silent() -> Scene:
    scene = Scene().signal(DeviceHeard())
    cleaned = replace(scene.plan.devices[WRIST], life=DeviceLife.CLEANING)
    scene.after(60).do(edited(scene, devices={**scene.plan.devices, WRIST: cleaned}))

    @only_on(SignalReceived)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, devices=before.devices), effects

    scene.spoilt(spoil).after(3000).signal(DeviceHeard()).after(1200)
    # Judged by what was forgotten: the others that were never heard are silent by right.
    scene.spoil = None
    devices = {**scene.state.plan.devices, WRIST: scene.plan.devices[WRIST]}
    return scene.do(edited(scene, devices=devices)).do(TimePassed())


@breaks("what-waits-follows-its-rule")
def an_edited_rule_keeps_its_old_deadline() -> Scene:
    bed = DeviceId("bed-4")
    scene = Scene().signal(BedChanged(occupied=True), device=bed).after(60)
    scene.signal(BedChanged(occupied=False), device=bed).after(30)
    hasty = tuple(replace(rule, delay=timedelta(minutes=2)) for rule in scene.plan.rules)

    @only_on(PlanAdopted)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, waiting=before.waiting), effects

    assert isinstance(scene.state.waiting[RuleId("bed-4")], Waiting)
    return scene.spoilt(spoil).do(edited(scene, rules=hasty))
