"""The ledger convicts: a signal that is not booked, booked twice, or never came."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, update

from hub import records
from hub.ledger import Day, balance
from hub.store import tables
from hub.store.rows import QUARANTINED
from hub.store.store import Store
from routing.events import DevicesHeard, Event, SignalQuarantined, SignalReceived
from routing.ids import DeviceId, HouseId, SignalId

HOUSE = HouseId("solvik")
SINCE = datetime(2026, 11, 20, 23, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=1)


def journaled(seq: int, event: Event, *, kind: str = "", hours: float = 1) -> dict[str, Any]:
    return {
        "house": HOUSE,
        "seq": seq,
        "at": SINCE + timedelta(hours=hours),
        "kind": kind or type(event).__name__,
        "payload": records.encode_event(event).decode(),
        "payload_hash": "",
        "decisions": "[]",
        "digest": "",
        "core_version": "",
    }


def booked(seq: int, signal: str, to: str, *, count: int = 1, n: int = 0) -> dict[str, Any]:
    at = SINCE + timedelta(hours=1)
    row = {"house": HOUSE, "seq": seq, "n": n, "signal": signal, "at": at}
    return row | {"booked": to, "count": count, "reason": "x"}


def press(signal: str) -> SignalReceived:
    return SignalReceived(SignalId(signal), DeviceId("wrist-1"), ())


async def a_day(store: Store) -> None:
    """Six signals: two presses, one not understood, one whose step raised, two gathered."""
    heard = DevicesHeard(((DeviceId("bed"), SINCE),), counted=2)
    quarantined = SignalQuarantined(SignalId("1-3"), "topic", "why")
    instead = SignalQuarantined(SignalId("1-4"), "", "a rule raised")
    await store.write(
        (
            insert(tables.journal),
            [
                journaled(1, press("1-1")),
                journaled(2, press("1-2")),
                journaled(3, quarantined),
                journaled(4, press("1-4"), kind=QUARANTINED),
                journaled(5, instead),
                journaled(6, heard),
                journaled(7, press("1-9"), hours=25),
            ],
        ),
        (
            insert(tables.ledger),
            [
                booked(1, "1-1", "opened"),
                booked(2, "1-2", "joined"),
                booked(3, "1-3", "quarantined"),
                booked(5, "1-4", "quarantined"),
                booked(6, "", "unchanged", count=2),
            ],
        ),
    )


async def the_day(store: Store) -> Day:
    return await balance(store, HOUSE, SINCE, UNTIL)


async def test_a_day_in_which_every_signal_is_booked_once_balances(store: Store) -> None:
    await a_day(store)
    day = await the_day(store)

    assert (day.received, sum(day.booked.values()), day.difference) == (6, 6, 0)
    assert day.booked["quarantined"] == 2
    assert day.balances


async def test_a_signal_that_is_not_booked_is_named(store: Store) -> None:
    await a_day(store)
    await store.write(delete(tables.ledger).where(tables.ledger.c.signal == "1-2"))
    day = await the_day(store)

    assert (day.difference, day.unbooked, day.balances) == (1, ("1-2",), False)


async def test_two_wrongs_that_add_up_to_zero_do_not_balance(store: Store) -> None:
    await a_day(store)
    await store.write(
        update(tables.ledger).where(tables.ledger.c.signal == "1-2").values(signal="1-1")
    )
    day = await the_day(store)

    assert day.difference == 0
    assert (day.unbooked, day.twice, day.balances) == (("1-2",), ("1-1",), False)


async def test_a_booking_of_what_never_came_is_named(store: Store) -> None:
    await a_day(store)
    await store.write(insert(tables.ledger).values(**booked(9, "1-8", "opened")))

    assert (await the_day(store)).invented == ("1-8",)


async def test_gathered_signs_of_life_must_be_booked_too(store: Store) -> None:
    await a_day(store)
    await store.write(update(tables.ledger).where(tables.ledger.c.signal == "").values(count=1))
    day = await the_day(store)

    assert (day.gathered_difference, day.balances) == (1, False)


async def test_an_erased_payload_is_counted_by_its_booking(store: Store) -> None:
    await a_day(store)
    await store.write(update(tables.journal).values(payload=None))

    assert (await the_day(store)).balances


async def test_an_empty_day_balances(store: Store) -> None:
    day = await the_day(store)

    assert (day.received, day.balances) == (0, True)
