"""`bjelle coverage`: where nobody competent would hear a call, on a house file or the store."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import desc, select

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
from hub.cli_hub import Refused, RunningHub, read_password
from hub.clock import SystemClock
from hub.coverage_text import gap_line
from hub.house import HouseFileError, load
from hub.house_store import newest_plan
from hub.names import Names
from hub.records import decode_state
from hub.rule_sentences import length
from hub.store import tables
from routing.coverage import Coverage
from routing.coverage import coverage as ask
from routing.events import HandsetState
from routing.ids import HandsetId, StaffId
from routing.plan import Plan
from routing.state import HandsetNow, State
from routing.step import empty


def coverage(
    file: Annotated[
        Path | None, typer.Argument(help="A house file. Default: the store's last snapshot.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Local moment, 2026-11-21T02:30. Default: now.")
    ] = None,
    on_duty: Annotated[
        str | None,
        typer.Option(help="Ids of those imagined signed in, a,b,c. With a file: everybody."),
    ] = None,
    login: Annotated[
        str | None,
        typer.Option(
            help="Ask the running hub, for this moment, as this person: a nurse, technician or "
            "leader. The password is asked for, or read from stdin."
        ),
    ] = None,
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Ask for every bed and call type whether somebody would hear. Exit code 1: a gap.

    With a file those on duty are imagined, each with a telephone that is ready. Without one the
    people are those of the last snapshot, which a running hub writes now and then: it says of
    when that is, and whether a hub runs here, which --login asks.
    """
    if login is not None:
        if file is not None or at is not None or on_duty is not None:
            fail("--login asks the hub as it is now: leave FILE, --at and --on-duty out")
        _of_the_hub(login, store, json=json)
        return
    if file is not None:
        try:
            read = load(file)
        except HouseFileError as error:
            fail(str(error))
        state, names, stands = empty(read.plan(1)), Names(read.names()), None
        duty = on_duty.split(",") if on_duty else [str(one) for one in state.plan.staff]
    else:
        state, names, taken = run(_stored(store, house))
        stands = _Stands(taken, SystemClock().now(), _hub_here(store))
        duty = on_duty.split(",") if on_duty else []
    found = ask(_with_duty(state, duty), _moment(state.plan, at))
    if json:
        print_json(_as_json(found, state.plan, names) | ({} if stands is None else stands.json))
    else:
        for line in () if stands is None else stands.lines(ZoneInfo(state.plan.timezone)):
            print(line)
        _print(found, state.plan, names)
    if found.gaps:
        raise typer.Exit(NO)


def _of_the_hub(login: str, store: str | None, *, json: bool) -> None:
    try:
        found = RunningHub(settings(store)).signed_in(
            login, read_password(login), lambda hub: hub.ask("GET", "/api/v1/coverage")
        )
    except Refused as error:
        fail(f"not asked: {error}")
    if json:
        print_json(found)
    else:
        gaps = found["gaps"]
        print(f"{found['beds']} beds, {found['pairs']} questions, {len(gaps)} gaps, now.")
        for gap in gaps:
            print(f"  {gap['text']}{'' if gap['occupied'] else ' (empty bed)'}")
    if found["gaps"]:
        raise typer.Exit(NO)


@dataclass(frozen=True, slots=True)
class _Stands:
    """Of when the stored people and telephones are, and who knows better."""

    taken: datetime | None
    """When the snapshot was taken; None: the store has a plan and no snapshot."""
    now: datetime
    hub: str
    """The address of the hub that runs here, empty if none does."""

    @property
    def json(self) -> dict[str, Any]:
        """What a script is told."""
        age = None if self.taken is None else (self.now - self.taken).total_seconds()
        taken = None if self.taken is None else self.taken.isoformat()
        return {"snapshot_at": taken, "snapshot_age_s": age, "hub": self.hub or None}

    def lines(self, zone: ZoneInfo) -> list[str]:
        """What a person is told."""
        if self.taken is None:
            said = "No snapshot yet: nobody is known to be signed in (--on-duty imagines them)."
        else:
            age = self.now - self.taken
            exact = _SECOND if age < _SOME_MINUTES else _MINUTE
            ago = length(max(age // exact, 1) * exact, "en", short=True)
            at = f"{self.taken.astimezone(zone):%Y-%m-%d %H:%M:%S}"
            said = f"As of the store's last snapshot, {at}, {ago} ago."
        if not self.hub:
            return [said]
        asks = "`bjelle coverage --login NAME` asks it how it is now."
        return [said, f"A hub runs at {self.hub}: {asks}"]


_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_SOME_MINUTES = timedelta(minutes=5)


def _hub_here(store: str | None) -> str:
    hub = RunningHub(settings(store))
    return hub.where if hub.answers else ""


async def _stored(store: str | None, house: str | None) -> tuple[State, Names, datetime | None]:
    base = await opened(store)
    try:
        asked = await one_house(base, house)
        snapshots = tables.snapshot
        async with base.read() as connection:
            newest = select(snapshots.c.state, snapshots.c.at).where(snapshots.c.house == asked)
            row = (await connection.execute(newest.order_by(desc(snapshots.c.seq)))).first()
            names = await Names.load(connection, asked)
        plan = await newest_plan(base, asked)
        state = decode_state(row[0]) if row else empty(plan) if plan else None
        if state is None:
            fail(f"{asked} has no plan yet: `bjelle house import FILE` first")
        return state, names, row[1] if row else None
    finally:
        await base.close()


def _with_duty(state: State, duty: list[str]) -> State:
    unknown = [one for one in duty if one not in state.plan.staff]
    if unknown:
        fail(f"nobody '{unknown[0]}' works in this house")
    if not duty:
        return state
    ready = {
        HandsetId(f"of-{one}"): HandsetNow(HandsetState.READY, staff=StaffId(one))
        for one in duty
    }
    return replace(state, handsets=ready)


def _moment(plan: Plan, at: str | None) -> datetime:
    if at is None:
        return SystemClock().now()
    try:
        return (
            datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(plan.timezone)).astimezone(UTC)
        )
    except ValueError:
        fail(f"--at {at}: expected a local moment like 2026-11-21T02:30")


def _as_json(found: Coverage, plan: Plan, names: Names) -> dict[str, Any]:
    return {
        "at": found.at.isoformat(),
        "beds": found.beds,
        "pairs": found.pairs,
        "gaps": [
            {
                "unit": gap.unit,
                "room": gap.room,
                "bed": gap.bed,
                "occupied": gap.patient is not None,
                "call_type": gap.call_type,
                "ladder": gap.ladder,
                "missing": gap.missing,
                "reason": gap.reason,
                "text": gap_line(gap, plan, names, "nb"),
            }
            for gap in found.gaps
        ],
    }


def _print(found: Coverage, plan: Plan, names: Names) -> None:
    print(f"{found.beds} beds, {found.pairs} questions, {len(found.gaps)} gaps.")
    for gap in found.gaps:
        empty_bed = "" if gap.patient is not None else " (empty bed)"
        print(f"  {gap_line(gap, plan, names, 'nb')}{empty_bed}")
    units = Counter(names.unit(gap.unit) for gap in found.gaps)
    for unit, count in units.items():
        print(f"{unit}: {count}")
