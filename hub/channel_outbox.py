"""The outbox's rows: leased, tried, and done with a receipt or given up.

A row is `waiting`, then `sent` (with a receipt), `failed` (given up), or `over` (the call was
closed before it left). A lease keeps two workers from one row; it ends by itself, so that what
a killed process had in its hands comes back.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, func, insert, or_, select, update

from hub import records
from hub.channel_notice import Order
from hub.store.projections import insert_into
from hub.store.tables import outbox
from routing.effects import Because, Reason
from routing.ids import HouseId

T = TypeVar("T")
LEASE = timedelta(seconds=30)
"""Longer than any single try, shorter than anybody's patience."""
AT_ONCE = 8
"""Rows of one channel in flight together."""
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=60)
GIVE_UP = timedelta(minutes=15)
"""A ladder that still waits has sent newer rounds by then."""
_row = outbox.c
_BECAUSE = records.encode_because(Because(Reason.TEST_TRAFFIC)).decode()


class Transacts(Protocol):
    """A store, or a bare database beside a running hub."""

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction; raises what the store raises."""
        ...

    def read(self) -> Any:
        """`async with place.read() as connection`: for questions."""
        ...


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after this many failed tries: 1, 2, 4 … 60 s."""
    return min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE)


class Outbox:
    """The table, as the sender needs it."""

    def __init__(self, place: Transacts) -> None:
        self._place = place

    async def reclaim(self, houses: Sequence[HouseId]) -> int:
        """Take back what an earlier life of this process had leased; return how many.

        The house's journal is fenced, so nobody else may be sending for it.
        """
        taken = update(outbox).where(
            _row.house.in_(houses), _row.state == "waiting", _row.lease_until.is_not(None)
        )
        return await self._run(taken.values(lease_until=None))

    async def lease(self, channel: str, now: datetime) -> list[Order]:
        """Take what is due on a channel; nobody else gets it before the lease ends."""
        due = (
            _row.channel == channel,
            _row.state == "waiting",
            _row.next_try_at <= now,
            or_(_row.lease_until.is_(None), _row.lease_until < now),
        )
        some = select(outbox).where(*due).order_by(_row.created_at, _row.id).limit(AT_ONCE)
        async with self._place.read() as connection:
            # Asked first without the writer's lock: mostly there is nothing.
            if not (await connection.execute(some)).first():
                return []

        def work(connection: Connection) -> list[Order]:
            orders: list[Order] = []
            for row in connection.execute(some).all():
                mine = update(outbox).where(_row.id == row.id, *due)
                if connection.execute(mine.values(lease_until=now + LEASE)).rowcount == 1:
                    orders.append(_order(row))
            return orders

        return await self._place.transact(work)

    async def next_at(self, channel: str) -> datetime | None:
        """Return when a waiting row is due, or its lease over."""
        waiting = select(_row.next_try_at, _row.lease_until).where(
            _row.channel == channel, _row.state == "waiting"
        )
        async with self._place.read() as connection:
            found = (await connection.execute(waiting)).all()
        times = [max(t for t in row if t is not None) for row in found if any(row)]
        return min(times, default=None)

    async def unknown(self, known: Sequence[str]) -> list[Order]:
        """Return waiting rows of channels that the settings do not have."""
        lost = select(outbox).where(_row.state == "waiting", _row.channel.not_in(known))
        async with self._place.read() as connection:
            return [_order(row) for row in (await connection.execute(lost.limit(100))).all()]

    # --- how it went --------------------------------------------------------------------------

    async def sent(self, order: Order, receipt: str, now: datetime) -> None:
        """Store the receipt: it is never sent again."""
        await self._end(order, "sent", now, sent_at=now, receipt=receipt, error=None)

    async def again(self, order: Order, why: str, now: datetime) -> None:
        """Let it wait for its next try."""
        await self._run(
            update(outbox)
            .where(_row.id == order.id, _row.state == "waiting")
            .values(
                lease_until=None,
                tries=order.tries + 1,
                next_try_at=now + pause_after(order.tries + 1),
                error=why,
            )
        )

    async def given_up(self, order: Order, why: str, now: datetime) -> None:
        """Try it no more."""
        await self._end(order, "failed", now, error=why)

    async def over(self, order: Order, now: datetime) -> None:
        """The call was closed before it left."""
        await self._end(order, "over", now, error=None)

    async def _end(self, order: Order, state: str, now: datetime, **more: Any) -> None:
        del now
        await self._run(
            update(outbox)
            .where(_row.id == order.id, _row.state == "waiting")
            .values(state=state, lease_until=None, tries=order.tries + 1, **more)
        )

    # --- proofs -------------------------------------------------------------------------------

    async def order_proof(self, house: HouseId, channel: str, mark: str, at: datetime) -> bool:
        """Put a proof in line, once for each `mark` (the day); False where it is there."""
        return await self._place.transact(lambda c: _put_proof(c, house, channel, mark, at))

    async def note_test(
        self, house: HouseId, channel: str, mark: str, at: datetime, receipt: str
    ) -> None:
        """Note a test that was sent by hand: it proves the channel too."""

        def work(connection: Connection) -> None:
            values = _proof(house, channel, mark, at)
            values |= {"state": "sent", "tries": 1, "sent_at": at, "receipt": receipt}
            connection.execute(insert(outbox).values(**values))

        await self._place.transact(work)

    async def last_sent(self) -> dict[tuple[HouseId, str], datetime]:
        """Return when each channel last gave a receipt in each house."""
        last = select(_row.house, _row.channel, func.max(_row.sent_at)).where(
            _row.state == "sent"
        )
        async with self._place.read() as connection:
            rows = (await connection.execute(last.group_by(_row.house, _row.channel))).all()
        return {(HouseId(house), channel): at for house, channel, at in rows if at is not None}

    async def waiting(self) -> dict[str, int]:
        """Return how many rows wait on each channel."""
        some = select(_row.channel, func.count()).where(_row.state == "waiting")
        async with self._place.read() as connection:
            return dict((await connection.execute(some.group_by(_row.channel))).all())

    async def _run(self, statement: Any) -> int:
        return await self._place.transact(lambda c: c.execute(statement).rowcount)


def _order(row: Any) -> Order:
    return Order(
        row.id,
        HouseId(row.house),
        row.call,
        row.channel,
        row.round,
        row.created_at,
        row.tries,
    )


def _put_proof(
    connection: Connection, house: HouseId, channel: str, mark: str, at: datetime
) -> bool:
    put = insert_into(outbox, connection.dialect.name).values(
        **_proof(house, channel, mark, at)
    )
    return connection.execute(put).rowcount == 1


def _proof(house: HouseId, channel: str, mark: str, at: datetime) -> dict[str, Any]:
    return {
        "id": f"{house}:proof:{channel}:{mark}",
        "house": house,
        "call": "",
        "channel": channel,
        "round": 0,
        "created_at": at,
        "because": _BECAUSE,
        "state": "waiting",
        "lease_until": None,
        "tries": 0,
        "next_try_at": at,
        "sent_at": None,
        "receipt": None,
        "error": None,
    }
