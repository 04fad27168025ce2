"""`bjelle replay`: the journal decided again, as it was or with something supposed."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from hub.cli_door import (
    NO,
    HouseOption,
    JsonOption,
    StoreOption,
    fail,
    must_exist,
    one_house,
    opened,
    print_json,
    run,
)
from hub.core import Core
from hub.house_store import newest_plan
from hub.names import Names
from hub.replay import Replayed, begin_at
from hub.replay import replay as replay_journal
from hub.replay_supposed import NotSupposed, Supposed, supposed
from hub.replay_told import as_json, lines
from hub.replay_what_if import what_if
from hub.replay_worlds import WhatIf
from hub.sentence_texts import Lang
from hub.store.journal import rows_after
from routing.ids import HouseId


def replay(
    suppose: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            metavar="WHAT",
            help="Suppose delay=60s, on-duty=STAFF[,45s] or rule=FILE; may be given again.",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="With --what-if: from this moment, with its zone.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="With --what-if: up to this moment, with its zone.")
    ] = None,
    lang: Annotated[str, typer.Option(help="With --what-if: nb or en.")] = "nb",
    store: StoreOption = None,
    house: HouseOption = None,
    json: JsonOption = False,
) -> None:
    """Decide the whole journal again. Exit code 1 where this program decides otherwise.

    With --what-if the journal is lived twice, as it was and as supposed: the first difference,
    the calls and the response times of both. What people answered after the first difference is
    not known for the supposed world: it is marked assumed. Changes nothing.
    """
    if lang not in {"nb", "en"}:
        fail(f"--lang {lang}: expected nb or en")
    if suppose:
        said: Lang = "nb" if lang == "nb" else "en"
        _what_if(tuple(suppose), since, until, store, house, lang=said, json=json)
        return
    if since is not None or until is not None:
        fail("--since and --until belong to --what-if: a replay is of the whole journal")
    chosen = HouseId(house) if house else None
    found = run(replay_journal(must_exist(store), chosen))
    if json:
        print_json([_replayed(one) for one in found])
    else:
        for one in found:
            print(_replay_line(one))
        if not found:
            print("the journal is empty: nothing to replay")
    if not all(one.same for one in found):
        raise typer.Exit(NO)


def _what_if(
    suppose: tuple[str, ...],
    since: str | None,
    until: str | None,
    store: str | None,
    house: str | None,
    *,
    lang: Lang,
    json: bool,
) -> None:
    began, ended = _moment("since", since), _moment("until", until)
    found, names = run(_found(suppose, began, ended, store, house))
    if json:
        print_json(as_json(found, names, lang))
    else:
        print("\n".join(lines(found, names, lang)))


async def _found(
    suppose: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    store: str | None,
    house: str | None,
) -> tuple[WhatIf, Names]:
    base = await opened(store)
    try:
        which = await one_house(base, house)
        plan = await newest_plan(base, which)
        assert plan is not None
        async with base.read() as connection:
            names = await Names.load(connection, which)
        given = supposed(suppose, plan, names)

        def work(connection: Connection) -> WhatIf:
            return _lived(connection, which, given, since, until)

        async with base.read() as connection:
            return await connection.run_sync(work), names
    except (NotSupposed, LookupError) as error:
        fail(str(error))
    finally:
        await base.close()


def _lived(
    connection: Connection,
    house: HouseId,
    given: Supposed,
    since: datetime | None,
    until: datetime | None,
) -> WhatIf:
    seq, at, state = begin_at(connection, house, since)
    return what_if(
        given,
        state,
        rows_after(connection, house, seq),
        Core.shipped(),
        since=at if since is None else max(since, at),
        until=until,
    )


def _moment(name: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--{name} {text}: expected a moment like 2026-11-21T22:00+01:00")
    if at.tzinfo is None:
        fail(f"--{name} {text}: has no zone: write an offset, as in {text}+01:00")
    return at


def _replayed(one: Replayed) -> dict[str, Any]:
    return {
        "house": one.house,
        "since_seq": one.since_seq,
        "rows": one.rows,
        "same": one.same,
        "differences": one.differences,
        "first": asdict(one.first) if one.first else None,
    }


def _replay_line(one: Replayed) -> str:
    if one.same:
        return f"{one.house}: {one.rows} rows decided again, all the same"
    assert one.first is not None
    first = f"row {one.first.seq} ({one.first.kind}, {one.first.at}): {one.first.what}"
    return f"{one.house}: {one.differences} of {one.rows} rows decide otherwise, first {first}"
