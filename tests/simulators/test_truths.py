"""Every truth is seen failing once: the core is broken by hand, and just that is reported."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from routing import presses
from routing.calls import CallState
from routing.draft import Draft
from routing.effects import (
    Because,
    Book,
    Booked,
    Considered,
    Move,
    Note,
    Reason,
    Reply,
    Ring,
    Withdraw,
)
from routing.events import (
    Arrived,
    BridgeChanged,
    BrokerChanged,
    CallClosed,
    CallTaken,
    Certainty,
    Delivery,
    DevicesHeard,
    Event,
    HelpAsked,
    Outcome,
    PauseSet,
    Placing,
    PlanAdopted,
    SignalQuarantined,
    SignalReceived,
    StoreChanged,
    StoreState,
    TagsPlaced,
    TimePassed,
)
from routing.ids import BridgeId, CallId, DeviceId, OperationId, PatientId, RoomId, SignalId
from routing.plan import (
    Basis,
    CallType,
    Competence,
    PlaceBasis,
    Plan,
    Priority,
    RuleState,
    Target,
    TargetKind,
)
from routing.readings import BedChanged
from routing.state import LastPlace, State
from routing.whose import Whose, whose
from simulators.truths import NAMES, TRUTHS
from simulators.truths_plan import rule_in_force
from simulators.watch import Watch
from tests.simulators.scene import (
    CARER,
    NIGHT,
    NURSE,
    STUDENT,
    WRIST,
    Effects,
    Scene,
    with_call,
)

Break = Callable[[], Scene]
BREAKS: dict[str, Break] = {}


def breaks(name: str) -> Callable[[Break], Break]:
    def keep(scene: Break) -> Break:
        BREAKS[name] = scene
        return scene

    return keep


CALL = CallId("1-1")
WHY = Because(Reason.NO_RULE)


def without(effects: Effects, kind: type) -> Effects:
    return tuple(e for e in effects if not isinstance(e, kind))


def booked(effects: Effects, to: Booked, **more: object) -> Effects:
    return tuple(
        replace(e, to=to, **more) if isinstance(e, Book) else e  # pyright: ignore[reportArgumentType]
        for e in effects
    )


def only_on(
    kind: type,
) -> Callable[[Callable[..., tuple[State, Effects]]], Callable[..., tuple[State, Effects]]]:
    def wrap(
        spoil: Callable[..., tuple[State, Effects]],
    ) -> Callable[..., tuple[State, Effects]]:
        def spoilt(
            before: State, event: Event, after: State, effects: Effects
        ) -> tuple[State, Effects]:
            return (
                spoil(before, after, effects) if isinstance(event, kind) else (after, effects)
            )

        return spoilt

    return wrap


def change_call(scene: Scene, on: type, **changes: object) -> Scene:
    @only_on(on)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = list(after.calls.values())[-1]
        return with_call(after, replace(call, **changes)), effects  # pyright: ignore[reportArgumentType]

    return scene.spoilt(spoil)


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


# --- a call's life ---


@breaks("an-untaken-call-rings-or-climbs")
def a_call_forgets_when_to_climb() -> Scene:
    return change_call(Scene(), SignalReceived, climbs_at=None).press()


@breaks("no-step-waits-for-an-empty-chair")
def a_call_waits_for_an_empty_chair() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = replace(list(after.calls.values())[-1], ringing={})
        return with_call(after, call), without(effects, Ring)

    return Scene().spoilt(spoil).press()


@breaks("nothing-is-overdue")
def a_deadline_is_forgotten() -> Scene:
    @only_on(TimePassed)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(before, now=after.now), ()

    return Scene().press().rings().spoilt(spoil).after(70)


@breaks("no-call-dies-quietly")
def a_call_is_forgotten() -> Scene:
    scene = Scene().press().rings()

    @only_on(SignalReceived)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        left = {c: call for c, call in after.calls.items() if c != CALL}
        return replace(after, calls=left, open=()), effects

    return scene.after(5).spoilt(spoil).signal(BedChanged(occupied=True))


@breaks("taken-is-not-closed")
def a_taken_call_may_be_arrived_at_never() -> Scene:
    scene = change_call(Scene().press().rings().after(5), CallTaken, arrive_by=None)
    return scene.do(CallTaken(CALL, scene.by()))


@breaks("closed-by-a-person-or-its-own-signal")
def a_call_is_closed_by_a_movement() -> Scene:
    scene = Scene().press().rings().after(5)

    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = after.calls[CALL]
        closed = replace(
            call, state=CallState.CLOSED, closed_at=after.now, ringing={}, climbs_at=None
        )
        said = [Withdraw(CALL, handset, WHY) for handset in call.ringing]
        assert after.now is not None
        return with_call(after, closed), (
            *effects,
            *said,
            Note(CALL, Move.CLOSED, after.now, WHY),
        )

    return scene.spoilt(spoil).signal(BedChanged(occupied=True))


@breaks("rings-and-silences-are-announced")
def a_telephone_is_rung_in_the_state_only() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, without(effects, Ring)

    return Scene().spoilt(spoil).press()


@breaks("a-silenced-telephone-has-a-reason")
def all_telephones_fall_silent() -> Scene:
    scene = Scene().press().rings().after(5)
    rung = replace(scene.call.ladder.rungs[0], targets=(Target(TargetKind.CHANNEL, "duty"),))
    ladder = replace(scene.call.ladder, rungs=(rung, *scene.call.ladder.rungs[1:]))
    scene.state = with_call(scene.state, replace(scene.call, ladder=ladder))

    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = after.calls[CALL]
        said = [Withdraw(CALL, handset, WHY) for handset in call.ringing]
        return with_call(after, replace(call, ringing={})), (*effects, *said)

    return scene.spoilt(spoil).signal(BedChanged(occupied=True))


# --- who ---


@breaks("at-most-one-owner")
def the_owner_changes_by_itself() -> Scene:
    scene = Scene().press().rings().after(5)
    scene.do(CallTaken(CALL, scene.by())).after(1)
    return change_call(scene, SignalReceived, owner=NURSE[0]).signal(BedChanged(occupied=True))


@breaks("the-second-accept-is-told-who")
def the_second_accept_is_not_told() -> Scene:
    scene = Scene().press().rings().after(5)
    scene.do(CallTaken(CALL, scene.by())).after(1)

    @only_on(CallTaken)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, tuple(replace(e, by=None) if isinstance(e, Reply) else e for e in effects)

    return scene.spoilt(spoil).do(CallTaken(CALL, scene.by(NURSE)))


@breaks("a-student-is-never-alone")
def only_a_student_is_rung() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = list(after.calls.values())[-1]
        one = replace(next(iter(call.ringing.values())), staff=STUDENT[0])
        ring = next(e for e in effects if isinstance(e, Ring))
        chosen = (Considered(STUDENT[0], True, Reason.ON_UNIT, STUDENT[1]),)
        told = replace(
            ring,
            handset=STUDENT[1],
            staff=STUDENT[0],
            because=replace(ring.because, considered=chosen),
        )
        call = replace(call, ringing={STUDENT[1]: one})
        return with_call(after, call), (*without(effects, Ring), told)

    return Scene().spoilt(spoil).press()


@breaks("an-emergency-is-never-muted")
def an_emergency_is_merged_away() -> Scene:
    scene = Scene().press().rings().after(5)

    @only_on(HelpAsked)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(before, now=after.now), tuple(e for e in effects if isinstance(e, Reply))

    return scene.spoilt(spoil).do(HelpAsked(scene.by(), emergency=True, call=CALL))


@breaks("every-ring-says-why")
def a_ring_has_no_why() -> Scene:
    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, tuple(
            replace(e, because=replace(e.because, considered=())) if isinstance(e, Ring) else e
            for e in effects
        )

    return Scene().spoilt(spoil).press()


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


# --- what the house decided ---


def _edited(scene: Scene, **changes: object) -> PlanAdopted:
    plan = scene.state.plan
    return PlanAdopted(replace(plan, version=plan.version + 1, **changes))  # pyright: ignore[reportArgumentType]


@breaks("the-plan-adopted-holds")
def an_edit_is_forgotten() -> Scene:
    @only_on(PlanAdopted)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, plan=before.plan), effects

    scene = Scene().spoilt(spoil)
    return scene.do(_edited(scene, rules=()))


@breaks("a-call-keeps-its-ladder")
def an_edit_changes_the_ladder_of_an_open_call() -> Scene:
    scene = Scene().press().rings().after(5)
    longer = replace(scene.call.ladder, version=2)

    @only_on(PlanAdopted)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return with_call(after, replace(after.calls[CALL], ladder=longer)), effects

    return scene.spoilt(spoil).do(_edited(scene))


def _out_of_bed(scene: Scene) -> Scene:
    bed = DeviceId("bed-4")
    scene.signal(BedChanged(occupied=True), device=bed).after(60)
    return scene.signal(BedChanged(occupied=False), device=bed)


def _all_rules(plan: Plan, **changes: object) -> Plan:
    return replace(plan, rules=tuple(replace(r, **changes) for r in plan.rules))  # pyright: ignore[reportArgumentType]


@breaks("only-a-rule-in-force-calls")
def a_paused_rule_calls_all_the_same() -> Scene:
    @only_on(TimePassed)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, plan=_all_rules(after.plan, state=RuleState.PAUSED)), effects

    scene = _out_of_bed(Scene())
    # Only this truth watches: that a step changes the plan is another's.
    scene.watch = Watch(scene.plan, tuple(t for t in TRUTHS if t.check is rule_in_force))
    return scene.spoilt(spoil).after(700)


@breaks("practice-is-apart")
def a_practice_press_is_taken_for_a_real_one() -> Scene:
    scene = Scene()
    until = scene.now + timedelta(minutes=10)
    stays = tuple(
        replace(stay, practice_until=until) if stay.patient == "patient-1" else stay
        for stay in scene.plan.stays
    )
    scene.do(_edited(scene, stays=stays))

    @only_on(SignalReceived)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = list(after.calls.values())[-1]
        return with_call(after, replace(call, practice=False)), booked(effects, Booked.OPENED)

    return scene.spoilt(spoil).press()


@breaks("practice-stays-practice")
def a_real_call_becomes_practice() -> Scene:
    scene = Scene().press().rings().after(5)
    return change_call(scene, SignalReceived, practice=True).signal(BedChanged(occupied=True))


@breaks("a-full-disk-is-shouted")
def a_full_disk_is_a_whisper() -> Scene:
    @only_on(StoreChanged)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = list(after.calls.values())[-1]
        return with_call(after, replace(call, priority=Priority.ROUTINE)), effects

    scene = Scene().do(StoreChanged(StoreState.UNRECORDED)).spoilt(spoil)
    return scene.do(StoreChanged(StoreState.SPOOL_LOST, "no space left"))


# --- ids, answers, time, restarts ---


@breaks("a-call-id-is-used-once")
def an_id_is_used_again() -> Scene:
    scene = Scene().press().rings()
    scene.state = replace(scene.state, calls={}, open=(), next_call=1, due=None)
    return scene.after(5).press()


@breaks("a-tap-has-one-answer")
def a_tap_is_not_answered() -> Scene:
    @only_on(CallTaken)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, without(effects, Reply)

    scene = Scene().press().rings().after(5).spoilt(spoil)
    return scene.do(CallTaken(CALL, scene.by()))


@breaks("time-never-goes-back")
def time_stands_still() -> Scene:
    @only_on(SignalReceived)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, now=before.now), effects

    return Scene().after(10).spoilt(spoil).signal(BedChanged(occupied=True))


@breaks("a-step-never-raises")
def a_step_raises() -> Scene:
    scene = Scene()
    scene.watch.raised(TimePassed(), scene.now, ValueError("no such move"))
    return scene


@breaks("a-restart-changes-nothing")
def a_restart_forgets() -> Scene:
    scene = Scene().press()
    scene.watch.restarted((), replace(scene.state, waiting={}, next_call=1), scene.state)
    return scene


# --- the end of the night ---


@breaks("every-call-is-heard")
def a_call_is_never_heard() -> Scene:
    scene = Scene().press()
    scene.state = with_call(scene.state, replace(scene.call, state=CallState.TAKEN))
    return scene.ends()


@breaks("every-call-is-taken-care-of")
def a_call_keeps_ringing() -> Scene:
    return Scene().press().rings().ends()


@breaks("every-handset-shows-the-state")
def a_handset_rings_for_nothing() -> Scene:
    return Scene().ends(phones=(("handset-1", (CALL,), ()),))


@breaks("the-journal-replays")
def replay_differs() -> Scene:
    return Scene().ends(replayed="row 3 gave other effects")


@breaks("an-accepted-press-is-in-the-journal")
def a_press_is_not_in_the_journal() -> Scene:
    return Scene().ends(unjournaled=(17,))


def heard_in(room: str) -> TagsPlaced:
    return TagsPlaced((Placing(WRIST, RoomId(room), Certainty.CERTAIN, NIGHT),))


def followed(plan: Plan) -> Plan:
    basis = PlaceBasis(Basis.CONSENT)
    stays = tuple(replace(stay, place=basis) for stay in plan.stays)
    return replace(plan, stays=stays, version=plan.version + 1)


@breaks("a-place-decides-nothing")
def a_press_from_elsewhere_waits_longer() -> Scene:
    scene = Scene()
    scene.do(PlanAdopted(followed(scene.plan))).do(heard_in("room-2"))
    assert list(scene.state.places) == [WRIST]
    return change_call(scene, SignalReceived, priority=Priority.ROUTINE).press()


@breaks("a-place-is-known-by-right")
def somebody_is_followed_without_a_basis() -> Scene:
    @only_on(TagsPlaced)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        place = LastPlace(RoomId("room-2"), Certainty.CERTAIN, NIGHT, NIGHT)
        return replace(after, places={WRIST: place}), effects

    return Scene().spoilt(spoil).do(heard_in("room-2"))


def test_a_place_that_rings_or_moves_a_call_breaks_its_truth() -> None:
    scene = Scene().press().rings().after(1)
    scene.do(heard_in("room-2"))
    assert scene.broken == ()
    change_call(scene, TagsPlaced, priority=Priority.ROUTINE).do(heard_in("room-3"))
    assert scene.broken == ("a-place-decides-nothing",)


def test_a_core_that_routes_by_place_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code itself is broken: the unit is that of the room where somebody was heard."""

    def where_heard(draft: Draft, device: DeviceId, *when: datetime) -> Whose:
        found = whose(draft, device, *when)
        heard = draft.places.get(device)
        return found if heard is None else replace(found, unit=None, room=heard.room)

    monkeypatch.setattr(presses, "whose", where_heard)
    scene = Scene()
    scene.do(PlanAdopted(followed(scene.plan))).do(heard_in("room-2")).press()
    assert "a-place-decides-nothing" in scene.broken


@pytest.mark.parametrize("name", NAMES)
def test_breaking_the_core_by_hand_reports_exactly_that_truth(name: str) -> None:
    assert BREAKS[name]().broken == (name,)


def test_a_scene_that_nobody_spoilt_breaks_no_truth() -> None:
    scene = Scene().press().rings().after(5)
    scene.do(CallTaken(CALL, scene.by())).after(30)
    scene.do(Arrived(CALL, scene.by(), "room-1")).after(60)
    scene.do(CallClosed(CALL, scene.by(), Outcome.HELPED)).after(60)

    assert scene.ends().broken == ()
    assert scene.call.closed_by == CARER[0]


def test_the_same_operation_twice_may_not_count_twice() -> None:
    scene = Scene().press().rings().after(5)
    by = replace(scene.by(), operation=OperationId("once"))
    scene.do(CallTaken(CALL, by))

    @only_on(CallTaken)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return with_call(after, replace(after.calls[CALL], pressed=9)), effects

    assert scene.spoilt(spoil).do(CallTaken(CALL, by)).broken == ("a-tap-has-one-answer",)


def test_a_helper_may_not_close_what_needs_a_nurse() -> None:
    scene = Scene().press().rings().after(5)
    fall = replace(scene.state.calls[CALL], type=CallType.FALL_CONFIRMED)
    scene.state = with_call(scene.state, fall)
    scene.do(CallTaken(CALL, scene.by(NURSE))).after(5)
    scene.do(Arrived(CALL, scene.by(NURSE), "room-1")).after(60)

    def spoil(_: State, event: Event, after: State, effects: Effects) -> tuple[State, Effects]:
        if not isinstance(event, CallClosed):
            return after, effects
        staff = {
            **after.plan.staff,
            NURSE[0]: replace(after.plan.staff[NURSE[0]], competence=Competence.ASSISTANT),
        }
        return replace(after, plan=replace(after.plan, staff=staff)), effects

    scene.spoilt(spoil).do(CallClosed(CALL, scene.by(NURSE), Outcome.HELPED))

    # A core that changes the plan by a tap breaks that truth too.
    assert scene.broken == ("closed-by-a-person-or-its-own-signal", "the-plan-adopted-holds")


def test_an_edit_of_the_plan_may_not_close_a_patients_call() -> None:
    scene = Scene().press().rings().after(5)

    @only_on(PlanAdopted)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = after.calls[CALL]
        closed = replace(
            call, state=CallState.CLOSED, closed_at=after.now, ringing={}, climbs_at=None
        )
        said = [Withdraw(CALL, handset, WHY) for handset in call.ringing]
        assert after.now is not None
        note = Note(CALL, Move.CLOSED, after.now, WHY)
        return with_call(after, closed), (*effects, *said, note)

    scene.spoilt(spoil).do(_edited(scene))

    assert scene.broken == ("closed-by-a-person-or-its-own-signal",)


def test_whose_press_it_was_is_known_to_the_witness_also_when_it_joins() -> None:
    scene = Scene().press().rings().after(5)
    scene.watch.pressed_by[SignalId("1-2")] = PatientId("patient-3")

    scene.press()

    assert scene.broken == ("an-event-belongs-to-its-wearer",)
