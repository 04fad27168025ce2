"""The care houses of this process: each with its engine, its names, and what its bridges know.

The composition root makes one `Houses`; gateway, intake and API read its mappings afresh each
time, so that an edit of the plan, a new device on a bridge or a changed name holds at once.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
import structlog
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from devices.codec import Discovery, Enrolled, Native
from devices.registry import Registry
from hub.clock import Clock, HouseClock
from hub.engine import Engine, Limits, Performer
from hub.house import HouseFile
from hub.house_store import Adopted, adopt, edit, houses, newest_plan
from hub.mqtt_entry import Behind
from hub.names import Names
from hub.store import tables
from hub.store.rows import StoreDown
from hub.store.store import Store
from routing.events import PlanAdopted
from routing.ids import BridgeId, HouseId, StaffId
from routing.plan import DeviceLife, Plan
from routing.step import empty

log = structlog.get_logger(__name__)

HEARD = tuple(life for life in DeviceLife if life is not DeviceLife.RETIRED)
"""What is proposed, cleaned or repaired is understood too: its proof press must be, and a press
of it is told to a technician."""


PerformersOf = Callable[[HouseId], Sequence[Performer]]


class Adopts(Protocol):
    """The broker's side: understands a house by another registry from now on."""

    def adopt(self, house: HouseId, behind: Behind) -> None:
        """Follow at once."""
        ...


class NoHouses(Exception):  # noqa: N818 - a state of affairs, told to a person
    """The store holds no house yet."""


@dataclass
class Houses:
    """Everything that is kept by house. `engines` and `names` are handed to the other parts."""

    store: Store
    clock: Clock
    engines: dict[HouseId, Engine] = field(default_factory=dict[HouseId, Engine])
    names: dict[HouseId, Names] = field(default_factory=dict[HouseId, Names])
    behind: dict[HouseId, Behind] = field(default_factory=dict[HouseId, Behind])
    known: dict[HouseId, dict[BridgeId, Discovery]] = field(
        default_factory=dict[HouseId, dict[BridgeId, Discovery]]
    )
    _newest: dict[HouseId, Plan] = field(default_factory=dict[HouseId, Plan])
    _found: asyncio.Queue[tuple[HouseId, Discovery]] = field(
        default_factory=lambda: asyncio.Queue(maxsize=1000)
    )
    _editing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _intake: Adopts | None = None

    async def start(self, performers: PerformersOf, limits: Limits) -> None:
        """Recover every house of the store; `Engine.run` is still to be called.

        `performers` makes those of one house.

        Raises:
            NoHouses: nothing was imported yet.
        """
        clocks: list[HouseClock] = []
        for house in await houses(self.store):
            plan = await newest_plan(self.store, house)
            if plan is None:
                continue
            self._newest[house] = plan
            self.known[house] = await _known(self.store, house)
            await self._read_names(house)
            engine = await Engine.start(
                house,
                empty(plan),
                clock=HouseClock(self.clock, clocks),
                store=self.store,
                performers=performers(house),
                limits=limits,
            )
            self.engines[house] = engine
            self._understand(house)
        if not self.engines:
            raise NoHouses(
                "the store holds no house yet: take one in use with `bjelle house import FILE`"
            )

    async def catch_up(self) -> None:
        """Let the engines adopt plans that were imported while no hub ran."""
        for house, engine in self.engines.items():
            if engine.state.plan.version != self._newest[house].version:
                await engine.submit(PlanAdopted(self._newest[house]))

    async def adopt(self, file: HouseFile, by: StaffId | None) -> Adopted:
        """Take a house file in use while running: stored, decided with, understood by.

        It may be repeated: what an earlier try stored and could not finish is finished.

        Raises:
            LookupError: the file is another house's than those that run here.
            LoginTaken: a login of the file is another account's.
            HouseStands: the file would undo an objection, an end or a pause of a rule.
            StoreDown: the database does not answer.
        """
        house = HouseId(file.house.id)
        engine = self.engines.get(house)
        if engine is None:
            raise LookupError(f"{house} does not run here: import it while the hub is stopped")
        async with self._editing:
            adopted = await adopt(self.store, file, at=self.clock.now(), by=by)
            # Names first: what the new plan makes ring is told with them.
            await self._read_names(house)
            if adopted.changed or engine.state.plan.version != adopted.plan.version:
                await engine.submit(PlanAdopted(adopted.plan, by))
            self._newest[house] = adopted.plan
            self._understand(house)
        return adopted

    async def edit(
        self, house: HouseId, change: Callable[[Plan], Plan], by: StaffId | None
    ) -> Adopted:
        """Change the plan while running: one at a time, stored, then decided with.

        What `change` raises leaves everything as it was.

        Raises:
            StoreDown: the database does not answer.
        """
        engine = self.engines[house]
        async with self._editing:
            adopted = await edit(self.store, house, change, at=self.clock.now(), by=by)
            if adopted.changed or engine.state.plan.version != adopted.plan.version:
                await engine.submit(PlanAdopted(adopted.plan, by))
            self._newest[house] = adopted.plan
            self._understand(house)
        return adopted

    def follow(self, intake: Adopts) -> None:
        """Tell this one of every registry from now on, so that its subscriptions follow."""
        self._intake = intake

    def discovered(self, house: HouseId, discovery: Discovery) -> None:
        """Take what a bridge said it knows. Never waits; the newest word counts.

        A whole list holds at once: what stands behind it in the broker's queue is read in the
        same breath, and there may be a press under the name that the list has just given. A
        stranger's proposal changes nobody's meaning and waits for its turn.
        """
        if self._joined(house, discovery) == self.known[house].get(discovery.bridge):
            return  # also a stranger that was proposed before: each of its messages says so
        if discovery.complete and not self._understand_by(house, discovery):
            return
        try:
            self._found.put_nowait((house, discovery))
        except asyncio.QueueFull:
            log.warning("discoveries come too fast", house=house, bridge=discovery.bridge)

    async def run(self) -> None:
        """Keep what bridges know, and understand by it."""
        while True:
            house, discovery = await self._found.get()
            joined = self._joined(house, discovery)
            # A whole list holds already, or a newer one does.
            if not discovery.complete and not self._understand_by(house, joined):
                continue
            try:
                await self._keep(house, discovery.bridge)
            except (StoreDown, SQLAlchemyError, OSError) as error:
                log.warning("a discovery is not in the store", house=house, error=str(error))

    def _understand_by(self, house: HouseId, discovery: Discovery) -> bool:
        """Understand by what a bridge knows now; False: by what it knew before.

        A list that our own code stumbles over must not end the hub: retained, it would come
        again at each start, and nobody would be heard.
        """
        known = self.known[house]
        before = known.get(discovery.bridge)
        known[discovery.bridge] = discovery
        try:
            self._understand(house)
        except Exception:
            log.exception("a bridge's list is not used", house=house, bridge=discovery.bridge)
            if before is None:
                del known[discovery.bridge]
            else:
                known[discovery.bridge] = before
            return False
        return True

    def _joined(self, house: HouseId, discovery: Discovery) -> Discovery:
        """A complete list replaces what the bridge said before, a proposal adds to it."""
        before = self.known[house].get(discovery.bridge)
        if discovery.complete or before is None:
            return discovery
        found = {one.native: one for one in (*before.found, *discovery.found)}
        return Discovery(discovery.bridge, tuple(found.values()), before.complete)

    def _understand(self, house: HouseId) -> None:
        plan = self._newest[house]
        known = self.known.get(house, {})
        registry = Registry(plan.bridges.values(), enrolled(plan), tuple(known.values()))
        self.behind[house] = Behind(registry, tuple(plan.bridges.values()))
        if self._intake is not None:
            self._intake.adopt(house, self.behind[house])

    async def _keep(self, house: HouseId, bridge: BridgeId) -> None:
        table = tables.discovered
        text = msgspec.json.encode(self.known[house][bridge]).decode()
        await self.store.write(
            delete(table).where((table.c.house == house) & (table.c.bridge == bridge)),
            insert(table).values(house=house, bridge=bridge, at=self.clock.now(), payload=text),
        )

    async def _read_names(self, house: HouseId) -> None:
        async with self.store.read() as connection:
            self.names[house] = await Names.load(connection, house)


def enrolled(plan: Plan) -> Mapping[Native, Enrolled]:
    """Return the devices of a plan that are listened to, as codecs need them."""
    return {
        native: Enrolled(device.id, device.model, device.device_class)
        for device in plan.devices.values()
        if device.life in HEARD
        for native in (
            *((alias.bridge, alias.native) for alias in device.aliases),
            (device.bridge, device.native),
        )
    }


async def _known(store: Store, house: HouseId) -> dict[BridgeId, Discovery]:
    table = tables.discovered
    async with store.read() as connection:
        rows = await connection.execute(
            select(table.c.bridge, table.c.payload).where(table.c.house == house)
        )
        return {
            BridgeId(row.bridge): msgspec.json.decode(row.payload, type=Discovery)
            for row in rows
        }
