"""Ladders and policies of a house that has decided nothing else. The plan overrides them.

Source: DOMAIN section 7, "Default call types [P]": our proposal, configurable, tested, never a
norm. Its seconds are read as the latest moment of each step, counted from the call: wrist
press «after 60 s; unit 120 s, house 180 s, vaktleder 300 s» is a step that ends at 60 s, one
that ends at 120 s, one that ends at 180 s, and a failsafe repeated every 120 s.
`arrive_within` follows UX 4.3 (P1 2 min, P2 5 min, P3 10 min); `respond_within` is a target
for the figures only.
"""

from datetime import timedelta

from routing.ids import LadderId, UnitId
from routing.plan import (
    CallPolicy,
    CallType,
    Competence,
    Ladder,
    Plan,
    Priority,
    Rung,
    Target,
    TargetKind,
)

_ASSIGNED = Target(TargetKind.ASSIGNED)
_BACKUP = Target(TargetKind.BACKUP)
_UNIT = Target(TargetKind.UNIT)
_HOUSE = Target(TargetKind.HOUSE)
_TECHNICIAN = Target(TargetKind.ROLE, "technician")
_LEADER = Target(TargetKind.ROLE, "leader")
_NURSE = Target(TargetKind.COMPETENCE, "nurse")
_UNITS_NURSE = Target(TargetKind.COMPETENCE, "nurse", UnitId(""))
_DUTY = Target(TargetKind.CHANNEL, "duty")
"""The duty manager's (vaktleder) telephone, by whatever channel the house has set up."""


def _rung(seconds: int, *targets: Target) -> Rung:
    return Rung(targets, timedelta(seconds=seconds))


def _ladder(name: str, *rungs: Rung, failsafe: Rung, responders: int = 1) -> Ladder:
    return Ladder(LadderId(name), rungs, failsafe, responders)


DAY_LIST = LadderId("day_list")
"""For what must be done but wakes nobody: flat batteries."""

OBJECTION = LadderId("objection")
"""For who decides when a patient says no to a rule."""

LADDERS: dict[LadderId, Ladder] = {
    ladder.id: ladder
    for ladder in (
        _ladder(
            "patient",
            _rung(60, _ASSIGNED, _BACKUP),
            _rung(60, _UNIT),
            _rung(60, _HOUSE),
            failsafe=_rung(120, _HOUSE, _LEADER, _DUTY),
        ),
        _ladder(
            "urgent",
            _rung(30, _ASSIGNED, _BACKUP, _UNIT),
            _rung(60, _HOUSE),
            failsafe=_rung(60, _HOUSE, _LEADER, _DUTY),
        ),
        _ladder(
            "assist",
            _rung(30, _UNIT),
            _rung(30, _HOUSE),
            failsafe=_rung(60, _HOUSE, _LEADER, _DUTY),
        ),
        _ladder(
            "emergency",
            _rung(30, _HOUSE),
            failsafe=_rung(30, _HOUSE, _LEADER, _DUTY),
            responders=2,
        ),
        _ladder(
            "technical",
            _rung(300, _UNIT, _TECHNICIAN),
            failsafe=_rung(900, _TECHNICIAN, _LEADER, _DUTY),
        ),
        # «day list, next shift, vaktleder»: a battery wakes nobody.
        _ladder(
            "day_list",
            _rung(8 * 3600, _TECHNICIAN),
            failsafe=_rung(8 * 3600, _TECHNICIAN, _LEADER),
        ),
        # A patient said no to a rule: the unit's nurse, who sees to the decision, and the
        # carers, who must know that the sensor is silent now. The other units' nurses are not
        # disturbed unless she does not answer; nobody else is woken, and it is asked again.
        _ladder(
            "objection",
            _rung(900, _ASSIGNED, _UNITS_NURSE),
            _rung(1800, _UNIT, _NURSE),
            failsafe=_rung(3600, _NURSE, _LEADER),
        ),
    )
}

_ARRIVE = {
    Priority.EMERGENCY: timedelta(minutes=2),
    Priority.URGENT: timedelta(minutes=2),
    Priority.IMPORTANT: timedelta(minutes=5),
    Priority.ROUTINE: timedelta(minutes=10),
}
_PRESENT = timedelta(hours=1)
"""Longer than any ordinary care: then somebody probably forgot to close."""
_RESPOND = {
    Priority.EMERGENCY: timedelta(seconds=30),
    Priority.URGENT: timedelta(seconds=60),
    Priority.IMPORTANT: timedelta(minutes=3),
    Priority.ROUTINE: timedelta(minutes=10),
}


def _policy(
    call_type: CallType,
    priority: Priority,
    ladder: str,
    *,
    close: Competence = Competence.ASSISTANT,
    in_room: bool = False,
) -> CallPolicy:
    return CallPolicy(
        type=call_type,
        priority=priority,
        ladder=LadderId(ladder),
        arrive_within=_ARRIVE[priority],
        respond_within=_RESPOND[priority],
        present_within=_PRESENT,
        close_competence=close,
        cancel_in_room=in_room,
    )


_TRAINED = Competence.HEALTH_WORKER
"""After a fall or an emergency somebody trained looks before it is over."""

POLICIES: dict[CallType, CallPolicy] = {
    policy.type: policy
    for policy in (
        _policy(CallType.EMERGENCY, Priority.EMERGENCY, "emergency", close=_TRAINED),
        _policy(CallType.ASSIST, Priority.URGENT, "assist"),
        _policy(CallType.BATHROOM, Priority.URGENT, "urgent", in_room=True),
        _policy(CallType.PATIENT, Priority.IMPORTANT, "patient"),
        _policy(CallType.BED_EXIT, Priority.IMPORTANT, "patient"),
        _policy(CallType.MOTION, Priority.ROUTINE, "patient"),
        _policy(CallType.WANDER, Priority.URGENT, "urgent"),
        _policy(CallType.DOOR, Priority.IMPORTANT, "patient"),
        _policy(CallType.INACTIVITY, Priority.IMPORTANT, "patient"),
        _policy(CallType.FALL_SUSPECTED, Priority.URGENT, "urgent"),
        _policy(CallType.FALL_CONFIRMED, Priority.URGENT, "urgent", close=_TRAINED),
        _policy(CallType.TECHNICAL, Priority.IMPORTANT, "technical"),
        _policy(CallType.INFORMATION, Priority.ROUTINE, "day_list"),
    )
}


def policy_for(plan: Plan, kind: CallType) -> CallPolicy:
    """Return what the house decided for this call type, else the default."""
    return plan.policies.get(kind) or POLICIES[kind]


def ladder_for(plan: Plan, kind: CallType, chosen: LadderId | None = None) -> Ladder:
    """Return the ladder: the one chosen, else the policy's, else the default; one exists."""
    for wanted in (chosen, policy_for(plan, kind).ladder):
        if wanted is not None:
            ladder = plan.ladders.get(wanted) or LADDERS.get(wanted)
            if ladder is not None:
                return ladder
    return LADDERS[POLICIES[kind].ladder]
