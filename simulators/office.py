"""The office: whoever edits the plan while the night goes on, and moves people and alarms.

Practice, rules and ladders are edits alone. A wrist alarm that is handed on, a patient who
moves out and the next who moves in are edits and happenings: both at one moment, because the
person at the bed does both. While the hub or its store is away nothing can be edited, so the
office tries again, as a person does.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from routing.ids import DeviceId, LadderId, PatientId, RuleId
from routing.plan import (
    AlarmOffer,
    Assignment,
    Basis,
    CallType,
    DeviceLife,
    Plan,
    Profile,
    Purpose,
    Rule,
    RuleState,
    Stay,
    Trigger,
    TriggerKind,
)
from simulators.agenda import Agenda
from simulators.faults import Fault, Trouble
from simulators.payloads import Kind
from simulators.residents import Devices, Habits, Home, Resident
from simulators.shell import Shell

Edit = Callable[[Plan, datetime], Plan]
"""Makes a new plan from the one that holds, at the hub's time."""

TRY_AGAIN_S = 30.0
MORNING_S = 10.5 * 3600
_DECIDED_BY = "leader-1"
_LISTENS = {
    Kind.BED: (TriggerKind.BED_EXIT, CallType.BED_EXIT),
    Kind.MOTION: (TriggerKind.MOTION, CallType.MOTION),
    Kind.DOOR: (TriggerKind.DOOR_OPEN, CallType.WANDER),
}
_PROFILES = (Profile.FAMILY_PRESENT, Profile.END_OF_LIFE, Profile.OUT)


class Office:
    """Edits the plan, and does at the bed what the edit says."""

    def __init__(
        self,
        agenda: Agenda,
        shell: Shell,
        devices: Devices,
        residents: dict[PatientId, Resident],
        seed: int,
    ) -> None:
        """`residents` is the world's own: who moves in is added there."""
        self._agenda = agenda
        self._shell = shell
        self._devices = devices
        self._residents = residents
        self._seed = seed
        self._serial = 0
        self.edits = 0

    def begin(self, trouble: Trouble) -> None:
        """Do what was chosen for tonight; what ends by itself ends `for_s` later."""
        match trouble.fault:
            case Fault.PRACTICE:
                self._practise(PatientId(trouble.target), trouble.for_s)
            case Fault.WEARER:
                self._change_wearers(trouble)
            case _:
                self._edit_plan(trouble)

    # --- edits --------------------------------------------------------------------------------

    def _edit(self, edit: Edit, then: Callable[[], None] | None = None) -> None:
        """Store and adopt a new plan, and do at the same moment what belongs to it."""
        if not self._shell.can_edit:
            self._agenda.after(TRY_AGAIN_S, lambda: self._edit(edit, then))
            return
        before = self._shell.plan
        after = edit(before, self._shell.now())
        if after == before:
            return
        self.edits += 1
        if then is not None:
            then()
        self._shell.adopt(after)

    def _edit_plan(self, trouble: Trouble) -> None:
        what, _, about = trouble.target.partition(":")
        for_s = trouble.for_s
        match what:
            case "rule_added":
                self._add_rule(PatientId(about), for_s)
            case "rule_changed":
                self._change_rule(RuleId(about), for_s)
            case "rule_paused":
                self._rule_for_a_while(RuleId(about), RuleState.PAUSED, for_s)
            case "rule_trial":
                self._rule_for_a_while(RuleId(about), RuleState.TRIAL, for_s)
            case "rule_ended":
                self._edit(lambda plan, _: _rule_to(plan, RuleId(about), RuleState.ENDED))
            case "ladder":
                self._edit(lambda plan, _: _hastier(plan, LadderId(about)))
            case "profile":
                self._live_otherwise(PatientId(about), for_s)
            case _:
                self._changeover(PatientId(about), for_s)

    def _add_rule(self, patient: PatientId, for_s: float) -> None:
        home = self._devices.homes.get(patient)
        dice = Random(f"{self._seed}/office/{patient}")
        kinds = [kind for kind in _LISTENS if home is not None and kind in home.things]
        if not kinds:
            return
        listens, kind = _LISTENS[dice.choice(kinds)]
        self._serial += 1
        rule = Rule(
            id=RuleId(f"added-{self._serial}"),
            version=1,
            patient=patient,
            need="Jeg vil ha følge når jeg står opp.",
            triggers=(Trigger(listens),),
            call_type=kind,
            state=RuleState.ACTIVE,
            delay=timedelta(seconds=dice.choice((0, 30, 300))),
            ends_by_itself=dice.random() < 0.5,
            basis=Basis.CONSENT,
            basis_reference="sak 2",
            decided_by=_DECIDED_BY,
            review_by=date(2030, 1, 1),
        )
        self._edit(lambda plan, _: replace(plan, rules=(*plan.rules, rule)))
        self._agenda.after(
            for_s, lambda: self._edit(lambda plan, _: _rule_to(plan, rule.id, RuleState.ENDED))
        )

    def _change_rule(self, rule: RuleId, for_s: float) -> None:
        """Another delay, and the old one again later: each a version of the rule."""

        def delay(by: Callable[[timedelta], timedelta]) -> Edit:
            return lambda plan, _: _with_rule(
                plan, rule, lambda r: replace(r, version=r.version + 1, delay=by(r.delay))
            )

        hurried = Random(f"{self._seed}/office/{rule}").random() < 0.5
        self._edit(delay(lambda d: d / 2 if hurried else d + timedelta(minutes=4)))
        self._agenda.after(
            for_s, lambda: self._edit(delay(lambda d: d * 2 if hurried else d / 2))
        )

    def _rule_for_a_while(self, rule: RuleId, state: RuleState, for_s: float) -> None:
        self._edit(lambda plan, _: _rule_to(plan, rule, state))
        self._agenda.after(
            for_s, lambda: self._edit(lambda plan, _: _rule_to(plan, rule, RuleState.ACTIVE))
        )

    def _live_otherwise(self, patient: PatientId, for_s: float) -> None:
        """Family comes, the end is near, or a night at home: sensors rest, presses do not."""
        profile = Random(f"{self._seed}/office/{patient}").choice(_PROFILES)
        self._edit(lambda plan, now: _with_stay(plan, patient, now, profile=profile))
        self._agenda.after(
            for_s,
            lambda: self._edit(
                lambda plan, now: _with_stay(plan, patient, now, profile=Profile.ORDINARY)
            ),
        )

    # --- practice, wearers, moves -------------------------------------------------------------

    def _practise(self, patient: PatientId, for_s: float) -> None:
        resident = self._residents.get(patient)
        if resident is None or resident.gone:
            return
        ends = timedelta(seconds=for_s)
        self._edit(
            lambda plan, now: _with_stay(plan, patient, now, practice_until=now + ends),
            lambda: resident.practise(for_s),
        )

    def _change_wearers(self, trouble: Trouble) -> None:
        """Two wrist alarms change places now, and back again later."""
        one, _, other = trouble.target.partition(":")
        if not other:
            return

        def change() -> None:
            people = (self._residents.get(PatientId(p)) for p in (one, other))
            if any(person is not None and person.gone for person in people):
                return  # moved out meanwhile: the alarm stays where it is
            self._edit(
                lambda plan, now: _swapped(plan, PatientId(one), PatientId(other), now),
                lambda: self._swap(PatientId(one), PatientId(other)),
            )

        change()
        self._agenda.after(trouble.for_s, change)

    def _swap(self, one: PatientId, other: PatientId) -> None:
        homes = self._devices.homes
        first, second = homes.get(one), homes.get(other)
        if first is None or second is None:
            return
        worn = first.things.pop(Kind.WRIST, None), second.things.pop(Kind.WRIST, None)
        for home, thing in ((second, worn[0]), (first, worn[1])):
            if thing is not None:
                home.things[Kind.WRIST] = thing
                thing.wearer = home.patient

    def _changeover(self, patient: PatientId, for_s: float) -> None:
        """The patient goes home; the bed and the cleaned alarm are the next one's."""
        home, old = self._devices.homes.get(patient), self._residents.get(patient)
        if home is None or old is None or old.gone:
            return
        stay = next((s for s in self._shell.plan.stays if s.patient == patient), None)
        if stay is None or stay.until is not None:
            return

        def goes() -> None:
            old.leave()
            for thing in home.things.values():
                thing.wearer = None

        self._edit(lambda plan, now: _discharged(plan, patient, now), goes)
        self._agenda.after(for_s, lambda: self._moves_in(home, stay))

    def _moves_in(self, home: Home, before: Stay) -> None:
        taken = any(s.bed == before.bed and s.until is None for s in self._shell.plan.stays)
        if taken:  # the discharge itself still waits for the hub
            self._agenda.after(TRY_AGAIN_S, lambda: self._moves_in(home, before))
            return
        self._serial += 1
        patient = PatientId(f"{before.patient}-next-{self._serial}")
        worn = home.things.get(Kind.WRIST)
        new = Home(patient, home.room, dict(home.things), home.cord)

        def comes() -> None:
            if worn is not None:
                worn.wearer = patient
            habit = Habits(12.0, 2.0, wanders=True, falls=1.6 / 365, patience_s=120)
            resident = Resident(self._agenda, self._devices, new, habit, self._seed)
            self._devices.homes[patient] = new
            self._residents[patient] = resident
            morning_s = max(MORNING_S, self._agenda.seconds + 3600)
            resident.begin(self._agenda.seconds, morning_s)

        device = None if worn is None else worn.device.id
        self._edit(lambda plan, now: _moved_in(plan, before, patient, device, now), comes)


# --- Plans ------------------------------------------------------------------------------------


def _with_rule(plan: Plan, rule: RuleId, change: Callable[[Rule], Rule]) -> Plan:
    """Change one rule; one that has ended stays ended."""
    return replace(
        plan,
        rules=tuple(
            change(r) if r.id == rule and r.state is not RuleState.ENDED else r
            for r in plan.rules
        ),
    )


def _rule_to(plan: Plan, rule: RuleId, state: RuleState) -> Plan:
    return _with_rule(plan, rule, lambda r: replace(r, state=state))


def _hastier(plan: Plan, ladder: LadderId) -> Plan:
    """Every step of the ladder a third shorter: for calls from now on."""
    old = plan.ladders[ladder]
    rungs = tuple(replace(rung, patience=rung.patience * 2 / 3) for rung in old.rungs)
    new = replace(old, rungs=rungs, version=old.version + 1)
    return replace(plan, ladders={**plan.ladders, ladder: new})


def _with_stay(plan: Plan, patient: PatientId, now: datetime, **changes: object) -> Plan:
    return replace(
        plan,
        stays=tuple(
            replace(stay, **changes)  # pyright: ignore[reportArgumentType]
            if stay.patient == patient and _lives_here(stay, now)
            else stay
            for stay in plan.stays
        ),
    )


def _lives_here(stay: Stay, now: datetime) -> bool:
    return stay.since <= now and (stay.until is None or now < stay.until)


def _worn(plan: Plan, patient: PatientId) -> Assignment | None:
    return next(
        (
            one
            for one in plan.assignments
            if one.patient == patient and one.until is None and one.purpose is Purpose.HELP
        ),
        None,
    )


def _swapped(plan: Plan, one: PatientId, other: PatientId, now: datetime) -> Plan:
    """End both assignments now, and begin the other way round at the same moment."""
    assignments = plan.assignments
    for patient, to in ((one, other), (other, one)):
        held = _worn(plan, patient)
        if held is None:
            continue
        ended = replace(held, until=now)
        assignments = tuple(ended if a is held else a for a in assignments)
        assignments += (replace(held, patient=to, since=now),)
    return replace(plan, assignments=assignments)


def _discharged(plan: Plan, patient: PatientId, now: datetime) -> Plan:
    worn = _worn(plan, patient)
    devices = dict(plan.devices)
    if worn is not None:
        devices[worn.device] = replace(devices[worn.device], life=DeviceLife.CLEANING)
    left = replace(
        plan,
        devices=devices,
        assignments=tuple(
            replace(a, until=now) if a.patient == patient and a.until is None else a
            for a in plan.assignments
        ),
        rules=tuple(
            replace(r, state=RuleState.ENDED) if r.patient == patient else r for r in plan.rules
        ),
    )
    return _with_stay(left, patient, now, until=now, offer=AlarmOffer.RETURNED)


def _moved_in(
    plan: Plan, before: Stay, patient: PatientId, device: DeviceId | None, now: datetime
) -> Plan:
    stay = replace(
        before,
        patient=patient,
        since=now,
        until=None,
        profile=Profile.ARRIVAL,
        practice_until=None,
        offer=AlarmOffer.ACCEPTED if device is not None else AlarmOffer.NOT_OFFERED,
    )
    devices, assignments = dict(plan.devices), plan.assignments
    known = next((d for d in devices.values() if d.id == device), None)
    if known is not None:
        devices[known.id] = replace(known, life=DeviceLife.ACTIVE, proven_at=now)
        assignments += (Assignment(known.id, Purpose.HELP, now, patient=patient),)
    return replace(plan, devices=devices, assignments=assignments, stays=(*plan.stays, stay))
