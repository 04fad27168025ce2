"""The outbox's sender: one-shot channels (ntfy, SMS, e-mail, MQTT), each at its own pace.

    Send -> outbox row (in the decision's own commit) -> leased -> tried -> receipt
                                                           ^         |
                                                           +- pause -+   until given up

A slow provider delays only itself. A process that dies between sending and the receipt sends
once more with the same key: rings more, never less. A channel that does not work is a technical
call (`channel_failed:NAME`), ended by the first receipt after it. While the store is away
notices leave from memory, and their rows are marked sent when they come.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hub.channel_health import TRIES, Health, Standing
from hub.channel_notice import NotSent, Order, Transport, notice_of
from hub.channel_outbox import AT_ONCE, GIVE_UP, Outbox, pause_after
from hub.channel_transports import TRY_S
from hub.clock import Clock
from hub.engine import Engine
from hub.names import Names
from hub.settings import Settings
from hub.store.rows import StoreDown
from hub.store.store import Store
from routing.effects import Effect, Send
from routing.events import StoreState
from routing.ids import HouseId
from routing.state import State, is_open

log = structlog.get_logger(__name__)
T = TypeVar("T")

LOOK_S = 15.0
"""Rows are announced; this is for those that are not (another process's, a lost lease)."""
SOON_S = 0.05
AWAY_S = 1.0
"""How long to wait before the store is asked again."""
PROOFS_S = 30.0
REMEMBERED = 2000
"""Notices of each channel, and receipts, that are kept in memory for a store that is away."""
AWAY = (StoreDown, SQLAlchemyError, OSError, TimeoutError)


class Channels:
    """All one-shot channels of this hub. A `Performer`."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        clock: Clock,
        engines: Mapping[HouseId, Engine],
        names: Mapping[HouseId, Names],
        ways: Mapping[str, Transport],
    ) -> None:
        """Send by `ways`; `engines` and `names` are read afresh at each notice."""
        self.health = Health(engines, {name: way.kind for name, way in ways.items()})
        self._settings = settings
        self._store = store
        self._outbox = Outbox(store)
        self._clock = clock
        self._engines = engines
        self._names = names
        self._ways = ways
        self._news = {name: asyncio.Event() for name in (*ways, "")}
        """By channel; the empty name stands for those that nobody configured."""
        self._fresh: dict[str, dict[str, Order]] = {name: {} for name in ways}
        self._later: dict[str, datetime] = {}
        self._receipts: dict[str, str] = {}

    # --- a performer --------------------------------------------------------------------------

    def noise(self, house: HouseId, state: State, effects: Sequence[Effect]) -> None:
        """Nothing: a `Send` leaves from its row."""

    def settled(
        self,
        house: HouseId,
        state: State,
        effects: Sequence[Effect],
        recorded: bool,  # noqa: FBT001 - the Performer's seam
    ) -> None:
        """Wake the channels that have something to send. Never waits."""
        del recorded
        for effect in effects:
            if isinstance(effect, Send):
                self._announce(_order_of(house, effect, state.now or self._clock.now()))

    def _announce(self, order: Order) -> None:
        fresh = self._fresh.get(order.channel)
        if fresh is None:
            self._news[""].set()
            return
        _remember(fresh, order.id, order)
        self._news[order.channel].set()

    # --- for others ---------------------------------------------------------------------------

    def standing(self, house: HouseId) -> Sequence[Standing]:
        """Return which rungs outside the house are alive."""
        return self.health.standing(house, self._clock.now())

    def proof_ages_s(self) -> Mapping[str, float]:
        """Return seconds since each channel's last receipt; infinite: never."""
        return self.health.ages_s(self._clock.now())

    # --- the work -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Send for as long as the hub lives."""
        with contextlib.suppress(*AWAY):
            back = await self._outbox.reclaim(list(self._engines))
            if back:
                log.warning("notices of an earlier life are sent again", rows=back)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_proving(), name="channel proofs")
            tasks.create_task(self._keep_refusing(), name="channels unknown")
            for name in self._ways:
                tasks.create_task(self._keep_sending(name), name=f"channel {name}")

    async def _keep_sending(self, name: str) -> None:
        while True:
            self._news[name].clear()
            try:
                wait_s = await self._pass(name)
            except AWAY:
                wait_s = AWAY_S
            except Exception:
                # A fault of ours in one channel must not take the ringing down with it.
                log.exception("channel pass failed", channel=name)
                wait_s = LOOK_S
            await self._wait(name, wait_s)

    async def _wait(self, name: str, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news[name].wait()

    async def _pass(self, name: str) -> float:
        """Try what is due; return when to look again, in seconds."""
        away = self._store.state is not StoreState.RECORDED
        now = self._clock.now()
        orders: list[Order] = []
        if not away:
            try:
                orders = await self._outbox.lease(name, now)
            except AWAY:
                away = True
        if away:
            orders = self._from_memory(name, now)
        async with asyncio.TaskGroup() as tries:
            for order in orders:
                tries.create_task(self._try(order))
        if away:
            return AWAY_S
        if len(orders) == AT_ONCE:
            return SOON_S
        due = await self._outbox.next_at(name)
        left = LOOK_S if due is None else (due - self._clock.now()).total_seconds()
        return min(max(left, SOON_S), LOOK_S)

    def _from_memory(self, name: str, now: datetime) -> list[Order]:
        """Return what this process knows of and the store cannot give now."""
        due = [
            order
            for order in self._fresh[name].values()
            if order.id not in self._receipts and self._later.get(order.id, now) <= now
        ]
        return due[:AT_ONCE]

    async def _try(self, order: Order) -> None:
        engine = self._engines.get(order.house)
        if engine is None:
            return  # another worker's house: its lease there counts
        if (receipt := self._receipts.get(order.id)) is not None:
            await self._mark(self._outbox.sent(order, receipt, self._clock.now()))
            return
        call = next((c for c in engine.state.calls.values() if c.id == order.call), None)
        if call is not None and not is_open(call):
            self._forget(order)
            await self._mark(self._outbox.over(order, self._clock.now()))
            return
        notice = notice_of(
            order, engine.state, self._names[order.house], self._settings.public_url
        )
        try:
            async with asyncio.timeout(TRY_S):
                receipt = await self._ways[order.channel].send(notice)
        except NotSent as not_sent:
            await self._failed(order, str(not_sent), refused=not_sent.refused)
        except TimeoutError:
            await self._failed(order, f"no answer in {TRY_S:.0f} s")
        except Exception as error:
            log.exception("channel failed", channel=order.channel)
            await self._failed(order, f"a fault of ours: {type(error).__name__}", refused=True)
        else:
            await self._succeeded(order, receipt)

    async def _succeeded(self, order: Order, receipt: str) -> None:
        # Before the row: were the store away now, it must not be sent twice by this process.
        _remember(self._receipts, order.id, receipt)
        self._forget(order)
        now = self._clock.now()
        await self._mark(self._outbox.sent(order, receipt, now))
        log.info("notice sent", channel=order.channel, call=order.call, receipt=receipt)
        await self.health.works(order.channel, now, order.house)

    async def _failed(self, order: Order, why: str, *, refused: bool = False) -> None:
        now = self._clock.now()
        over = now - order.created_at >= GIVE_UP
        if over:
            self._forget(order)
            await self._mark(self._outbox.given_up(order, why, now))
            log.error("notice given up", channel=order.channel, call=order.call, why=why)
        else:
            if order.id in self._fresh[order.channel]:
                again = replace(order, tries=order.tries + 1)
                self._fresh[order.channel][order.id] = again
                self._later[order.id] = now + pause_after(again.tries)
            await self._mark(self._outbox.again(order, why, now))
        tell = refused or over or order.tries + 1 >= TRIES
        await self.health.fails(order.channel, why, now, order.house, tell=tell)

    def _forget(self, order: Order) -> None:
        self._fresh[order.channel].pop(order.id, None)
        self._later.pop(order.id, None)

    async def _mark(self, marking: Awaitable[None]) -> None:
        """Write how it went; where the store is away, the lease's end brings it back."""
        try:
            await marking
        except AWAY as error:
            log.warning("a notice's fate is not stored yet", why=str(error))

    # --- channels that nobody configured ------------------------------------------------------

    async def _keep_refusing(self) -> None:
        while True:
            self._news[""].clear()
            with contextlib.suppress(*AWAY):
                await self._refuse_unknown()
            await self._wait("", LOOK_S)

    async def _refuse_unknown(self) -> None:
        for order in await self._outbox.unknown(list(self._ways)):
            if order.house not in self._engines:
                continue
            why = f"not configured: add [channels.{order.channel}] to bjelle.toml"
            now, tell = self._clock.now(), not self._settings.demo
            await self._outbox.given_up(order, why, now)
            await self.health.fails(order.channel, why, now, order.house, tell=tell)

    # --- proofs -------------------------------------------------------------------------------

    async def _keep_proving(self) -> None:
        while True:
            with contextlib.suppress(*AWAY):
                await self._prove()
            await asyncio.sleep(PROOFS_S)

    async def _prove(self) -> None:
        """Read what tests by hand have proved, and put today's proofs in line."""
        for (house, name), at in (await self._outbox.last_sent()).items():
            known = self.health.last.get(self.health.way(name, house))
            if known is None or at > known:
                await self.health.works(name, at, house)
        self.health.waiting = await self._outbox.waiting()
        now = self._clock.now()
        for name in self._ways:
            for house in self.health.proved_through(name):
                mark = self._mark_of_proof(house, name, now)
                if mark and await self._outbox.order_proof(house, name, mark, now):
                    self._news[name].set()

    def _mark_of_proof(self, house: HouseId, name: str, now: datetime) -> str:
        """Return what today's proof through this house is called, empty while none is due."""
        local = now.astimezone(ZoneInfo(self._engines[house].state.plan.timezone))
        way, day = self.health.way(name, house), f"{local:%Y-%m-%d}"
        if way in self.health.failing:
            return f"{day}T{local:%H}"  # each hour, until it works
        if way not in self.health.last or local.hour >= self._settings.channel_proof_hour:
            return day
        return ""


def _order_of(house: HouseId, effect: Send, at: datetime) -> Order:
    """Return the order of a `Send`; its id is that of its row (hub/store/projections.py)."""
    name = f"{house}:{effect.call}:{effect.channel}:{effect.round}"
    return Order(name, house, effect.call, effect.channel, effect.round, at)


def _remember(kept: dict[str, T], key: str, value: T) -> None:
    """Keep it, and let the oldest go where there are too many."""
    kept[key] = value
    while len(kept) > REMEMBERED:
        kept.pop(next(iter(kept)))
