"""MQTT out: retained while open, cleared when closed, offline when gone."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.mqtt_port import GmqttLink, Will
from hub.mqtt_publish import Publisher
from hub.settings import Settings
from routing.calls import CallState
from routing.effects import Because, Reason
from routing.ids import CallId, LadderId, RoomId, StaffId, UnitId
from routing.plan import CallType, Ladder, Plan, Priority, Room, Rung
from routing.state import Call, State
from tests.support.mosquitto import Mosquitto
from tests.support.ward import HOUSE, WITHIN_S, settings

pytestmark = pytest.mark.broker

NOW = datetime(2026, 11, 21, 2, 14, tzinfo=UTC)
ROOM = Room(RoomId("r-214"), UnitId("unit-2"), "214")
PLAN = Plan(HOUSE, 1, "Europe/Oslo", rooms={ROOM.id: ROOM})
LADDER = Ladder(LadderId("l"), (), Rung((), timedelta(seconds=30)))


def call(number: int = 1, **more: Any) -> Call:
    return Call(
        CallId(f"7-{number}"),
        CallType.PATIENT,
        Priority.URGENT,
        CallState.RINGING,
        NOW,
        LADDER,
        Because(Reason.HELP_PRESSED),
        room=ROOM.id,
        unit=ROOM.unit,
        **more,
    )


def state(*calls: Call) -> State:
    return State(PLAN, calls={one.id: one for one in calls})


class Board:
    """A corridor board: what the broker retains, as it changes."""

    def __init__(self) -> None:
        self.shown: dict[str, Any] = {}
        self.heard: list[tuple[str, str]] = []
        self._news = asyncio.Condition()

    async def watch(self, broker: Mosquitto) -> None:
        async with broker.client() as client:
            await client.subscribe("bjelle/#", qos=1)
            async for message in client.messages:
                topic, body = message.topic.value, bytes(message.payload).decode()
                self.heard.append((topic, body))
                if body:
                    self.shown[topic] = json.loads(body)
                else:
                    self.shown.pop(topic, None)
                async with self._news:
                    self._news.notify_all()

    async def shows(self, expected: dict[str, Any]) -> None:
        async with asyncio.timeout(WITHIN_S), self._news:
            await self._news.wait_for(lambda: self.shown == expected)


@asynccontextmanager
async def task(coroutine: Any) -> AsyncIterator[None]:
    running = asyncio.ensure_future(coroutine)
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


STATUS = f"bjelle/{HOUSE}/status"
CALL = f"bjelle/{HOUSE}/call/7-1"
ONLINE = {"state": "online"}
TOLD = {
    "id": "7-1",
    "type": "patient",
    "priority": 1,
    "state": "ringing",
    "room": "214",
    "unit": "unit-2",
    "opened_at": "2026-11-21T02:14:00+00:00",
    "owner": None,
    "practice": False,
}


async def test_a_call_is_told_while_it_is_open_and_cleared_when_it_closes(
    broker: Mosquitto, tmp_path: Path
) -> None:
    out, board = Publisher(settings(broker, tmp_path), HOUSE), Board()
    out.settled(HOUSE, state(), (), recorded=True)
    async with task(board.watch(broker)), task(out.run()):
        await board.shows({STATUS: ONLINE})
        out.settled(HOUSE, state(call()), (), recorded=True)
        await board.shows({STATUS: ONLINE, CALL: TOLD})
        taken = call(owner=StaffId("s-4"))
        taken = replace(taken, state=CallState.TAKEN)
        out.settled(HOUSE, state(taken), (), recorded=True)
        await board.shows({STATUS: ONLINE, CALL: TOLD | {"state": "taken", "owner": "s-4"}})
        closed = replace(taken, state=CallState.CLOSED)
        out.settled(HOUSE, state(closed), (), recorded=True)
        await board.shows({STATUS: ONLINE})


async def test_a_hub_that_stops_says_so_itself(broker: Mosquitto, tmp_path: Path) -> None:
    out, board = Publisher(settings(broker, tmp_path), HOUSE), Board()
    out.settled(HOUSE, state(), (), recorded=True)
    async with task(board.watch(broker)):
        async with task(out.run()):
            await board.shows({STATUS: ONLINE})
        await board.shows({STATUS: {"state": "offline"}})


async def test_a_hub_that_vanishes_is_said_to_be_offline_by_the_broker(
    broker: Mosquitto, tmp_path: Path
) -> None:
    links: list[GmqttLink] = []

    def noted(where: Settings, name: str, will: Will) -> GmqttLink:
        links.append(GmqttLink(where, name, will=will))
        return links[-1]

    out, board = Publisher(settings(broker, tmp_path), HOUSE, noted), Board()
    out.settled(HOUSE, state(), (), recorded=True)
    async with task(board.watch(broker)), task(out.run()):
        await board.shows({STATUS: ONLINE})
        links[0]._cut()
        await board.shows({STATUS: {"state": "offline"}})
        await board.shows({STATUS: ONLINE})
    assert len(links) == 2


async def test_calls_of_an_earlier_life_are_cleared_and_open_ones_stay(
    broker: Mosquitto, tmp_path: Path
) -> None:
    board = Board()
    async with broker.client() as old:
        for number in (1, 2, 3):
            topic = f"bjelle/{HOUSE}/call/7-{number}"
            await old.publish(topic, b'{"id":"old"}', 1, retain=True)
    out = Publisher(settings(broker, tmp_path), HOUSE)
    out.settled(HOUSE, state(call()), (), recorded=True)
    async with task(board.watch(broker)), task(out.run()):
        await board.shows({STATUS: ONLINE, CALL: TOLD})


async def test_a_broker_that_forgot_everything_is_told_again(
    broker: Mosquitto, tmp_path: Path
) -> None:
    out = Publisher(settings(broker, tmp_path), HOUSE)
    out.settled(HOUSE, state(call()), (), recorded=True)
    async with task(out.run()):
        first = Board()
        async with task(first.watch(broker)):
            await first.shows({STATUS: ONLINE, CALL: TOLD})
        broker.stop()
        for file in (broker.folder / "data").iterdir():
            file.unlink()
        broker.start()
        second = Board()
        async with task(second.watch(broker)):
            await second.shows({STATUS: ONLINE, CALL: TOLD})


class Unanswered(GmqttLink):
    """A link whose broker has not even taken the call yet."""

    asked: asyncio.Event

    async def connect(self, receive: Any) -> bool:
        del receive
        self.asked.set()
        return await asyncio.Event().wait()


async def test_stopping_before_the_broker_has_answered_is_a_clean_end() -> None:
    """A hub that is stopped while it connects has nothing to say goodbye to."""
    asked = asyncio.Event()

    def link(where: Settings, name: str, will: Will | None) -> Unanswered:
        made = Unanswered(where, name, will=will)
        made.asked = asked
        return made

    publisher = Publisher(Settings(mqtt_tls=False), HOUSE, link)
    publisher.settled(HOUSE, state(), (), recorded=True)
    running = asyncio.ensure_future(publisher.run())
    async with asyncio.timeout(WITHIN_S):
        await asked.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
