"""A stay changed in a running house: how it is lived, a move, an end. Each is one plan change.

`Houses.edit` stores it, then the core decides with it; nothing in between. Devices that are
worn follow the patient, those that stand in a room stay there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hub.rule_edits import ended
from routing.ids import BedId, DeviceId, PatientId, RuleId
from routing.index import holds_at
from routing.plan import AlarmOffer, Assignment, DeviceLife, Plan, RuleState, Stay

Change = Callable[[Plan], Plan]

LONGEST_PRACTICE = timedelta(hours=4)
"""Presses are practice no longer than a talk and a walk round the house take."""


class StayRefused(ValueError):  # noqa: N818 - a state of affairs, told to a person
    """The stay cannot be changed so; `do` is what to do instead."""

    def __init__(self, why: str, do: str, code: str, **params: str) -> None:
        """Keep what to do, and what others word it by."""
        super().__init__(why)
        self.do = do
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Discharged:
    """What the end of a stay leaves to be done."""

    rules_ended: tuple[RuleId, ...]
    to_return: tuple[DeviceId, ...]
    """Devices that were the patient's: collect, clean, and prove them before the next one."""


def stay_now(plan: Plan, patient: PatientId, now: datetime) -> Stay:
    """Return the stay that is lived now.

    Raises:
        StayRefused: this patient does not stay here.
    """
    for stay in plan.stays:
        if stay.patient == patient and _holds(stay, now):
            return stay
    raise StayRefused(
        f"{patient} does not stay here now",
        "see GET /api/v1/patients for who does",
        "stay-not-here",
    )


def lived(patient: PatientId, now: datetime, changes: dict[str, Any]) -> Change:
    """Change how a stay is lived: offer, profile, goal, note, isolation, practice, carers."""
    until = changes.get("practice_until")
    if until is not None and not now < until <= now + LONGEST_PRACTICE:
        raise StayRefused(
            "practice ends within four hours",
            "give `practice_until` within them",
            "stay-practice-too-long",
        )

    def change(plan: Plan) -> Plan:
        before = stay_now(plan, patient, now)
        for staff in (*changes.get("assigned", ()), *changes.get("backup", ())):
            if staff not in plan.staff:
                raise StayRefused(
                    f"nobody '{staff}' works here",
                    "name ids of the house file",
                    "stay-no-such-staff",
                    id=staff,
                )
        after = replace(before, **changes)
        _offered(before, after)
        return _with(plan, before, after)

    return change


def moved(patient: PatientId, bed: BedId, now: datetime) -> Change:
    """Move to another bed in one step: no moment in two rooms, and none in none."""

    def change(plan: Plan) -> Plan:
        before = stay_now(plan, patient, now)
        if bed not in plan.beds:
            raise StayRefused(
                f"there is no bed '{bed}'",
                f"beds here: {', '.join(plan.beds)}",
                "stay-no-such-bed",
                bed=bed,
            )
        taken = [one for one in plan.stays if one.bed == bed and _reaches(one, before, now)]
        if before.bed == bed or taken:
            mine = before.bed == bed
            whose = "the patient's own" if mine else "somebody else's"
            raise StayRefused(
                f"bed '{bed}' is {whose}",
                "choose a bed that is free",
                "stay-own-bed" if mine else "stay-bed-taken",
                bed=bed,
            )
        after = replace(before, bed=bed, since=now)
        stays = (
            plan.stays if before.since < now else tuple(s for s in plan.stays if s != before)
        )
        left = replace(before, until=now)
        stays = (*(left if one == before else one for one in stays), after)
        return replace(plan, stays=stays, assignments=_left_behind(plan, before, now))

    return change


def _left_behind(plan: Plan, stay: Stay, now: datetime) -> tuple[Assignment, ...]:
    """Let what stands in the room that is left be the room's, and the patient's no more."""
    bed = plan.beds.get(stay.bed)
    uses: list[Assignment] = []
    for one in plan.assignments:
        holds = one.until is None or now < one.until
        if not holds or one.patient != stay.patient or one.room is None:
            uses.append(one)
            continue
        room = plan.rooms.get(one.room)
        here = bed is not None and bed.room in (one.room, room and room.bathroom_of)
        uses.append(replace(one, until=now) if here else one)
        if here:
            uses.append(replace(one, patient=None, since=now))
    return tuple(uses)


def discharged(patient: PatientId, now: datetime) -> Change:
    """End a stay: its rules end, and nothing that was worn is the patient's any more."""

    def change(plan: Plan) -> Plan:
        before = stay_now(plan, patient, now)
        rules = tuple(
            ended(rule, now)
            if rule.patient == patient and rule.state is not RuleState.ENDED
            else rule
            for rule in plan.rules
        )
        uses = tuple(
            replace(one, until=now)
            if one.patient == patient and (one.until is None or now < one.until)
            else one
            for one in plan.assignments
        )
        after = replace(before, until=now, practice_until=None)
        return replace(_with(plan, before, after), rules=rules, assignments=uses)

    return change


def left_over(before: Plan, patient: PatientId, now: datetime) -> Discharged:
    """Tell what a discharge from this plan ends, and what must be returned."""
    devices = dict.fromkeys(
        one.device
        for one in before.assignments
        if one.patient == patient
        and (one.until is None or now < one.until)
        and one.device in before.devices
        and before.devices[one.device].life is not DeviceLife.RETIRED
    )
    rules = tuple(
        rule.id
        for rule in before.rules
        if rule.patient == patient and rule.state is not RuleState.ENDED
    )
    return Discharged(rules, tuple(devices))


def _offered(before: Stay, after: Stay) -> None:
    """An answer is to an offer: nobody accepts, declines or returns what was never offered."""
    answers = (AlarmOffer.ACCEPTED, AlarmOffer.DECLINED, AlarmOffer.RETURNED)
    wrong = before.offer is AlarmOffer.NOT_OFFERED and after.offer in answers
    wrong = wrong or (
        after.offer is AlarmOffer.RETURNED
        and before.offer not in (AlarmOffer.ACCEPTED, AlarmOffer.RETURNED)
    )
    if wrong:
        was = f"the wrist alarm is {before.offer.replace('_', ' ')}"
        raise StayRefused(
            f"{was}: it cannot be {after.offer}",
            "record the offer, then the answer",
            "stay-not-offered",
            before=before.offer,
            after=after.offer,
        )


def _holds(stay: Stay, now: datetime) -> bool:
    return holds_at(stay.since, stay.until, now, now)


def _reaches(other: Stay, mine: Stay, now: datetime) -> bool:
    """Tell whether another stay in the bed is still to come or lived while mine is."""
    over = other.until is not None and other.until <= now
    later = mine.until is not None and mine.until <= other.since
    return not over and not later


def _with(plan: Plan, before: Stay, after: Stay) -> Plan:
    stays = tuple(after if one == before else one for one in plan.stays)
    return replace(plan, stays=stays)
