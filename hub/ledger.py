"""The day's ledger: every signal that was received is booked exactly once, to zero.

Received is counted from the journal (what came in), booked from the ledger (where it went): two
tables written by different code, so that one can convict the other. DESIGN section 4.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select

from hub.house_store import Reads
from hub.records import TAG
from hub.store import tables
from hub.store.rows import QUARANTINED
from routing.effects import Booked
from routing.ids import HouseId

SIGNALS = ("SignalReceived", "SignalQuarantined")
GATHERED = "DevicesHeard"


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of one house, as received and as booked."""

    house: HouseId
    since: datetime
    until: datetime
    received: int
    """Signals in the journal, gathered signs of life included."""
    booked: dict[str, int]
    """By where they went, in the order of `Booked`."""
    unbooked: tuple[str, ...]
    """Signals received and never booked."""
    twice: tuple[str, ...]
    """Signals booked more than once."""
    invented: tuple[str, ...]
    """Booked, and never received."""
    gathered_difference: int
    """Gathered signs of life: received less booked."""

    @property
    def difference(self) -> int:
        """Return received less booked."""
        return self.received - sum(self.booked.values())

    @property
    def balances(self) -> bool:
        """Tell whether the sum is zero and each signal was booked exactly once."""
        wrong = self.unbooked or self.twice or self.invented
        return not (wrong or self.difference or self.gathered_difference)


def local_day(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a local day begins and ends; 23 or 25 hours on the nights clocks change."""
    begins = datetime.combine(day, time(), tzinfo=zone)
    return begins, datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)


async def balance(base: Reads, house: HouseId, since: datetime, until: datetime) -> Day:
    """Add up one day."""
    journal, ledger = tables.journal.c, tables.ledger.c
    async with base.read() as connection:
        entries = await connection.execute(
            select(journal.seq, journal.kind, journal.payload)
            .where(journal.house == house, journal.at >= since, journal.at < until)
            .where(journal.kind.in_([*SIGNALS, GATHERED, QUARANTINED]))
        )
        received = [_received(row) for row in entries]
        books = await connection.execute(
            select(ledger.seq, ledger.signal, ledger.booked, ledger.count).where(
                ledger.house == house, ledger.at >= since, ledger.at < until
            )
        )
        booked = [(row.seq, row.signal, row.booked, row.count) for row in books]
    return _balanced(house, since, until, received, booked)


@dataclass(frozen=True, slots=True)
class _Received:
    seq: int
    signal: str | None = None
    gathered: int | None = None
    erased: bool = False


def _received(row: Any) -> _Received:
    if row.payload is None:
        return _Received(row.seq, erased=True)
    payload = msgspec.json.decode(row.payload)
    if payload.get(TAG) == GATHERED:
        return _Received(row.seq, gathered=payload.get("counted", 0))
    return _Received(row.seq, signal=payload.get("signal"))


def _balanced(
    house: HouseId,
    since: datetime,
    until: datetime,
    received: list[_Received],
    booked: list[tuple[int, str, str, int]],
) -> Day:
    # What is erased can no longer be counted here: its booking stands for it.
    erased = {one.seq for one in received if one.erased}
    # A signal whose step raised is there twice: as quarantined, and as what replaced it.
    signals = dict.fromkeys(one.signal for one in received if one.signal)
    signals |= dict.fromkeys(signal for seq, signal, _, _ in booked if seq in erased and signal)
    times = Counter(signal for _, signal, _, _ in booked if signal)
    gathered = sum(one.gathered or 0 for one in received)
    gathered += sum(n for seq, signal, _, n in booked if seq in erased and not signal)
    gathered_booked = sum(count for _, signal, _, count in booked if not signal)
    totals = {str(to): 0 for to in Booked}
    for _, _, to, count in booked:
        totals[to] = totals.get(to, 0) + count
    return Day(
        house=house,
        since=since,
        until=until,
        received=len(signals) + gathered,
        booked=totals,
        unbooked=tuple(signal for signal in signals if signal not in times),
        twice=tuple(signal for signal, count in times.items() if count > 1),
        invented=tuple(signal for signal in times if signal not in signals),
        gathered_difference=gathered - gathered_booked,
    )
