"""The shipped broker keeps what it must keep, before a hub comes into it."""

import asyncio
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support.mosquitto import Mosquitto

pytestmark = pytest.mark.broker


def kept_session() -> dict[str, Any]:
    expiry = Properties(PacketTypes.CONNECT)
    expiry.SessionExpiryInterval = 3600
    return {"clean_start": False, "properties": expiry}


async def next_payloads(client: aiomqtt.Client, count: int) -> list[bytes]:
    got: list[bytes] = []
    async with asyncio.timeout(20):
        async for message in client.messages:
            got.append(bytes(message.payload))
            if len(got) == count:
                break
    return got


async def test_nobody_gets_in_without_a_password(broker: Mosquitto) -> None:
    with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori[sz]ed"):
        async with aiomqtt.Client(broker.host, broker.port):
            pass


async def test_tls_is_spoken_with_our_own_authority(tls_broker: Mosquitto) -> None:
    async with tls_broker.client() as tester:
        await tester.subscribe("house/x")
        await tester.publish("house/x", b"1", qos=1)
        assert await next_payloads(tester, 1) == [b"1"]


@pytest.mark.parametrize("ending", ["stop", "kill"])
async def test_what_was_queued_for_an_absent_hub_survives_the_broker(
    broker: Mosquitto, ending: str
) -> None:
    """A killed broker keeps what it has written, which it does every second or two."""
    async with broker.client("absent", **kept_session()) as hub:
        await hub.subscribe("house/#", qos=1)
    async with broker.client() as bridge:
        for n in range(50):
            await bridge.publish(f"house/{n}", f"payload-{n}".encode(), qos=n % 2)
    if ending == "kill":
        await written(broker.folder / "data" / "mosquitto.db", b"payload-49")
    getattr(broker, ending)()
    broker.start()
    async with broker.client("absent", **kept_session()) as hub:
        got = await next_payloads(hub, 50)
    assert got == [f"payload-{n}".encode() for n in range(50)]


async def written(file: Path, what: bytes) -> None:
    async with asyncio.timeout(20):
        while not (file.exists() and what in file.read_bytes()):  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.05)
