"""The composition root: every part is made here, once, and handed to those that need it.

One TaskGroup parents everything. A part that cannot go on ends the group, and whoever runs the
hub (systemd, a container) starts it again: it goes on from the journal.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

import structlog
import uvloop
from fastapi import FastAPI
from pydantic import ValidationError

from devices.registry import UnknownEcosystemError
from hub import garbage, logs
from hub.accounts import Accounts
from hub.answers import Answers
from hub.api.app import PortTaken, create_app
from hub.api.app import serve as serve_http
from hub.cards import Faces
from hub.channel_transports import WrongChannel, transports
from hub.channels import Channels
from hub.clock import SystemClock
from hub.engine import Engine, Limits
from hub.handsets import Gateway
from hub.houses import Houses, NoHouses
from hub.metrics import Metrics
from hub.mqtt import Intake
from hub.mqtt_publish import Publisher
from hub.performers import Performer
from hub.proofs import Proofs
from hub.push_channel import WebPush
from hub.records import NotDecodable
from hub.settings import Settings
from hub.store.migrate import SchemaBehind
from hub.store.retention import keep_tidy
from hub.store.rows import Fenced, StoreDown
from hub.store.store import Store, StoreLimits
from routing.ids import HouseId

log = structlog.get_logger(__name__)

CANNOT = 2
"""Exit code: the hub could not be started; the text says what to do."""
STOPPED = 1
"""Exit code: another hub took its house over; the text says so."""


CANNOT_START = (
    NoHouses,
    NotDecodable,
    OSError,
    SchemaBehind,
    StoreDown,
    UnknownEcosystemError,
    WrongChannel,
)
"""What a person can mend before the next start. A house that cannot be read keeps them all from
starting: without it, its presses would be taken from the broker and given to nobody."""


@dataclass(frozen=True)
class Hub:
    """All parts of a running hub. `extend` of `running` gets it before the port is open."""

    settings: Settings
    clock: SystemClock
    store: Store
    houses: Houses
    gateway: Gateway
    metrics: Metrics
    accounts: Accounts
    intake: Intake
    publishers: Mapping[HouseId, Publisher]
    channels: Channels
    proofs: Proofs
    answers: Answers
    app: FastAPI

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.app.state.port)

    def calm(self) -> bool:
        """Tell whether nothing rings in any house."""
        states = (engine.state for engine in self.houses.engines.values())
        return not any(state.calls[call].ringing for state in states for call in state.open)


Extend = Callable[[Hub], None]
"""Adds what only a simulation has, such as the demo's routes."""


@asynccontextmanager
async def running(
    settings: Settings, *, extend: Extend | None = None, more: Sequence[Performer] = ()
) -> AsyncIterator[Hub]:
    """Run the hub while the block runs; leaving it stops cleanly: rows written, snapshot taken.

    `more` performers hear of every house, beside those of the hub.

    Raises:
        NoHouses: nothing was imported yet.
        SchemaBehind: PostgreSQL needs `bjelle db upgrade`.
        WrongChannel: a channel of the settings cannot work.
        StoreDown: the database does not answer.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = await _store(settings)
    try:
        hub = await _wire(settings, store, more)
        if extend is not None:
            extend(hub)
        async with _at_work(hub):
            yield hub
    finally:
        await store.close()


async def _store(settings: Settings) -> Store:
    return await Store.open(
        settings.store_url,
        spool=settings.data_dir / "spool.jsonl",
        limits=StoreLimits(unrecorded_after_s=settings.unrecorded_after_s),
        spool_limit_bytes=settings.spool_limit_bytes,
    )


async def _wire(settings: Settings, store: Store, more: Sequence[Performer]) -> Hub:
    clock = SystemClock()
    houses = Houses(store, clock)
    gateway = Gateway(names=houses.names, clock=clock, version=version("bjelle"), faces=Faces())
    metrics = Metrics()
    ways = transports(settings, store, hub=True)
    channels = Channels(
        settings=settings,
        store=store,
        clock=clock,
        engines=houses.engines,
        names=houses.names,
        ways=ways,
    )
    limits = Limits(
        inbox=settings.inbox_limit,
        heard_flush=timedelta(seconds=settings.heard_flush_s),
        snapshot_every_rows=settings.snapshot_every_rows,
        listen=timedelta(seconds=settings.gateway_listen_s),
    )
    publishers: dict[HouseId, Publisher] = {}
    proofs, answers = Proofs(), Answers(settings)

    def performers(house: HouseId) -> Sequence[Performer]:
        publishers[house] = Publisher(settings, house)
        return (gateway, publishers[house], channels, metrics, proofs, answers, *more)

    await houses.start(performers, limits)
    for house, engine in houses.engines.items():
        gateway.attach(house, engine)
    accounts = Accounts(store, clock)
    await accounts.load()
    journaled = [e.state.now for e in houses.engines.values() if e.state.now is not None]
    intake = Intake(
        settings,
        houses.behind,
        houses.engines.__getitem__,
        clock=clock,
        keep=store.keep,
        on_discovery=houses.discovered,
        last_contact=max(journaled, default=None),
    )
    houses.follow(intake)
    metrics.watch(engines=houses.engines, store=store, mqtt=intake.stats)
    metrics.watch_channels(channels)
    metrics.watch_answers(answers)
    answers.heard_on = intake.heard_on
    app = create_app(
        settings=settings,
        store=store,
        houses=houses,
        engines=houses.engines,
        gateway=gateway,
        names=houses.names,
        clock=clock,
        metrics=metrics,
        accounts=accounts,
        channels=channels,
        push=next((way for way in ways.values() if isinstance(way, WebPush)), None),
    )
    return Hub(
        settings,
        clock,
        store,
        houses,
        gateway,
        metrics,
        accounts,
        intake,
        publishers,
        channels,
        proofs,
        answers,
        app,
    )


@asynccontextmanager
async def _at_work(hub: Hub) -> AsyncIterator[None]:
    """Everything runs; at the end first what lets in, then the engines, then the writer."""
    engines = hub.houses.engines
    async with asyncio.TaskGroup() as writing:
        writing.create_task(hub.store.run(), name="store")
        async with asyncio.TaskGroup() as deciding:
            for house, engine in engines.items():
                deciding.create_task(engine.run(), name=f"engine {house}")
            await hub.houses.catch_up()
            ready = asyncio.Event()
            async with asyncio.TaskGroup() as letting_in:
                tasks = [
                    letting_in.create_task(hub.gateway.run(), name="gateway"),
                    letting_in.create_task(hub.accounts.run(), name="accounts"),
                    letting_in.create_task(hub.houses.run(), name="discoveries"),
                    letting_in.create_task(
                        serve_http(hub.app, hub.settings, ready=ready), name="http"
                    ),
                    letting_in.create_task(hub.intake.run(), name="mqtt"),
                    letting_in.create_task(hub.channels.run(), name="channels"),
                    letting_in.create_task(hub.proofs.run(hub.houses), name="proofs"),
                    letting_in.create_task(hub.answers.run(), name="answers"),
                    letting_in.create_task(keep_tidy(hub.store, hub.clock), name="tidy"),
                    *(
                        letting_in.create_task(publisher.run(), name=f"publisher {house}")
                        for house, publisher in hub.publishers.items()
                    ),
                ]
                await ready.wait()
                try:
                    yield
                finally:
                    for task in tasks:
                        task.cancel()
            await _stop(engines)
        await hub.store.stop()


async def _stop(engines: Mapping[HouseId, Engine]) -> None:
    for engine in engines.values():
        await engine.stop()


def serve(given: dict[str, object], *, log_json: bool = False) -> int:
    """Run until SIGTERM or Ctrl-C; return the exit code."""
    logs.set_up(json_lines=log_json)
    try:
        settings = Settings(**given)  # type: ignore[arg-type] - pydantic judges them
    except ValidationError as error:
        for problem in error.errors():
            field = "_".join(str(part) for part in problem["loc"])
            said = f"BJELLE_{field.upper()} (or {field} in bjelle.toml): {problem['msg']}"
            print(said, file=sys.stderr)  # noqa: T201 - to the person who starts it
        return CANNOT
    try:
        uvloop.run(_serve(settings))
    except CANNOT_START as error:
        print(f"the hub cannot start: {error}", file=sys.stderr)  # noqa: T201 - the same
        return CANNOT
    except BaseExceptionGroup as group:
        if (taken := _only(group, PortTaken)) is not None:
            print(f"the hub cannot start: {taken}", file=sys.stderr)  # noqa: T201 - the same
            return CANNOT
        if (told := outvoted(group)) is None:
            raise
        print(f"the hub stops: {told}", file=sys.stderr)  # noqa: T201 - the same
        return STOPPED
    return 0


def outvoted(group: BaseExceptionGroup[BaseException]) -> str | None:
    """Say why this hub ends, when the only reason is that another one serves its house."""
    return _only(group, Fenced)


def _only(group: BaseExceptionGroup[BaseException], kind: type[BaseException]) -> str | None:
    """Return what the one reason says, where it is the only one and of this kind."""
    found, others = group.split(kind)
    if found is None or others is not None:
        return None
    first: BaseException = found
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return str(first)


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    async with running(settings) as hub, asyncio.TaskGroup() as tasks:
        garbage.begin()
        sweeping = tasks.create_task(garbage.run(hub.calm), name="garbage")
        log.info("hub up", port=hub.port, houses=list(hub.houses.engines))
        await stopped.wait()
        log.info("hub stops")
        sweeping.cancel()
