"""Scenes that break the truths of presses, devices and silence."""

from dataclasses import replace
from datetime import timedelta

from routing.effects import (
    Because,
    Book,
    Booked,
    Considered,
    Reason,
    Ring,
)
from routing.events import (
    Arrived,
    BridgeChanged,
    BrokerChanged,
    CallTaken,
    Delivery,
    DevicesHeard,
    PauseSet,
    SignalQuarantined,
    SignalReceived,
    TimePassed,
)
from routing.ids import BridgeId, PatientId, SignalId
from routing.plan import (
    CallType,
    Priority,
)
from routing.readings import BedChanged
from routing.state import State
from tests.simulators.breaks import CALL, booked, breaks, change_call, only_on, without
from tests.simulators.scene import (
    CARER,
    NURSE,
    WRIST,
    Effects,
    Scene,
)

# --- presses ---


@breaks("a-press-opens-joins-or-raises-a-call")
def a_press_is_dropped() -> Scene:
    @only_on(SignalReceived)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        kept = booked(
            tuple(e for e in effects if isinstance(e, Book)), Booked.NO_RULE, call=None
        )
        return replace(before, now=after.now), kept

    return Scene().spoilt(spoil).press()


@breaks("a-repeat-press-rings-again")
def a_repeat_press_is_silent() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, without(effects, Ring)

    return Scene().press().rings().after(20).spoilt(spoil).press()


@breaks("the-third-unanswered-press-raises")
def the_third_press_changes_nothing() -> Scene:
    scene = Scene().press().rings().after(20).press().after(20)
    return change_call(scene, SignalReceived, priority=Priority.IMPORTANT).press()


@breaks("an-old-press-does-not-ring-as-new")
def a_retained_press_rings() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        chosen = (Considered(CARER[0], True, Reason.ON_UNIT, CARER[1]),)
        ring = Ring(CALL, CARER[1], CARER[0], Because(Reason.HELP_PRESSED, considered=chosen))
        return after, (*effects, ring)

    return Scene().spoilt(spoil).press(delivery=Delivery(retained=True))


@breaks("an-event-belongs-to-its-wearer")
def a_press_is_anothers() -> Scene:
    return change_call(Scene(), SignalReceived, patient=PatientId("patient-3")).press()


@breaks("a-duplicate-changes-nothing")
def a_redelivery_counts() -> Scene:
    scene = Scene().press(key="same").rings().after(1)
    other = replace(scene.state.devices[WRIST], keys={})
    scene.state = replace(scene.state, devices={**scene.state.devices, WRIST: other})
    return scene.press(key="same")


@breaks("a-new-press-is-no-duplicate")
def a_new_press_is_swallowed() -> Scene:
    @only_on(SignalReceived)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        kept = tuple(e for e in effects if isinstance(e, Book))
        return replace(before, now=after.now), booked(kept, Booked.DUPLICATE, call=None)

    return Scene().press().rings().after(40).spoilt(spoil).press()


@breaks("help-while-present-is-assistance")
def help_while_present_is_ordinary() -> Scene:
    scene = Scene().press().rings().after(5)
    scene.do(CallTaken(CALL, scene.by())).after(20).do(Arrived(CALL, scene.by(), "room-1"))
    scene.after(30)
    return change_call(scene, SignalReceived, type=CallType.PATIENT).press()


@breaks("presence-covers-only-competence")
def presence_of_nobody_silences() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, booked(
            effects, Booked.SUPPRESSED, because=Because(Reason.PRESENCE_COVERS)
        )

    return Scene().spoilt(spoil).signal(BedChanged(occupied=True))


@breaks("nonsense-from-an-alarm-device-is-a-call")
def nonsense_is_shrugged_off() -> Scene:
    @only_on(SignalQuarantined)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        kept = booked(
            tuple(e for e in effects if isinstance(e, Book)), Booked.QUARANTINED, call=None
        )
        return replace(before, now=after.now), kept

    return Scene().spoilt(spoil).do(SignalQuarantined(SignalId("1-9"), "t", "cut", WRIST))


@breaks("a-signal-is-booked-once")
def a_signal_is_booked_twice() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, (*effects, *(e for e in effects if isinstance(e, Book)))

    return Scene().spoilt(spoil).signal(BedChanged(occupied=True))


@breaks("the-ledger-balances")
def messages_vanish_from_the_ledger() -> Scene:
    scene = Scene()
    scene.watch.messages += 3
    return scene.do(DevicesHeard(((WRIST, scene.now),), counted=2))


# --- silence ---


@breaks("a-silent-device-is-unknown")
def a_silent_device_looks_well() -> Scene:
    scene = Scene().signal(BedChanged(occupied=True))

    @only_on(TimePassed)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        well = {d: replace(now, silent=False) for d, now in after.devices.items()}
        return replace(after, devices=well), effects

    scene.spoilt(spoil).after(3800)
    for _ in scene.plan.devices:
        scene.now += timedelta(seconds=10)
        scene.do(TimePassed())
    return scene


@breaks("a-dead-bridge-is-visible")
def a_dead_bridge_looks_alive() -> Scene:
    @only_on(BridgeChanged)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, bridges=before.bridges), effects

    return Scene().spoilt(spoil).do(BridgeChanged(BridgeId("z2m-1"), online=False))


@breaks("an-outage-has-a-beginning-and-an-end")
def an_outage_is_not_seen() -> Scene:
    @only_on(BrokerChanged)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, broker_up=True), effects

    scene = Scene()
    return scene.spoilt(spoil).do(BrokerChanged(up=False, since=scene.now))


@breaks("a-pause-has-owner-reason-and-end")
def a_pause_has_no_reason() -> Scene:
    @only_on(PauseSet)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(
            after, pauses=tuple(replace(p, reason="") for p in after.pauses)
        ), effects

    return _paused(Scene().spoilt(spoil))


@breaks("a-pause-ends-by-itself")
def a_pause_does_not_end() -> Scene:
    scene = _paused(Scene())
    kept = scene.state.pauses

    @only_on(TimePassed)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, pauses=kept), effects

    return scene.spoilt(spoil).after(1000)


def _paused(scene: Scene) -> Scene:
    until = scene.now + timedelta(minutes=15)
    by = scene.by(NURSE)
    return scene.do(PauseSet(by, PatientId("patient-1"), until, "bathing"))
