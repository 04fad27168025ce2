"""Start everything, say where it is, stop cleanly on Ctrl-C."""

import asyncio
import fcntl
import signal
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from hub import logs
from hub.app import Hub, running
from hub.clock import SystemClock
from hub.house import HouseFile
from hub.house_store import adopt
from hub.names import Names
from hub.settings import Settings
from hub.store.database import database
from hub.store.migrate import migrate
from routing.ids import HouseId
from simulators.demo.door import Door, Visitor
from simulators.demo.house import ON_DUTY, PHONES, demo_house
from simulators.demo.log import Log
from simulators.demo.stories import Stories
from simulators.live import Carer, Pace, WiredHouse, live
from simulators.local_broker import Broker, free_port
from simulators.local_broker import running as broker_running
from simulators.staffing import Secrets, equip

BUSTLE = 3.0
"""Three times the presses of a usual evening: somebody who watches should not have to wait."""
PACE = Pace(hears=(4, 15), walks=(8, 25), cares=(10, 40))
PORT = 8080


def demo(
    port: Annotated[int, typer.Option(help="Port of the pages.")] = PORT,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path(
        ".demo"
    ),
    seed: Annotated[int, typer.Option(help="Another seed, other residents' habits.")] = 7,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="No residents: only what you and the stories do.")
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = True,
) -> None:
    """Run a simulated care house to watch and to answer. Invented people; loopback only."""
    import logging

    logs.set_up(level=logging.WARNING)
    print("Bjelle demo: starting broker, store, hub and the people of Solvik …", flush=True)
    try:
        with alone(folder), broker_running(folder / "broker") as broker:
            uvloop.run(_demo(broker, folder, port, seed, quiet=quiet, open_page=open_page))
    except (RuntimeError, OSError) as error:
        print(f"the demo cannot start: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print("Stopped. `make demo` starts it again where it was.")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no second demo write into this folder: two hubs of one house would fence each other.

    Raises:
        RuntimeError: one is running; what to do is in the text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "running").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f"a demo with its data in {folder}/ is running already: look at its page, "
                "stop it with Ctrl-C, or give this one another `--folder`"
            ) from None
        yield


async def _demo(
    broker: Broker, folder: Path, port: int, seed: int, *, quiet: bool, open_page: bool
) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    house = demo_house()
    settings = _settings(broker, folder, port)
    own = await _prepare(settings, house)
    names: dict[HouseId, Names] = {}
    log = Log(names)
    visitor: list[Visitor] = []

    def extend(hub: Hub) -> None:
        names.update(hub.houses.names)
        visitor.append(Visitor(own.house, hub.accounts, names, log, own.pins))
        hub.app.add_middleware(Door, visitor=visitor[0])

    async with running(settings, extend=extend, more=(log,)) as hub:
        address = f"http://127.0.0.1:{hub.port}"
        wired = WiredHouse(
            hub.houses.engines[own.house].state.plan,
            seed,
            broker,
            bustle=0.0 if quiet else BUSTLE,
        )
        carers = _carers(address, own, seed, wired)
        visitor[0].stories = stories = Stories(house, wired, carers, PACE)
        _tell(address, broker, own, house, folder)
        if open_page:
            await asyncio.to_thread(webbrowser.open, f"{address}/demo")
        async with asyncio.TaskGroup() as tasks:
            playing = [
                tasks.create_task(live(wired, carers), name="house"),
                tasks.create_task(stories.run(), name="stories"),
            ]
            await stopped.wait()
            print("\nStopping …", flush=True)
            for task in playing:
                task.cancel()


def _settings(broker: Broker, folder: Path, port: int) -> Settings:
    return Settings(
        store_url=f"sqlite+aiosqlite:///{folder.absolute() / 'bjelle.db'}",
        data_dir=folder,
        host="127.0.0.1",
        port=_port(port),
        cookie_secure=False,
        mqtt_host=broker.host,
        mqtt_port=broker.port,
        mqtt_username=broker.username,
        mqtt_password=broker.password,  # pyright: ignore[reportArgumentType] - pydantic wraps it
        mqtt_tls=False,
        mqtt_version=broker.version,
        demo=True,
    )


def _port(wanted: int) -> int:
    """Return the port asked for, or a free one where somebody else listens on it."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
    return wanted


async def _prepare(settings: Settings, house: HouseFile) -> Secrets:
    await migrate(settings.store_url)
    base, at = database(settings.store_url), SystemClock().now()
    try:
        adopted = await adopt(base, house, at=at, by=None)
        return await equip(base, adopted.plan, at=at)
    finally:
        await base.close()


def _carers(address: str, own: Secrets, seed: int, wired: WiredHouse) -> list[Carer]:
    return [
        Carer(
            address,
            handset,
            own.keys[handset],
            staff,
            own.pins[staff],
            seed,
            PACE,
            wired.somebody_came,
        )
        for handset, staff in ON_DUTY.items()
    ]


def _tell(address: str, broker: Broker, own: Secrets, house: HouseFile, folder: Path) -> None:
    def name(staff: str) -> str:
        return house.staff[staff].name

    def login(staff: str) -> str:
        return house.staff[staff].login or staff

    lines: Sequence[str] = (
        "",
        "  Solvik helsehus is awake. Everybody in it is invented.",
        "",
        f"  Watch and answer   {address}/demo",
        "  It also lets your browser in to the other pages. After it, in the same browser:",
        f"  A telephone        {address}/h",
        *(
            f"                     {name(staff)} on {handset}, PIN {own.pins[staff]}"
            for handset, staff in PHONES.items()
        ),
        f"  Corridor board     {address}/tavle",
        f"  Console            {address}/",
        *(
            f"                     {name(staff)}: {login(staff)} / {password}"
            for staff, password in own.passwords.items()
        ),
        "",
        f"  Broker: {broker.name} on port {broker.port}. Data: {folder}/.",
        *(
            ()
            if broker.remembers
            else (
                "  The embedded broker forgets its sessions when it restarts, and so can lose",
                "  presses. A house uses Mosquitto: install it and start the demo again.",
            )
        ),
        "",
        "  On the page: «Kari står opp», «Ingen svarer», «Telefonen mister nett».",
        "  Ctrl-C stops everything.",
        "",
    )
    print("\n".join(lines), flush=True)
