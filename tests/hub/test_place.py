"""From sightings to a card: gathered, journaled when a room changes, never a reason to ring."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.core import Core
from hub.engine import Engine, Lane
from hub.replay import replay, verify_chain
from hub.store import tables
from hub.store.retention import prune
from hub.store.store import Store
from routing.events import Certainty, Placing, PlanAdopted, SignalReceived, TagsPlaced
from routing.ids import BridgeId, DeviceId, PatientId, RoomId, UnitId
from routing.plan import (
    Assignment,
    Basis,
    Bridge,
    Device,
    PlaceBasis,
    Plan,
    Purpose,
    Role,
    Room,
    RoomKind,
)
from routing.readings import DeviceClass, HelpPressed, HelpTrigger, Sighted
from routing.step import empty
from routing.whereabouts import of_patient
from tests.support.exchange import Exchange, exchange, small_plan
from tests.support.shell import engine_on, rows, running, until
from tests.support.stores import Place
from tests.support.toy import START, HandClock

PATIENT, WRIST = PatientId("p-1"), DeviceId("wrist")
LOUNGE = RoomId("lounge")
CONSENT = PlaceBasis(Basis.CONSENT, "journal", "nurse", date(2030, 1, 1))
HOME = "node-101"
AWAY = "node-lounge"


def walked_in(plan: Plan, *, consent: bool) -> Plan:
    """The small house with a lounge, and a receiver there and in the bedroom."""
    lounge = Room(LOUNGE, UnitId("nord"), "Dagligstue Nord", RoomKind.COMMON)
    ble = Bridge(BridgeId("ble"), "espresense", "espresense")
    nodes = {
        DeviceId(native): Device(
            DeviceId(native),
            ble.id,
            native,
            "ble/receiver",
            DeviceClass.INFRASTRUCTURE,
            expect_every=timedelta(minutes=10),
        )
        for native in (HOME, AWAY)
    }
    since = plan.stays[0].since
    stands = tuple(
        Assignment(DeviceId(node), Purpose.RECEIVER, since, room=room)
        for node, room in ((HOME, RoomId("r101")), (AWAY, LOUNGE))
    )
    stay = replace(plan.stays[0], place=CONSENT if consent else None)
    return replace(
        plan,
        version=plan.version + 1,
        rooms={**plan.rooms, lounge.id: lounge},
        bridges={**plan.bridges, ble.id: ble},
        devices={**plan.devices, **nodes},
        assignments=(*plan.assignments, *stands),
        stays=(stay,),
    )


class Walk:
    """A tag that walks past receivers, on a clock that the test turns."""

    def __init__(self, engine: Engine, clock: HandClock) -> None:
        self.engine = engine
        self.clock = clock
        self.heard = 0

    async def by(self, node: str, seconds: int, rssi: float = -60.0) -> None:
        """Be heard by a receiver twice a second for so long."""
        for n in range(2 * seconds):
            self.clock.at += timedelta(seconds=0.5)
            self.heard += 1
            reading = Sighted(node, rssi + n % 3)
            signal = SignalReceived(self.engine.next_signal(), WRIST, (reading,))
            await self.engine.submit(signal, Lane.BULK)

    async def press(self) -> None:
        reading = HelpPressed(HelpTrigger.PRESS)
        await self.engine.submit(
            SignalReceived(self.engine.next_signal(), WRIST, (reading,), key="press")
        )

    def room(self) -> str | None:
        found = of_patient(self.engine.state, PATIENT, self.clock.at)
        return None if found is None else found.room


async def walking(store: Store, clock: HandClock, *, consent: bool) -> tuple[Engine, Walk]:
    plan = walked_in(small_plan(clock), consent=consent)  # type: ignore[arg-type]
    engine = await engine_on(store, clock=clock, core=Core.shipped(), initial=empty(plan))
    return engine, Walk(engine, clock)


async def test_thousands_of_sightings_are_a_few_rows(store: Store) -> None:
    engine, walk = await walking(store, clock := HandClock(), consent=True)
    async with running(store, engine):
        await walk.by(HOME, 300)
        await walk.by(AWAY, 300)
        assert walk.room() == LOUNGE
        assert clock.at - engine.state.places[WRIST].seen_at <= timedelta(seconds=30)
        await until(lambda: not engine.unsettled)
        kinds = [row.kind for row in await rows(store, tables.journal)]
    assert walk.heard == 1200
    assert kinds.count("SignalReceived") == 1, "the first ever; the rest is gathered"
    assert kinds.count("TagsPlaced") <= 600 / 30 + 2
    assert len(kinds) <= 3 * 600 / 30, "bounded by the time, not by the sightings"


async def test_without_a_legal_basis_nothing_of_a_place_reaches_the_journal(
    store: Store,
) -> None:
    engine, walk = await walking(store, HandClock(), consent=False)
    async with running(store, engine):
        await walk.by(HOME, 60)
        await walk.by(AWAY, 60)
        await until(lambda: not engine.unsettled)
        journal = await rows(store, tables.journal)
    assert engine.state.places == {}
    assert walk.room() is None
    assert [row for row in journal if row.kind == "TagsPlaced"] == []


async def test_a_press_tells_where_the_person_is_now_and_then_follows_until_it_is_closed(
    store: Store,
) -> None:
    engine, walk = await walking(store, HandClock(), consent=False)
    async with running(store, engine):
        await walk.by(HOME, 20)
        await walk.by(AWAY, 60)
        await walk.press()
        await until(lambda: engine.state.places)
        assert walk.room() == LOUNGE
        await walk.by(HOME, 60)
        assert walk.room() == "r101"
        calls = engine.state.calls
        assert [call.pressed for call in calls.values() if call.pressed] == [1]


async def test_a_restart_knows_the_place_and_its_age(store: Store) -> None:
    engine, walk = await walking(store, clock := HandClock(), consent=True)
    async with running(store, engine, clean=False):
        await walk.by(HOME, 40)
        await walk.by(AWAY, 60)
        await until(lambda: not engine.unsettled)
        before = engine.state.places
    clock.at += timedelta(minutes=4)
    again = await engine_on(
        store, clock=clock, core=Core.shipped(), initial=empty(engine.state.plan)
    )
    assert again.state.places == before != {}
    found = of_patient(again.state, PATIENT, clock.at)
    assert found is not None
    assert (found.room, found.certainty) == (LOUNGE, Certainty.LIKELY)
    clock.at += timedelta(minutes=2)
    found = of_patient(again.state, PATIENT, clock.at)
    assert found is not None
    assert found.certainty is Certainty.UNKNOWN


async def test_a_receiver_that_hears_tags_is_alive_and_a_silent_one_is_a_fault(
    store: Store,
) -> None:
    engine, walk = await walking(store, clock := HandClock(), consent=False)
    async with running(store, engine):
        await walk.by(HOME, 1200)
        assert clock.at
        faults = [
            (call.fault, call.device) for call in engine.state.calls.values() if call.device
        ]
    assert faults == [("device_silent", AWAY)]


async def test_where_somebody_was_is_erased_after_three_days_and_a_replay_decides_the_same(
    store: Store, place: Place
) -> None:
    engine, walk = await walking(store, HandClock(), consent=True)
    async with running(store, engine):
        await walk.by(HOME, 40)
        await walk.press()
        await walk.by(AWAY, 60)
    before = [row for row in await rows(store, tables.journal) if row.kind == "TagsPlaced"]
    assert before
    assert all(row.payload for row in before)
    assert (await prune(store, START + timedelta(days=2)))["places"] == 0

    assert (await prune(store, START + timedelta(days=4)))["places"] == len(before)
    (replayed,) = await replay(place.url)
    assert (replayed.same, replayed.since_seq) == (True, 0), replayed
    assert (await verify_chain(place.url))[0].whole
    journal = await rows(store, tables.journal)
    assert [row.kind for row in journal if row.payload is None] == ["TagsPlaced"] * len(before)


# --- On the pages -----------------------------------------------------------------------------


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(tmp_path) as hub:
        yield hub


async def adopt(hub: Exchange, *, consent: bool) -> None:
    plan = walked_in(hub.state.plan, consent=consent)
    await hub.engine.submit(PlanAdopted(plan))


async def heard(hub: Exchange, room: str) -> None:
    placing = Placing(WRIST, RoomId(room), Certainty.CERTAIN, hub.clock.now())
    await hub.engine.submit(TagsPlaced((placing,)))


async def wards(hub: Exchange, role: Role) -> Any:
    client = await hub.console(role)
    answer = await client.get("/api/v1/patients?lang=nb")
    (patient,) = answer.json()["patients"]
    return patient["place"]


async def test_the_open_card_follows_who_walks_and_rings_once(hub: Exchange) -> None:
    await adopt(hub, consent=False)
    async with hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        await hub.press()
        card = await page.ringing()
        assert card.place is not None
        assert (card.place.room, card.place.look[0]) == (None, "rom 101")
        for room, words in (("r101", "rom 101"), ("lounge", "Dagligstue Nord")):
            await heard(hub, room)
            await page.until(
                lambda words=words: (place := page.shown[card.id].place) and place.room == words
            )
        place = page.shown[card.id].place
        assert place is not None
        assert place.certain_until is not None
        assert page.shown[card.id].room == card.room, "the room on the door stays"
        assert max(shown.ring for shown in page.shown.values()) == 1
        louder = [one for one in page.calls if one.ring and one.card.ring > 1]
        assert louder == []


async def test_the_ward_list_tells_a_place_by_right_and_need(hub: Exchange) -> None:
    await adopt(hub, consent=False)
    await heard(hub, "lounge")
    assert await wards(hub, Role.NURSE) is None, "no legal basis, and nobody calls"
    await adopt(hub, consent=True)
    await heard(hub, "lounge")
    told = await wards(hub, Role.CARER)
    assert (told["room"], told["look"]) == ("Dagligstue Nord", ["rom 101"])
    assert told["certain_until"] < told["known_until"]
    assert await wards(hub, Role.LEADER) is None, "a leader's figures need no place"
