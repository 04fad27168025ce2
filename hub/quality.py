"""Response times that are honest about what is still open. Units and hours, never a person.

Svartid (response) is from registered to «jeg tar den»; fremmøtetid (arrival) until somebody is
with the patient; delivered is until the first telephone said that it rings. A call that nobody
has answered is counted as open and censored where we stopped looking (Kaplan-Meier), never
dropped: dropping it would make a bad night look good. Practice calls are left out, technical
calls are counted beside. Source: DOMAIN sections 7 and 8.10, UX 4.6.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hub.house_store import Reads, newest_plan
from hub.process_chart import chart
from hub.store import tables
from routing.defaults import policy_for
from routing.ids import HouseId
from routing.plan import CallType, Plan, Priority

By = Literal["unit", "priority", "day", "hour"]
"""`hour`: of the day, by the house's own clock."""
MEDIAN, P90 = 0.5, 0.9
SMALL = 5
"""Groups with fewer calls are marked: their figures say little (UX Q6)."""
_ROUNDING = 1e-9

TECHNICAL = (CallType.TECHNICAL, CallType.INFORMATION)


@dataclass(frozen=True, slots=True)
class CallTimes:
    """One call's times, without persons. Times are aware UTC, None: has not happened."""

    id: str
    type: CallType
    priority: Priority
    unit: str | None
    registered: datetime
    delivered: datetime | None = None
    taken: datetime | None = None
    present: datetime | None = None
    closed: datetime | None = None
    by_person: bool = False
    """Closed with an outcome, so by a person; else its own signal ended it."""
    late: bool = False

    def answered(self) -> datetime | None:
        """Return when somebody took it on: took it, was there, or closed it."""
        by_closing = self.closed if self.by_person else None
        return self.taken or self.present or by_closing


@dataclass(frozen=True, slots=True)
class Waits:
    """How long something took. None: not reached, because too many are still waiting."""

    happened: int
    open: int
    """Has not happened; counted as longer than we have seen."""
    median: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one unit, priority, day, or of everything (`key` is empty)."""

    key: str
    calls: int
    delivered: Waits
    response: Waits
    arrival: Waits
    open: int
    """Nobody has answered yet, and nothing has ended it."""
    within: int
    outside: int
    """Answered later than the target, or open for longer than it."""
    undecided: int
    """Of the open ones: not yet open for longer than the target."""
    ended_by_signal: int
    """Ended inside the target before anybody answered: neither within nor outside."""

    @property
    def share_within(self) -> float | None:
        """Return the share within target of what is decided, None if nothing is."""
        decided = self.within + self.outside
        return self.within / decided if decided else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Response times of one house in `[since, until)`, as known at `now`."""

    house: HouseId
    since: datetime
    until: datetime
    now: datetime
    by: By | None
    whole: Group
    groups: tuple[Group, ...]
    technical: int
    """Technical calls of the same time: not in the figures."""
    calls: tuple[CallTimes, ...]


async def response_times(
    store: Reads,
    house: HouseId,
    *,
    since: datetime,
    until: datetime,
    by: By | None = None,
    now: datetime | None = None,
) -> Figures:
    """Compute the figures of the calls registered in `[since, until)`.

    `now` is when we look (an open call has waited until then); by default `until`. Targets are
    those of the newest plan; without a plan the defaults, and days are those of UTC.
    """
    plan = await newest_plan(store, house) or Plan(house, 0, "UTC")
    table = tables.calls.c
    async with store.read() as connection:
        rows = await connection.execute(
            select(tables.calls)
            .where(table.house == house, table.practice.is_(False))
            .where(table.opened_at >= since, table.opened_at < until)
            .order_by(table.opened_at, table.id)
        )
        calls = [_times(row) for row in rows]
    return figures(calls, plan, since=since, until=until, by=by, now=now or until)


def figures(
    calls: Iterable[CallTimes],
    plan: Plan,
    *,
    since: datetime,
    until: datetime,
    by: By | None,
    now: datetime,
) -> Figures:
    """Compute the figures of these calls. Pure."""
    everything = tuple(calls)
    counted = tuple(call for call in everything if call.type not in TECHNICAL)
    targets = {kind: policy_for(plan, kind).respond_within for kind in CallType}
    parts = _parted(counted, plan, by) if by else {}
    return Figures(
        house=plan.house,
        since=since,
        until=until,
        now=now,
        by=by,
        whole=_group("", counted, targets, now),
        groups=tuple(_group(key, part, targets, now) for key, part in parts.items()),
        technical=len(everything) - len(counted),
        calls=counted,
    )


def quantile(
    happened: Sequence[timedelta], censored: Sequence[timedelta], share: float
) -> timedelta | None:
    """Return the Kaplan-Meier quantile: the first wait by which `share` of all has happened.

    None where that is not reached. Without censoring this is the smallest value that at least
    `share` of the values do not exceed. At equal times what happened comes before what was cut.
    """
    waiting = len(happened) + len(censored)
    surviving = 1.0
    ordered = sorted([(wait, 0) for wait in happened] + [(wait, 1) for wait in censored])
    for wait, cut in ordered:
        if not cut:
            surviving *= 1 - 1 / waiting
            if 1 - surviving >= share - _ROUNDING:
                return wait
        waiting -= 1
    return None


def as_json(found: Figures, names: Callable[[str], str] = str) -> dict[str, Any]:
    """Return the figures as JSON: seconds, ISO times, no persons. `names` names a unit."""
    return {
        "house": found.house,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "as_of": found.now.isoformat(),
        "by": found.by,
        "definitions": {
            "response": "registered to taken; open calls are censored, never dropped",
            "arrival": "registered to present",
            "delivered": "registered to the first ringing receipt",
            "share_within": "within / (within + outside) the call type's respond_within",
        },
        "whole": _group_json(found.whole, names),
        "groups": [_group_json(group, names) for group in found.groups],
        "chart": _chart_json(found.groups) if found.by == "day" else None,
        "technical": found.technical,
    }


def _chart_json(days: Sequence[Group]) -> dict[str, Any] | None:
    """Return the days' median response times with their natural limits (XmR)."""
    told = [
        (day.key, day.response.median.total_seconds())
        for day in days
        if day.response.median is not None
    ]
    found = chart([value for _, value in told])
    if found is None:
        return None
    return {
        "measure": "median response, seconds, by day",
        "days": [key for key, _ in told],
        "values_s": [value for _, value in told],
        "centre_s": found.centre,
        "lower_s": found.lower,
        "upper_s": found.upper,
        "outside": [told[n][0] for n in found.outside],
        "shifted": [told[n][0] for n in found.shifted],
    }


def call_json(call: CallTimes) -> dict[str, Any]:
    """Return one call's times as JSON."""
    times = ("registered", "delivered", "taken", "present", "closed")
    return {
        "id": call.id,
        "type": str(call.type),
        "priority": call.priority.name.lower(),
        "unit": call.unit,
        **{name: at.isoformat() if (at := getattr(call, name)) else None for name in times},
        "late": call.late,
    }


def _times(row: Any) -> CallTimes:
    return CallTimes(
        id=row.id,
        type=CallType(row.type),
        priority=Priority(row.priority),
        unit=row.unit,
        registered=row.opened_at,
        delivered=row.rang_at,
        taken=row.taken_at,
        present=row.present_at,
        closed=row.closed_at,
        by_person=row.closed_at is not None and row.outcome is not None,
        late=row.late,
    )


def _parted(calls: Sequence[CallTimes], plan: Plan, by: By) -> dict[str, tuple[CallTimes, ...]]:
    zone = ZoneInfo(plan.timezone)
    keys: dict[By, Callable[[CallTimes], str]] = {
        "unit": lambda call: call.unit or "",
        "priority": lambda call: call.priority.name.lower(),
        "day": lambda call: call.registered.astimezone(zone).date().isoformat(),
        "hour": lambda call: f"{call.registered.astimezone(zone).hour:02}",
    }
    # Units in the plan's order, also those without a call: a zero is a figure too.
    orders: dict[By, list[str]] = {
        "unit": [str(unit) for unit in plan.units],
        "priority": [priority.name.lower() for priority in Priority],
        "day": [],
        "hour": [f"{hour:02}" for hour in range(24)],
    }
    parts: dict[str, list[CallTimes]] = {key: [] for key in orders[by]}
    for call in calls:
        parts.setdefault(keys[by](call), []).append(call)
    return {key: tuple(part) for key, part in parts.items()}


def _group(
    key: str,
    calls: Sequence[CallTimes],
    targets: Mapping[CallType, timedelta],
    now: datetime,
) -> Group:
    verdicts = [_verdict(call, targets[call.type], now) for call in calls]
    return Group(
        key=key,
        calls=len(calls),
        delivered=_waits(calls, lambda call: call.delivered, _over, now),
        response=_waits(calls, CallTimes.answered, _closed, now),
        arrival=_waits(calls, lambda call: call.present, _closed, now),
        open=sum(call.answered() is None and call.closed is None for call in calls),
        within=verdicts.count("within"),
        outside=verdicts.count("outside"),
        undecided=verdicts.count("undecided"),
        ended_by_signal=verdicts.count("ended"),
    )


def _closed(call: CallTimes) -> datetime | None:
    return call.closed


def _over(call: CallTimes) -> datetime | None:
    """Return when no telephone had to ring any more."""
    return call.answered() or call.closed


def _waits(
    calls: Sequence[CallTimes],
    reached: Callable[[CallTimes], datetime | None],
    gone: Callable[[CallTimes], datetime | None],
    now: datetime,
) -> Waits:
    happened: list[timedelta] = []
    censored: list[timedelta] = []
    for call in calls:
        at = reached(call)
        if at is not None:
            happened.append(at - call.registered)
        else:
            # A closed call cannot reach it any more; an open one has waited until we looked.
            censored.append(max((gone(call) or now) - call.registered, timedelta(0)))
    return Waits(
        len(happened),
        len(censored),
        quantile(happened, censored, MEDIAN),
        quantile(happened, censored, P90),
    )


def _verdict(
    call: CallTimes, target: timedelta, now: datetime
) -> Literal["within", "outside", "undecided", "ended"]:
    answered = call.answered()
    waited = (answered or call.closed or now) - call.registered
    if waited > target:
        return "outside"
    if answered is not None:
        return "within"
    return "undecided" if call.closed is None else "ended"


def _group_json(group: Group, names: Callable[[str], str]) -> dict[str, Any]:
    return {
        "key": group.key,
        "name": names(group.key) if group.key else "",
        "calls": group.calls,
        "small": group.calls < SMALL,
        "delivered": _waits_json(group.delivered),
        "response": _waits_json(group.response),
        "arrival": _waits_json(group.arrival),
        "open": group.open,
        "within": group.within,
        "outside": group.outside,
        "undecided": group.undecided,
        "ended_by_signal": group.ended_by_signal,
        "share_within": group.share_within,
    }


def _waits_json(waits: Waits) -> dict[str, Any]:
    return {
        "happened": waits.happened,
        "open": waits.open,
        "median_s": waits.median.total_seconds() if waits.median is not None else None,
        "p90_s": waits.p90.total_seconds() if waits.p90 is not None else None,
    }
