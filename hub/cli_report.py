"""`bjelle report`, `bjelle why`, `bjelle ledger`: figures and explanations, from the store."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import select

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
)
from hub.clock import SystemClock
from hub.house_store import Reads, newest_plan
from hub.ledger import Day, balance, local_day
from hub.names import Names
from hub.quality import By, Figures, Group, as_json, call_json, response_times
from hub.records import decode_because, decode_plan
from hub.rule_sentences import length
from hub.sentence_texts import MOVES, PRIORITIES, Lang
from hub.sentences import place, sentence, who_was_considered
from hub.store import tables
from hub.why import who_rang, why_signal, why_staff
from routing.effects import Move
from routing.ids import HouseId, StaffId
from routing.plan import Plan

report = typer.Typer(name="report", help="Figures for quality work.", no_args_is_help=True)

NOTHING = "–"
"""Not reached, or nothing to say."""


@report.callback()
def _group() -> None:
    """Figures for quality work: units and hours, never a person."""


@report.command("response-times")
def response_times_(
    by: Annotated[
        str | None, typer.Option("--by", help="Group by unit, priority or day.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="First local day, as 2026-11-01. Default: 7 days ago.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Last local day. Default: today.")] = None,
    calls: Annotated[
        bool, typer.Option("--calls", help="With --json: each call's times too, no persons.")
    ] = False,
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Median, p90 and share within target of registered to taken. Open calls count as open."""
    if by not in {None, "unit", "priority", "day"}:
        fail(f"--by {by}: expected unit, priority or day")
    found, names = run(_figures(store, house, by, since, until))  # type: ignore[arg-type]
    unit = names.unit if by == "unit" else str
    if json:
        listed = {"calls": [call_json(call) for call in found.calls]} if calls else {}
        print_json(as_json(found, unit) | listed)
    else:
        _print_figures(found, names)


def why(
    call: Annotated[str | None, typer.Argument(help="The call's id, as 3-17.")] = None,
    staff: Annotated[
        str | None, typer.Option("--staff", help="Why did this person get it, or not?")
    ] = None,
    signal: Annotated[
        str | None, typer.Option("--signal", help="Why was this signal no call?")
    ] = None,
    lang: Annotated[str, typer.Option(help="nb or en.")] = "nb",
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Tell a call's story, why somebody got it or did not, or what became of a signal."""
    if lang not in {"nb", "en"}:
        fail(f"--lang {lang}: expected nb or en")
    if (call is None) is (signal is None):
        fail("give a call's id, or --signal with a signal's id")
    if staff is not None and call is None:
        fail("--staff goes with a call's id")
    if signal is not None or staff is not None:
        told = run(_why(store, house, call, staff, signal, lang))  # type: ignore[arg-type]
        if json:
            print_json(told)
        else:
            print(told["answer"])
            for one in told["chain"]:
                print(f"{one['at'][:19]}Z  {one['what']}: {one['sentence']}")
        return
    story = run(_story(store, house, str(call), lang))  # type: ignore[arg-type]
    if json:
        print_json(story)
    else:
        _print_story(story)


def _print_story(story: dict[str, Any]) -> None:
    print(story["title"])
    if story["answer"]:
        print(story["answer"])
    for event in story["events"]:
        who = f" ({event['by']})" if event["by"] else ""
        print(f"{event['clock']}  {event['word']}{who}: {event['sentence']}")
        for line in event["considered"]:
            print(f"          {line}")


def ledger(
    day: Annotated[
        str | None, typer.Option(help="The local day, as 2026-11-21. Default: today.")
    ] = None,
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Add up where every signal of a day went. Exit code 1: it does not balance to zero."""
    found = run(_ledger(store, house, day))
    if json:
        print_json(_ledger_json(found))
    else:
        _print_ledger(found)
    if not found.balances:
        raise typer.Exit(NO)


# --- Response times -------------------------------------------------------------------------


async def _figures(
    store: str | None, house: str | None, by: By | None, since: str | None, until: str | None
) -> tuple[Figures, Names]:
    base = await opened(store)
    try:
        which = await one_house(base, house)
        now = SystemClock().now()
        zone = await _zone(base, which)
        last = _day(until, "--until") or now.astimezone(zone).date()
        first = _day(since, "--since") or last - timedelta(days=6)
        if first > last:
            fail(f"--since {first} is after --until {last}")
        found = await response_times(
            base,
            which,
            since=local_day(first, zone)[0],
            until=local_day(last, zone)[1],
            by=by,
            now=now,
        )
        async with base.read() as connection:
            return found, await Names.load(connection, which)
    finally:
        await base.close()


def _day(text: str | None, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{option} {text}: expected a date like 2026-11-21")


async def _zone(base: Reads, house: HouseId) -> ZoneInfo:
    plan = await newest_plan(base, house)
    return ZoneInfo(plan.timezone if plan else "UTC")


def _print_figures(found: Figures, names: Names) -> None:
    house = names.house(found.house)
    print(f"{house}: response times {found.since:%Y-%m-%d} to {_last_day(found):%Y-%m-%d}")
    if not found.whole.calls:
        print("No calls in this time.")
        return
    heads = ("", "calls", "open", "median", "p90", "within", "arrival", "delivered")
    lines = [heads, *(_row(group, found, names) for group in found.groups)]
    lines.append(_row(found.whole, found, names))
    widths = [max(len(line[n]) for line in lines) for n in range(len(heads))]
    for line in lines:
        cells = [text.rjust(width) for text, width in zip(line, widths, strict=True)]
        print("  ".join([line[0].ljust(widths[0]), *cells[1:]]).rstrip())
    print(
        "Response: registered to taken. "
        "Arrival: median to present. Delivered: p90 to first ring."
    )
    print(
        f"{NOTHING}: not reached, too many are still waiting. * fewer than 5 calls. "
        f"{found.technical} technical calls beside; practice left out."
    )


def _last_day(found: Figures) -> datetime:
    return found.until - timedelta(seconds=1)


def _row(group: Group, found: Figures, names: Names) -> tuple[str, ...]:
    key = names.unit(group.key) if found.by == "unit" and group.key else group.key
    label = "all" if group is found.whole else key or "no unit"
    return (
        label + ("*" if group.calls < 5 else ""),
        str(group.calls),
        str(group.open),
        _wait(group.response.median),
        _wait(group.response.p90),
        NOTHING if group.share_within is None else f"{group.share_within:.0%}",
        _wait(group.arrival.median),
        _wait(group.delivered.p90),
    )


def _wait(span: timedelta | None) -> str:
    return NOTHING if span is None else length(span, "en", short=True)


# --- Why ------------------------------------------------------------------------------------


async def _story(store: str | None, house: str | None, call: str, lang: Lang) -> dict[str, Any]:
    base = await opened(store)
    try:
        which = await one_house(base, house)
        calls, events = tables.calls.c, tables.call_events.c
        async with base.read() as connection:
            head = await connection.execute(
                select(tables.calls).where(calls.house == which, calls.id == call)
            )
            row = head.first()
            if row is None:
                fail(f"no call '{call}' in {which}: ids look like 3-17, see GET /api/v1/calls")
            found = await connection.execute(
                select(tables.call_events)
                .where(events.house == which, events.call == call)
                .order_by(events.seq, events.n)
            )
            names = await Names.load(connection, which)
            moves = list(found)
        plan = await _plan_then(base, which, row.opened_at)
        async with base.read() as connection:
            answer = await connection.run_sync(who_rang, which, call, (lang, names, plan))
        return {
            "call": call,
            "type": row.type,
            "state": row.state,
            "title": _title(row, plan, lang),
            "answer": answer,
            "events": [_event(one, row, plan, names, lang) for one in moves],
        }
    finally:
        await base.close()


async def _why(
    store: str | None,
    house: str | None,
    call: str | None,
    staff: str | None,
    signal: str | None,
    lang: Lang,
) -> dict[str, Any]:
    base = await opened(store)
    try:
        which = await one_house(base, house)
        at = await _when(base, which, call, signal)
        if at is None and call is not None:
            fail(f"no call '{call}' in {which}: ids look like 3-17, see GET /api/v1/calls")
        if at is None:
            fail(f"no signal '{signal}' in {which}; gathered signs of life have no id")
        plan = await _plan_then(base, which, at)
        async with base.read() as connection:
            names = await Names.load(connection, which)
            known = (lang, names, plan)
            if call is None:
                found = await connection.run_sync(why_signal, which, str(signal), known)
                assert found is not None
                return found
            if staff is None or staff not in plan.staff:
                fail(f"no member of staff '{staff}' then; {', '.join(plan.staff)}")
            return await connection.run_sync(why_staff, which, call, StaffId(staff), known)
    finally:
        await base.close()


async def _when(
    base: Reads, house: HouseId, call: str | None, signal: str | None
) -> datetime | None:
    """Return when the call was opened, or the signal booked; None where there is none."""
    calls, books = tables.calls.c, tables.ledger.c
    of_call = select(calls.opened_at).where(calls.house == house, calls.id == call)
    of_signal = select(books.at).where(books.house == house, books.signal == signal)
    async with base.read() as connection:
        return await connection.scalar(of_signal if call is None else of_call)


async def _plan_then(base: Reads, house: HouseId, at: datetime) -> Plan:
    """Return the plan that held when the call was opened: rules may have changed since."""
    plans = tables.plans.c
    async with base.read() as connection:
        text = await connection.scalar(
            select(plans.plan)
            .where(plans.house == house, plans.at <= at)
            .order_by(plans.version.desc())
            .limit(1)
        )
    return (
        decode_plan(text) if text else await newest_plan(base, house) or Plan(house, 0, "UTC")
    )


def _title(row: Any, plan: Plan, lang: Lang) -> str:
    n = 0 if lang == "nb" else 1
    opened_at = row.opened_at.astimezone(ZoneInfo(plan.timezone))
    where = place(row.room, lang, plan) or ("ukjent sted", "unknown place")[n]
    practice = (" (øvelse)", " (practice)")[n] if row.practice else ""
    word = PRIORITIES[row.priority][n]
    title = f"{('Anrop', 'Call')[n]} {row.id}{practice}, {where}, {word}"
    return f"{title}, {opened_at:%Y-%m-%d %H:%M:%S}"


def _event(one: Any, call: Any, plan: Plan, names: Names, lang: Lang) -> dict[str, Any]:
    because = decode_because(one.because)
    known = {"room": call.room, "device": call.device, "staff": one.staff}
    local = one.at.astimezone(ZoneInfo(plan.timezone))
    return {
        "at": one.at.astimezone(UTC).isoformat(),
        "clock": f"{local:%H:%M:%S}",
        "move": one.move,
        "word": MOVES[Move(one.move)][0 if lang == "nb" else 1],
        "reason": one.reason,
        "sentence": sentence(because, lang, names, plan, **known),
        "by": names.staff(one.staff) if one.staff else "",
        "handset": one.handset,
        "rule": because.rule,
        "rule_version": because.rule_version,
        "facts": dict(because.facts),
        "considered": who_was_considered(because, lang, names),
    }


# --- Ledger ---------------------------------------------------------------------------------


async def _ledger(store: str | None, house: str | None, day: str | None) -> Day:
    base = await opened(store)
    try:
        which = await one_house(base, house)
        zone = await _zone(base, which)
        chosen = _day(day, "--day") or SystemClock().now().astimezone(zone).date()
        return await balance(base, which, *local_day(chosen, zone))
    finally:
        await base.close()


def _ledger_json(found: Day) -> dict[str, Any]:
    told = asdict(found) | {"difference": found.difference, "balances": found.balances}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in told.items()
    }


def _print_ledger(found: Day) -> None:
    print(f"{found.house}, {found.since:%Y-%m-%d}")
    print(f"{'received':<14}{found.received:>10}")
    for to, count in found.booked.items():
        print(f"  {to:<12}{count:>10}")
    print(f"{'difference':<14}{found.difference:>10}")
    for what, signals in (
        ("received and never booked", found.unbooked),
        ("booked more than once", found.twice),
        ("booked and never received", found.invented),
    ):
        if signals:
            more = f" and {len(signals) - 10} more" if len(signals) > 10 else ""
            print(f"{what}: {', '.join(signals[:10])}{more}")
    if found.gathered_difference:
        print(f"gathered signs of life: {found.gathered_difference} received and not booked")
    print("balances" if found.balances else "DOES NOT BALANCE: tell those who make Bjelle")
