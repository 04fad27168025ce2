"""What must be decided again: rules past their review date, arrivals that nobody talked about.

A rule past its review date goes on and is listed: stopping it by a calendar could hurt. The
arrival profile ends by itself: the talk is held within 24 h (quality standard 3.1.1), and
until then the patient's rules are provisional. A rule that somebody decided (`decided_by`)
stays; the others fall silent. Presses always ring.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from routing.ids import BedId, PatientId, RuleId
from routing.plan import Plan, Profile, RuleState, Stay

ARRIVAL_HOLDS = timedelta(hours=24)
"""How long a patient may live with rules that nobody has talked about."""

_REVIEWED = (RuleState.ACTIVE, RuleState.TRIAL, RuleState.PAUSED, RuleState.SUSPENDED)


class ReviewKind(StrEnum):
    """What is to be decided."""

    RULE = "rule"
    ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True)
class Review:
    """One decision that is due, and when it was or will be."""

    kind: ReviewKind
    patient: PatientId
    bed: BedId
    due: datetime
    overdue: bool
    rule: RuleId | None = None


def arrival_over(stay: Stay, now: datetime) -> bool:
    """Tell whether the stay still has its arrival profile, and it has ended by itself."""
    return stay.profile is Profile.ARRIVAL and now >= stay.since + ARRIVAL_HOLDS


def reviews(plan: Plan, now: datetime) -> tuple[Review, ...]:
    """List what is due for those who stay here now, the longest overdue first.

    A rule's date is its last day: it is overdue from the next local midnight.
    """
    zone = ZoneInfo(plan.timezone)
    found: list[Review] = []
    for stay in plan.stays:
        if stay.since > now or (stay.until is not None and stay.until <= now):
            continue
        if stay.profile is Profile.ARRIVAL:
            due = stay.since + ARRIVAL_HOLDS
            found.append(Review(ReviewKind.ARRIVAL, stay.patient, stay.bed, due, now >= due))
        for rule in plan.rules:
            if rule.patient != stay.patient or rule.state not in _REVIEWED:
                continue
            if rule.review_by is not None:
                midnight = datetime.combine(
                    rule.review_by + timedelta(days=1), time(), tzinfo=zone
                )
                late = now >= midnight
                found.append(
                    Review(ReviewKind.RULE, stay.patient, stay.bed, midnight, late, rule.id)
                )
    return tuple(sorted(found, key=lambda one: one.due))
