"""`bjelle channel`: the rungs outside the house: which are alive, and a test by hand."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer

from hub.channel_health import BY_HOUSE, OVERDUE, used_by
from hub.channel_notice import NotSent, Order, Transport, notice_of
from hub.channel_outbox import Outbox
from hub.channel_transports import TRY_S, VAPID_FILE, WrongChannel, transports
from hub.cli_door import (
    NO,
    HouseOption,
    JsonOption,
    StoreOption,
    fail,
    one_house,
    opened,
    print_json,
    run,
    settings,
)
from hub.clock import SystemClock
from hub.house_store import houses, newest_plan
from hub.names import Names
from hub.settings import Settings
from hub.store.database import Database
from hub.web_push import Vapid, foreign_folder
from routing.ids import HouseId
from routing.step import empty

channel = typer.Typer(
    name="channel",
    help="ntfy, SMS, e-mail, MQTT, Web Push: which rungs outside the house are alive.",
    no_args_is_help=True,
)


@channel.command("list")
def list_(store: StoreOption = None, json: JsonOption = False) -> None:
    """Show each channel and when it last gave a receipt. Exit code 1: one is overdue."""
    given = settings(store)
    _ways(given)  # a wrong address is told here too
    found = run(_standing(store, given))
    if json:
        print_json(found)
    else:
        for one in found:
            print(_line(one))
        if not found:
            print("no channel is configured and none is rung: add [channels.NAME]")
    if any(one["overdue"] for one in found):
        raise typer.Exit(NO)


@channel.command("test")
def try_out(
    name: Annotated[str, typer.Argument(help="The channel, as ladders name it.")],
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Send a test now, and show the receipt. Exit code 1: it was not taken."""
    given = settings(store)
    ways = _ways(given)
    if name not in ways:
        known = ", ".join(ways) or "none"
        fail(f"no channel '{name}' in the settings; known: {known}. Add [channels.{name}]")
    sent, said = run(_test(store, house, name, given))
    if json:
        print_json({"channel": name, "kind": ways[name].kind, "sent": sent, "said": said})
    else:
        print(f"{name} ({ways[name].kind}): {'sent' if sent else 'NOT sent'}: {said}")
    if sent and not json:
        print("That is a receipt of the next server: see that it came where it should.")
    if not sent:
        raise typer.Exit(NO)


@channel.command()
def key(json: JsonOption = False) -> None:
    """Make the hub's Web Push key where there is none yet, and show its public half.

    The hub makes it by itself at its start. Only the user who runs the hub can make it here.
    """
    file = settings().data_dir / VAPID_FILE
    if not file.parent.is_dir():
        fail(f"no folder {file.parent}: it is `data_dir` of the settings; the hub makes it")
    owner = foreign_folder(file.parent)
    if owner and not file.exists():
        fail(f"{file.parent} belongs to {owner}: run this as {owner}, who runs the hub")
    try:
        made = Vapid.made(file)
    except (OSError, ValueError) as error:
        fail(f"no key: {error}")
    if json:
        print_json({"file": str(file), "public": made.public})
    else:
        print(f"{file}: keep a copy with the backups; another key ends every subscription")
        print(f"public half: {made.public}")


def _ways(given: Settings) -> dict[str, Transport]:
    try:
        return dict(transports(given))
    except WrongChannel as error:
        fail(str(error))


async def _test(
    store: str | None, house: str | None, name: str, given: Settings
) -> tuple[bool, str]:
    base, clock = await opened(store), SystemClock()
    try:
        which = await one_house(base, house)
        plan = await newest_plan(base, which)
        if plan is None:
            fail(f"{which} has no plan yet: `bjelle house import FILE`")
        async with base.read() as connection:
            names = await Names.load(connection, which)
        way = transports(given, base)[name]
        at = clock.now()
        mark = f"{at:%Y-%m-%dT%H:%M:%S.%f}"
        order = Order(f"{which}:proof:{name}:{mark}", which, "", name, 0, at)
        try:
            async with asyncio.timeout(TRY_S):
                receipt = await way.send(notice_of(order, empty(plan), names, given.public_url))
        except NotSent as error:
            return False, str(error)
        except TimeoutError:
            return False, f"no answer in {TRY_S:.0f} s"
        await Outbox(base).note_test(which, name, mark, at, receipt)
        return True, receipt
    finally:
        await base.close()


async def _standing(store: str | None, given: Settings) -> list[dict[str, Any]]:
    base = await opened(store)
    try:
        used = await _used(base)
        last, waiting = await Outbox(base).last_sent(), await Outbox(base).waiting()
    finally:
        await base.close()
    now = SystemClock().now()
    names = [*given.channels, *sorted(set(used) - set(given.channels))]
    rows: list[dict[str, Any]] = []
    for name in names:
        proofs = {house: at for (house, one), at in last.items() if one == name}
        ringing = used.get(name, [])
        if name in given.channels and given.channels[name].kind in BY_HOUSE and ringing:
            # Each house has telephones of its own, so that one's proof says nothing of another.
            rows += [_row(name, given, [h], proofs.get(h), waiting, now) for h in ringing]
        else:
            newest = max(proofs.values(), default=None)
            rows.append(_row(name, given, ringing, newest, waiting, now))
    return rows


async def _used(base: Database) -> dict[str, list[HouseId]]:
    found: dict[str, list[HouseId]] = {}
    for house in await houses(base):
        plan = await newest_plan(base, house)
        for name in used_by(plan) if plan is not None else ():
            found.setdefault(name, []).append(house)
    return found


def _row(
    name: str,
    given: Settings,
    used: list[HouseId],
    last: datetime | None,
    waiting: dict[str, int],
    now: datetime,
) -> dict[str, Any]:
    of = given.channels.get(name)
    age = None if last is None else now - last
    return {
        "name": name,
        "kind": of.kind if of else None,
        "configured": of is not None,
        "used_by": used,
        "last_proof": None if last is None else last.isoformat(),
        "age_s": None if age is None else round(age.total_seconds(), 1),
        "overdue": age is None or age > OVERDUE,
        "waiting": waiting.get(name, 0),
    }


def _line(one: dict[str, Any]) -> str:
    kind = one["kind"] or "NOT CONFIGURED"
    proof = one["last_proof"] or "never"
    late = "  OVERDUE" if one["overdue"] else ""
    used = ", ".join(one["used_by"]) or "no ladder"
    return f"{one['name']:<16}{kind:<16}last proof {proof}{late}  rung by {used}"
