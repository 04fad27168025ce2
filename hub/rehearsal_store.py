"""A rehearsal from the store: where the journal can begin, and where it cannot be read."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from hub import records
from hub.core import Core
from hub.rehearsal import Missing, Rehearsed, Stretch, rehearse
from hub.store import tables
from hub.store.journal import rows_after
from routing.ids import HouseId
from routing.plan import Rule
from routing.state import State

NIGHTS = 14
LONGEST = 92
"""Nights: what the law lets a rule run before it is reviewed (12 weeks), and a little more."""


class NothingToRehearse(LookupError):  # noqa: N818 - a state of affairs, told to a person
    """The house has no journal that can be read in that time."""


_HALF_A_DAY = timedelta(hours=12, microseconds=1)
"""A night that begins at this very noon has not begun."""


def since_nights(nights: int, until: datetime, zone: ZoneInfo) -> datetime:
    """Return local noon before the first of so many nights; the last one has begun."""
    evening = (until.astimezone(zone) - _HALF_A_DAY).date()
    first: date = evening - timedelta(days=nights - 1)
    return datetime.combine(first, time(12), tzinfo=zone)


def rehearse_house(
    connection: Connection,
    house: HouseId,
    rule: Rule,
    *,
    since: datetime,
    until: datetime,
    core: Core | None = None,
) -> Rehearsed:
    """Rehearse a rule on the journal of `[since, until)`.

    Raises:
        NothingToRehearse: the house has no snapshot to begin at.
    """
    found = _snapshots(connection, house, until)
    if not found:
        raise NothingToRehearse(f"{house} has no journal before {until:%Y-%m-%d %H:%M}")
    before = [one for one in found if one[1] <= since]
    seq, at = before[-1] if before else found[0]
    begins = max(since, at)
    load = {one: partial(_state, connection, house, one) for one, _ in found}
    told = rehearse(
        rule,
        load[seq](),
        rows_after(connection, house, seq),
        core or Core.shipped(),
        since=begins,
        until=until,
        snapshots=load,
    )
    return _from(told, since, begins)


def _from(told: Rehearsed, since: datetime, begins: datetime) -> Rehearsed:
    """Name what lies before the journal's beginning."""
    if begins <= since:
        return told
    before = Stretch(since, begins, Missing.NO_JOURNAL)
    return replace(told, since=since, missing=(before, *told.missing))


def _snapshots(
    connection: Connection, house: HouseId, until: datetime
) -> list[tuple[int, datetime]]:
    """Return row and time of every snapshot before `until`, oldest first."""
    snapshot = tables.snapshot.c
    rows: Any = connection.execute(
        select(snapshot.seq, snapshot.at)
        .where(snapshot.house == house, snapshot.at < until)
        .order_by(snapshot.seq)
    )
    return [(row.seq, row.at) for row in rows]


def _state(connection: Connection, house: HouseId, seq: int) -> State:
    snapshot = tables.snapshot.c
    text = connection.scalar(
        select(snapshot.state).where(snapshot.house == house, snapshot.seq == seq)
    )
    return records.decode_state(str(text))
