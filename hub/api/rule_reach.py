"""Whose rules somebody may read and decide on: need to know, by unit."""

from datetime import datetime

from hub.api.patients import own_units
from hub.api.wiring import Hub
from hub.auth import Session
from routing.ids import UnitId
from routing.index import index_of, room_of, stay_at
from routing.plan import Plan, Role, Rule


def reaches(hub: Hub, session: Session, plan: Plan, rule: Rule) -> bool:
    """Need to know: rules of patients in the caller's units; a leader's are the house's."""
    if session.role is Role.LEADER:
        return True
    return _unit(plan, rule, hub.clock.now()) in own_units(hub, session)


def _unit(plan: Plan, rule: Rule, now: datetime) -> UnitId | None:
    """Return the unit where the rule's patient stays, or stayed last."""
    index = index_of(plan)
    stays = index.stays_of.get(rule.patient, ())
    stay = stay_at(index, rule.patient, now) or max(
        stays, key=lambda one: one.since, default=None
    )
    room = None if stay is None else room_of(plan, stay)
    return None if room is None else room.unit
