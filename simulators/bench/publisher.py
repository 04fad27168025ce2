"""Publishes the benchmark's traffic, open loop, in a process of its own.

Messages are made before the clock starts. Each has its scheduled moment; one that is late is
sent at once and its lateness counts: latency is taken from the schedule, not from the sending.
Run as `python -m simulators.bench.publisher …`; prints one JSON line when done.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time

from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv50
from gmqtt.storage import PersistentStorage

from routing.plan import Plan
from simulators.bench.houses import Traffic, plan_of
from simulators.payloads import retained

UNACKNOWLEDGED = 256
"""In flight at most where the rate has no limit: the broker grants 1,000, and gmqtt raises."""
UNPACED = 100_000


async def _connect(port: int, username: str, password: str, sent: PersistentStorage) -> Client:
    client = Client("bench-publisher", clean_session=True, persistent_storage=sent)
    if username:
        client.set_auth_credentials(username, password)
    await client.connect("127.0.0.1", port, version=MQTTv50)
    return client


async def announce(client: Client, plans: list[Plan]) -> None:
    """Publish what a broker holds retained: bridges online, devices with their exposes."""
    for plan in plans:
        for _, message in retained(plan):
            if "/bridge/" in message.topic:
                client.publish(message.topic, message.payload, qos=1, retain=True)
    await asyncio.sleep(1)


async def run(given: argparse.Namespace) -> None:
    """Announce, wait for the start, publish on schedule."""
    plans = [plan_of(index) for index in range(given.houses)]
    sent = PersistentStorage()
    client = await _connect(given.port, given.username, given.password, sent)
    if given.announce:
        await announce(client, plans)
        await client.disconnect()
        return
    traffic = Traffic(plans, rate=given.rate, seed=given.seed)
    stream = traffic.messages()
    if given.only_motion:
        stream = (message for message in stream if message.kind == "motion")
    messages = list(itertools.islice(stream, given.count))
    print("ready", flush=True)
    start = float((await asyncio.to_thread(sys.stdin.readline)).strip())
    late = 0.0
    for n, message in enumerate(messages):
        ahead = start + message.at - time.monotonic()
        if ahead > 0:
            await asyncio.sleep(ahead)
        elif n % UNACKNOWLEDGED == 0:
            await (sent.wait_empty() if given.rate > UNPACED else asyncio.sleep(0))
        late = max(late, -ahead)
        client.publish(message.topic, message.payload, qos=1)
    await sent.wait_empty()
    await client.disconnect()
    print(json.dumps({"sent": len(messages), "latest_ms": round(late * 1000, 1)}), flush=True)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--username", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--houses", type=int, default=40)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--announce", action="store_true")
    parser.add_argument("--only-motion", action="store_true")
    import uvloop

    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
