"""Back to the patient: what a device can show is published, after the commit, once, in time."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from devices.catalogue import Catalogue, model_of
from hub.answers import Answers
from hub.broker_acl import acl, users
from hub.mqtt_port import BrokerAway
from hub.settings import Settings
from routing.effects import Answer, AnswerKind, Because, Reason
from routing.ids import BridgeId, CallId, DeviceId, HouseId
from routing.plan import Bridge, Device, Plan
from routing.readings import DeviceClass
from routing.state import State
from tests.support.mosquitto import Mosquitto, running
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


def downlinks() -> Catalogue:
    """A LoRaWAN model that can show «received»."""
    described = {
        "version": 1,
        "class": "comfort",
        "source": "a test",
        "answer": {"received": {"downlink": {"port": 85, "hex": "ff01"}}},
    }
    return {"test/lora": model_of("test/lora", described, {}, "test")}


def lorawan(ecosystem: str, base: str) -> State:
    bridge = Bridge(BridgeId("l"), ecosystem, base)
    device = Device(DeviceId("panel"), bridge.id, "24e1", "test/lora", DeviceClass.ALARM)
    plan = Plan(
        HOUSE, 1, "Europe/Oslo", bridges={bridge.id: bridge}, devices={device.id: device}
    )
    return State(plan)


CHIRP = "application/a1/device/24e1"
STACK = "v3/care@ttn/devices/knapp"


def ticket_of(asked: dict[str, Any]) -> dict[str, Any]:
    """What the server says again in its receipts."""
    downlink = asked["downlinks"][0] if "downlinks" in asked else asked
    return {
        "queueItemId": asked.get("id"),
        "correlation_ids": downlink.get("correlation_ids"),
    }


@pytest.mark.broker
@pytest.mark.parametrize(
    ("ecosystem", "base", "heard_on", "command", "receipts"),
    [
        (
            "chirpstack",
            "application",
            f"{CHIRP}/event/up",
            f"{CHIRP}/command/down",
            [
                (f"{CHIRP}/event/txack", {}),
                (f"{CHIRP}/event/ack", {"acknowledged": True}),
            ],
        ),
        (
            "thethingsstack",
            "v3/care@ttn",
            f"{STACK}/up",
            f"{STACK}/down/push",
            [(f"{STACK}/down/sent", {}), (f"{STACK}/down/ack", {})],
        ),
    ],
)
async def test_a_downlink_goes_where_the_device_was_heard_and_its_receipts_are_counted(
    tmp_path: Path,
    ecosystem: str,
    base: str,
    heard_on: str,
    command: str,
    receipts: list[tuple[str, dict[str, Any]]],
) -> None:
    plan = lorawan(ecosystem, base).plan
    rights = acl(users(plan)) + "\nuser tester\ntopic readwrite #\n"
    with running(tmp_path / "mosquitto", acl=rights) as broker:
        answers = Answers(settings(broker, tmp_path), downlinks())
        answers.heard_on = {(HOUSE, DeviceId("panel")): heard_on}
        async with broker.client() as server, asyncio.TaskGroup() as tasks:
            await server.subscribe(command, qos=1)
            sending = tasks.create_task(answers.run())
            heard = aiter(server.messages)

            answers.settled(HOUSE, lorawan(ecosystem, base), told(), recorded=True)
            ids = ticket_of(json.loads(bytes((await anext(heard)).payload)))
            await server.publish(receipts[0][0], json.dumps({"queueItemId": "another's"}))
            for topic, more in receipts:
                await server.publish(topic, json.dumps({**ids, **more}), qos=1)
            await until(lambda: answers.counted["acknowledged"] == 1)

            # The second waits for its receipts on the same topics; the device takes it not.
            answers.settled(HOUSE, lorawan(ecosystem, base), told(), recorded=True)
            ids = ticket_of(json.loads(bytes((await anext(heard)).payload)))
            failed = receipts[1][0].replace("/down/ack", "/down/failed")
            await server.publish(failed, json.dumps({**ids, "acknowledged": False}), qos=1)
            await until(lambda: answers.counted["unacknowledged"] == 1)
            sending.cancel()
    counted = {"sent": 2, "transmitted": 1, "acknowledged": 1, "unacknowledged": 1}
    assert answers.counted == counted


async def test_a_lorawan_device_that_was_never_heard_cannot_be_told() -> None:
    answers = Answers(Settings(), downlinks())
    answers.settled(HOUSE, lorawan("chirpstack", "application"), told(), recorded=True)
    assert answers.counted == {"no_way": 1}


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
        del add, drop, retained
        raise BrokerAway("the broker does not let us read there")

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


async def test_an_answer_whose_receipts_are_refused_is_sent_all_the_same() -> None:
    sent: list[str] = []
    answers = Answers(Settings(), downlinks(), link=lambda _s, _n: Away(sent, []))
    answers.heard_on = {(HOUSE, DeviceId("panel")): f"{CHIRP}/event/up"}
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(answers.run())
        answers.settled(HOUSE, lorawan("chirpstack", "application"), told(), recorded=True)
        await until(lambda: answers.counted["sent"] == 1)
        sending.cancel()
    assert sent == [f"{CHIRP}/command/down"]


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
