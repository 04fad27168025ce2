"""Who may not be on a telephone any more is off duty, and sees nobody's name."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from hub.api import sessions
from hub.api.frames import Action, ByeReason
from hub.api.shut_out import shut_out, turn_out
from hub.store import tables
from routing.calls import CallState
from routing.ids import HandsetId, StaffId
from tests.support.exchange import HOUSE, Exchange, exchange

ONE = HandsetId("phone-1")


async def look(hub: Exchange) -> None:
    """What the hub does every few seconds, twice; the command line's changes are read first."""
    await hub.accounts.load()
    seen = await turn_out(hub.app.state.hub, ())
    await turn_out(hub.app.state.hub, seen)


async def close_account(hub: Exchange) -> None:
    """`bjelle user disable carer-1`."""
    accounts, own = tables.accounts, tables.sessions.c.staff == "carer-1"
    mine = accounts.c.staff == "carer-1"
    await hub.store.write(
        update(accounts).where(mine).values(disabled=True), delete(tables.sessions).where(own)
    )


async def lose_telephone(hub: Exchange) -> None:
    """`bjelle handset revoke phone-1`."""
    keys = tables.handset_keys
    own = keys.c.handset == "phone-1"
    await hub.store.write(update(keys).where(own).values(revoked_at=hub.clock.now()))


async def restore_without_sessions(hub: Exchange) -> None:
    """A backup holds no sessions."""
    await hub.store.write(delete(tables.sessions))


@pytest.mark.parametrize("shut", [close_account, lose_telephone, restore_without_sessions])
async def test_an_open_line_ends_and_the_call_that_was_owned_there_comes_back(
    tmp_path: Path, shut: Callable[[Exchange], Awaitable[None]]
) -> None:
    async with exchange(tmp_path) as hub:
        client = await hub.signed_in("phone-1", "carer-1")
        async with hub.on_line(client) as page:
            await hub.ready(1)
            await hub.press()
            card = await page.ringing()
            assert (await page.done(Action.TAKE, card.id)).ok
            await shut(hub)
            await look(hub)
            await page.until(lambda: page.closed)
        assert page.bye is not None
        assert page.bye.reason is ByeReason.SIGNED_OUT
        assert hub.state.handsets[ONE].staff is None
        (call,) = [one for one in hub.state.calls.values() if one.id == card.id]
        assert (call.state, call.owner) == (CallState.RINGING, None)
        assert hub.accounts.on_telephone(HOUSE, ONE) == ()


async def test_who_may_be_there_stays(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub:
        client = await hub.signed_in("phone-1", "carer-1")
        async with hub.on_line(client) as page:
            await look(hub)
            assert shut_out(hub.app.state.hub) == ()
            assert hub.state.handsets[ONE].staff == "carer-1"
            assert not page.closed


async def test_somebody_signing_in_at_that_moment_is_left_alone(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub:
        await hub.signed_in("phone-1", "carer-1")
        await restore_without_sessions(hub)
        await hub.accounts.load()
        seen = await turn_out(hub.app.state.hub, ())
        assert seen == ((HOUSE, ONE, StaffId("carer-1")),)
        assert hub.state.handsets[ONE].staff == "carer-1"
        await hub.signed_in("phone-1", "carer-1")
        await turn_out(hub.app.state.hub, seen)
        assert hub.state.handsets[ONE].staff == "carer-1"


async def test_another_telephone_in_its_place_ends_the_line_of_the_first(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub:
        client = await hub.signed_in("phone-1", "carer-1")
        async with hub.on_line(client) as stolen:
            await hub.enrolled("phone-1")
            await stolen.until(lambda: stolen.closed)
        assert hub.state.handsets[ONE].staff is None


async def test_a_session_is_extended_before_it_is_over(tmp_path: Path) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1"):
        (session,) = hub.accounts.on_telephone(HOUSE, ONE)
        soon = replace(session, expires_at=hub.clock.now() + timedelta(seconds=8))
        hub.accounts._known.sessions[session.token_hash] = soon
        assert hub.accounts.over() == ()
        assert hub.accounts.over(soon=2 * sessions.OVER_LOOK) == (soon,)
        await sessions.end_shift(hub.app.state.hub, soon)  # the last one of the unit
        assert hub.accounts.over(soon=2 * sessions.OVER_LOOK) == ()


async def test_a_session_that_is_nearly_over_is_not_ended_before(tmp_path: Path) -> None:
    async with (
        exchange(tmp_path) as hub,
        hub.page("phone-2", "carer-2"),
        hub.page("phone-1", "carer-1") as page,
    ):
        (session,) = hub.accounts.on_telephone(HOUSE, ONE)
        soon = replace(session, expires_at=hub.clock.now() + timedelta(seconds=60))
        hub.accounts._known.sessions[session.token_hash] = soon
        await sessions.end_shift(hub.app.state.hub, soon)
        assert hub.state.handsets[ONE].staff == "carer-1"
        assert not page.closed


async def test_a_session_whose_row_was_written_and_not_answered_keeps_nothing_from_being_read(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub:
        await hub.signed_in("phone-1", "carer-1")
        (session,) = hub.accounts.on_telephone(HOUSE, ONE)
        hub.accounts._unsaved[session.token_hash] = session
        await hub.accounts._save_missed()
        assert not hub.accounts._unsaved
        later = insert(tables.enrol_codes).values(
            code_hash="x", house=HOUSE, handset="phone-2", expires_at=hub.clock.now()
        )
        await hub.store.write(later)
        await hub.accounts.load()
        assert "x" in hub.accounts._known.codes
        assert hub.accounts.on_telephone(HOUSE, ONE) == (session,)
