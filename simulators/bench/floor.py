"""The bare hub: same broker, client library, commit and socket as ours, and none of our logic.

Every message becomes two durable rows by group commit (SQLAlchemy Core, WAL, FULL, one writer
thread); a press is pushed at once to the telephones of its house; every frame a telephone sends
is a durable row and, if it is an operation, answered after its commit. PUBACK after the commit.
What ours costs above this is what deciding, explaining and remembering cost.

Run as `python -m simulators.bench.floor --database FILE --mqtt-port N --port N`.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import queue
import threading
from collections import defaultdict
from dataclasses import dataclass, field

import orjson
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from gmqtt import Client
from gmqtt.mqtt.constants import MQTTv50

METADATA = sa.MetaData()
RECEIVED = sa.Table(
    "received",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("topic", sa.Text),
    sa.Column("payload", sa.LargeBinary),
)
DECIDED = sa.Table(
    "decided",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("decision", sa.LargeBinary),
)
PRESS = "/press-"
"""Topics of devices that call for help hold this word in the benchmark's houses."""


class Writer(threading.Thread):
    """One thread, one connection, one transaction for all that has arrived meanwhile."""

    def __init__(self, database: str, loop: asyncio.AbstractEventLoop) -> None:
        """Open `database`; results are handed back to `loop`."""
        super().__init__(daemon=True)
        self._engine = sa.create_engine(f"sqlite:///{database}")
        with self._engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
            METADATA.create_all(connection)
        self._loop = loop
        self._inbox: queue.SimpleQueue[tuple[str, bytes, asyncio.Future[None]]] = (
            queue.SimpleQueue()
        )
        self._seq = itertools.count(1)

    def append(self, topic: str, payload: bytes) -> asyncio.Future[None]:
        """Queue one event; the future is done when its rows are durable."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._inbox.put((topic, payload, done))
        return done

    def run(self) -> None:
        """Commit groups for as long as the process lives."""
        received, decided = sa.insert(RECEIVED), sa.insert(DECIDED)
        with self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=FULL")
            connection.commit()
            while True:
                group = [self._inbox.get()]
                with contextlib.suppress(queue.Empty):
                    while len(group) < 1000:
                        group.append(self._inbox.get_nowait())
                numbered = [(next(self._seq), *item) for item in group]
                with connection.begin():
                    connection.execute(
                        received,
                        [{"seq": n, "topic": t, "payload": p} for n, t, p, _ in numbered],
                    )
                    connection.execute(
                        decided, [{"seq": n, "decision": b"{}"} for n, _, _, _ in numbered]
                    )
                self._loop.call_soon_threadsafe(_finish, [item[2] for item in group])


def _finish(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


@dataclass
class Floor:
    """The bare hub's whole state: sockets by house, and how much was handled."""

    writer: Writer
    sockets: dict[str, list[WebSocket]] = field(default_factory=lambda: defaultdict(list))
    handled: int = 0

    async def on_message(
        self, client: object, topic: str, payload: bytes, qos: int, properties: object
    ) -> int:
        """Push a press, make two rows, and only then let the acknowledgement go."""
        del client, qos, properties
        done = self.writer.append(topic, payload)
        if PRESS in topic:
            house, room = topic.split("/", 1)[0], topic.rsplit(PRESS, 1)[1]
            frame = orjson.dumps(
                {
                    "t": "call",
                    "n": self.handled,
                    "ring": True,
                    "card": {"id": f"{house}-{room}", "room": {"number": room}},
                }
            ).decode()
            for socket in self.sockets[house]:
                await socket.send_text(frame)
        await done
        self.handled += 1
        return 0

    async def telephone(self, socket: WebSocket, house: str) -> None:
        """Serve one telephone: each frame a durable row, each operation an answer."""
        await socket.accept()
        self.sockets[house].append(socket)
        try:
            while True:
                text = await socket.receive_text()
                frame = orjson.loads(text)
                if frame["t"] == "alive":
                    continue  # a sign of life is no row with us either
                await self.writer.append("frame", text.encode())
                if frame["t"] == "op":
                    answer = {"t": "answer", "op": frame["op"], "ok": True}
                    await socket.send_text(orjson.dumps(answer).decode())
        except WebSocketDisconnect:
            self.sockets[house].remove(socket)


async def beat(floor: Floor, every_s: float) -> None:
    """Send each telephone a heartbeat, as ours does, with nothing in it."""
    for number in itertools.count(1):
        await asyncio.sleep(every_s)
        text = orjson.dumps({"t": "heartbeat", "n": 0, "beat": number}).decode()
        for socket in [one for sockets in floor.sockets.values() for one in sockets]:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await socket.send_text(text)


async def run(database: str, mqtt_port: int, port: int, heartbeat_s: float = 0) -> None:
    """Run until killed."""
    floor = Floor(Writer(database, asyncio.get_running_loop()))
    floor.writer.start()
    client = Client(
        "floor",
        clean_session=False,
        optimistic_acknowledgement=False,
        receive_maximum=1000,
        session_expiry_interval=3600,
    )
    if username := os.environ.get("FLOOR_USERNAME"):
        client.set_auth_credentials(username, os.environ["FLOOR_PASSWORD"])
    client.on_message = floor.on_message
    client.on_connect = lambda c, *_: c.subscribe("#", qos=1)
    await client.connect("127.0.0.1", mqtt_port, version=MQTTv50)
    app = FastAPI()

    @app.websocket("/telephone/{house}")
    async def telephone(socket: WebSocket, house: str) -> None:
        await floor.telephone(socket, house)

    @app.get("/handled")
    async def handled() -> int:
        return floor.handled

    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", ws="websockets-sansio"
    )
    async with asyncio.TaskGroup() as tasks:
        if heartbeat_s:
            tasks.create_task(beat(floor, heartbeat_s))
        await uvicorn.Server(config).serve()


def main() -> None:
    """Read the arguments and run on uvloop, as ours does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--mqtt-port", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--heartbeat", type=float, default=0.0)
    given = parser.parse_args()
    import uvloop

    uvloop.run(run(given.database, given.mqtt_port, given.port, given.heartbeat))


if __name__ == "__main__":
    main()
