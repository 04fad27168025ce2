"""Back to the patient: what a device can show is published, after the commit, once, in time."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hub.answers import Answers
from hub.mqtt_port import BrokerAway
from hub.settings import Settings
from routing.effects import Answer, AnswerKind, Because, Reason
from routing.ids import BridgeId, CallId, DeviceId, HouseId
from routing.plan import Bridge, Device, Plan
from routing.readings import DeviceClass
from routing.state import State
from tests.support.mosquitto import Mosquitto
from tests.support.shell import until
from tests.support.ward import settings

HOUSE = HouseId("small")
LAMP = "zigbee2mqtt/alarm-button-lamp"


def state(model: str) -> State:
    bridge = Bridge(BridgeId("z"), "zigbee2mqtt", "house/z2m")
    device = Device(DeviceId("panel"), bridge.id, "0x00be11e1", model, DeviceClass.ALARM)
    plan = Plan(
        HOUSE, 1, "Europe/Oslo", bridges={bridge.id: bridge}, devices={device.id: device}
    )
    return State(plan)


def told(kind: AnswerKind = AnswerKind.RECEIVED) -> tuple[Answer]:
    return (Answer(CallId("1-1"), DeviceId("panel"), kind, Because(Reason.HELP_PRESSED)),)


@pytest.mark.broker
async def test_the_lamp_says_received_and_then_coming(
    broker: Mosquitto, tmp_path: Path
) -> None:
    answers = Answers(settings(broker, tmp_path))
    heard: list[tuple[str, Any]] = []
    async with broker.client() as bridge, asyncio.TaskGroup() as tasks:
        await bridge.subscribe("house/z2m/+/set", qos=1)
        sending = tasks.create_task(answers.run())
        answers.settled(HOUSE, state(LAMP), told(), recorded=True)
        answers.settled(HOUSE, state(LAMP), told(AnswerKind.COMING), recorded=True)
        answers.settled(HOUSE, state("zigbee2mqtt/alarm-button"), told(), recorded=True)
        async for message in bridge.messages:
            heard.append((message.topic.value, json.loads(bytes(message.payload))))
            if len(heard) == 2:
                break
        await until(lambda: answers.counted["sent"] == 2)
        sending.cancel()
    topic = "house/z2m/0x00be11e1/set"
    assert heard == [(topic, {"state": "ON"}), (topic, {"state": "ON", "effect": "blink"})]
    assert answers.counted == {"sent": 2, "no_way": 1}


class Away:
    """A link to a broker that is away the first time."""

    def __init__(self, sent: list[str], away: list[str]) -> None:
        self._sent, self._away = sent, away

    @property
    def lost(self) -> asyncio.Future[str]:
        return asyncio.get_running_loop().create_future()

    async def connect(self, receive: Any) -> bool:
        del receive
        if self._away:
            raise BrokerAway(self._away.pop())
        return False

    async def subscribe(
        self, add: Sequence[str] = (), drop: Sequence[str] = (), *, retained: bool = False
    ) -> None:
        raise NotImplementedError

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> None:
        del payload, qos, retain
        self._sent.append(topic)

    async def close(self) -> None:
        return


async def test_a_fresh_answer_waits_for_the_broker() -> None:
    sent: list[str] = []
    away = ["away"]
    answers = Answers(Settings(), link=lambda _settings, _name: Away(sent, away))
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(answers.run())
        answers.settled(HOUSE, state(LAMP), told(), recorded=True)
        await until(lambda: answers.counted["sent"] == 1)
        sending.cancel()
    assert sent == ["house/z2m/0x00be11e1/set"]


async def test_a_stale_answer_is_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.answers.FRESH_S", -1.0)
    sent: list[str] = []
    answers = Answers(Settings(), link=lambda _settings, _name: Away(sent, []))
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(answers.run())
        answers.settled(HOUSE, state(LAMP), told(), recorded=True)
        await until(lambda: answers.counted["failed"] == 1)
        sending.cancel()
    assert sent == []
