"""The small port behind which the MQTT library stands: one connection, from CONNECT to its end.

gmqtt 0.8 is used because it sends the PUBACK when our coroutine returns, which is after our
commit (`optimistic_acknowledgement=False`). Three of its ways are kept out, each a lost press
waiting to happen:

* It reconnects by itself and then sends old acknowledgements on the new connection, where the
  broker may have given the same packet id to another message. Here a connection is used once: a
  late acknowledgement finds a closed socket, and the broker delivers again.
* A callback that raises leaves its message unacknowledged for ever, until the receive maximum
  is used up. Here it ends the connection; after a pause the broker delivers again.
* `connect` waits for ever for a broker that accepts and says nothing. Here it has a limit.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from gmqtt import Client, Message, Subscription
from gmqtt.mqtt.constants import MQTTv50
from gmqtt.mqtt.handler import MQTTConnectError
from gmqtt.storage import PersistentStorage

from hub.settings import Settings

CONNECT_WITHIN_S = 10.0
ANSWER_WITHIN_S = 20.0
"""SUBACK and PUBACK; a broker slower than this is treated as gone."""
KEEPALIVE_S = 15
"""A dead connection is noticed within twice this."""
FILTERS_A_PACKET = 100
BULK = "bulk"
"""The session that gets its own, small receive maximum."""
T = TypeVar("T")
_NEVER = -2
"""gmqtt reads -1 as «for ever» and 0 as «once»."""

logging.getLogger("gmqtt").setLevel(logging.CRITICAL)  # we say it once, in our own words


@dataclass(frozen=True, slots=True)
class Received:
    """One PUBLISH from the broker. `dup` is not trusted (DEVICES D4)."""

    topic: str
    payload: bytes
    qos: int
    retained: bool = False
    dup: bool = False
    packet: int = 0
    """The broker's packet id: a redelivery in the same session has the same. 0 at QoS 0."""


Receive = Callable[[Received], Awaitable[None]]
"""Takes one message. When it returns, the broker is told that we have it."""


class BrokerAway(Exception):  # noqa: N818 (a state of affairs, as in the design)
    """The broker cannot be reached or was lost; the text says what to do if it is not passing.

    `refused`: the broker answered and does not want us; trying again alone will not help.
    """

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we are gone without a word."""

    topic: str
    payload: bytes


FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""A broker that is back is found within this."""


class Pauses:
    """Growing pauses between attempts, jittered so that many hubs do not come at once."""

    def __init__(self) -> None:
        """Start with a short one."""
        self._next_s = FIRST_PAUSE_S

    def reset(self) -> None:
        """It worked: the next trouble starts with a short pause."""
        self._next_s = FIRST_PAUSE_S

    async def pause(self) -> None:
        """Wait half to the whole of the present pause, and let the next be longer."""
        await asyncio.sleep(self._next_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
        self._next_s = min(self._next_s * 2, LONGEST_PAUSE_S)


class Link(Protocol):
    """One connection to the broker. Never used twice."""

    @property
    def lost(self) -> asyncio.Future[str]:
        """Done, with the reason, when the connection is gone."""
        ...

    async def connect(self, receive: Receive) -> bool:
        """Connect and return whether the broker kept our session. Raises `BrokerAway`."""
        ...

    async def subscribe(
        self, add: Sequence[str] = (), drop: Sequence[str] = (), *, retained: bool = False
    ) -> None:
        """Subscribe at QoS 1 and unsubscribe; return when the broker has acknowledged.

        `retained`: send what is retained again, also for a filter that was there before.
        """
        ...

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> None:
        """Publish; at QoS 1 return when the broker has it. Raises `BrokerAway`."""
        ...

    async def close(self) -> None:
        """Say goodbye (the last will is not published).

        What is still being taken in goes on, without acknowledgement.
        """
        ...


class GmqttLink:
    """A `Link` over gmqtt."""

    def __init__(self, settings: Settings, name: str, *, will: Will | None = None) -> None:
        """Prepare session `<client id>-<name>`; one with a `will` remembers nothing."""
        self._settings = settings
        self.client_id = f"{settings.mqtt_client_id}-{name}"
        # What is in flight has been read: the alarm lane's socket comes behind it.
        self._in_flight = (
            settings.mqtt_bulk_receive_maximum
            if name == BULK
            else settings.mqtt_receive_maximum
        )
        self._sent = PersistentStorage()
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting: dict[int, asyncio.Future[Sequence[int]]] = {}
        self._session_present = False
        self._receive: Receive | None = None
        # A will belongs to a publisher: it keeps its own list and needs no session.
        self._client = Client(
            self.client_id,
            clean_session=will is not None,
            optimistic_acknowledgement=False,
            will_message=will and Message(will.topic, will.payload, qos=1, retain=True),
            persistent_storage=self._sent,
            **self._properties(keep=will is None),
        )
        self._client.set_config({"reconnect_retries": _NEVER, "reconnect_delay": 0})
        if settings.mqtt_username:
            self._client.set_auth_credentials(
                settings.mqtt_username, settings.mqtt_password.get_secret_value()
            )
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_acknowledged
        self._client.on_unsubscribe = self._on_acknowledged
        self._tell_packet_ids()

    def _tell_packet_ids(self) -> None:
        """Let messages carry their packet id, which gmqtt keeps to itself."""
        handler: Any = self._client._package_handler  # noqa: SLF001 - no public way
        plain = handler._handle_qos_1_publish_packet  # noqa: SLF001

        def telling(mid: int, packet: bytes, topic: str, properties: dict[str, Any]) -> None:
            properties["packet"] = mid
            plain(mid, packet, topic, properties)

        handler._handle_qos_1_publish_packet = telling  # noqa: SLF001

    def _properties(self, *, keep: bool) -> dict[str, int]:
        if self._settings.mqtt_version < MQTTv50:
            return {}
        return {
            "receive_maximum": self._in_flight,
            # Without it the session would die with the connection.
            "session_expiry_interval": self._settings.mqtt_session_expiry_s if keep else 0,
        }

    @property
    def lost(self) -> asyncio.Future[str]:
        """Done, with the reason, when the connection is gone."""
        return self._lost

    # --- the four methods ---------------------------------------------------------------------

    async def connect(self, receive: Receive) -> bool:
        """Connect and return whether the broker kept our session."""
        self._receive = receive
        connecting = asyncio.ensure_future(self._connect())
        try:
            await asyncio.wait(
                {connecting, self._lost},
                timeout=CONNECT_WITHIN_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not connecting.done():
                self._must_live()
                raise BrokerAway(self._silent())
            connecting.result()
        except MQTTConnectError as error:
            raise self._refused(error) from error
        except (OSError, ssl.SSLError) as error:
            raise self._unreachable(error) from error
        finally:
            connecting.cancel()
        return self._session_present

    async def subscribe(
        self, add: Sequence[str] = (), drop: Sequence[str] = (), *, retained: bool = False
    ) -> None:
        """Subscribe at QoS 1 and unsubscribe; return when the broker has acknowledged."""
        # 1: only where the filter is new to the session, else every reconnect replays it all.
        # MQTT 3.1.1 has no such wish, and its brokers refuse the bits.
        handling = 0 if retained or self._settings.mqtt_version < MQTTv50 else 1
        for some in _chunks(add):
            wanted = [Subscription(f, qos=1, retain_handling_options=handling) for f in some]
            codes = await self._answer(lambda wanted=wanted: self._client.subscribe(wanted))
            denied = [f for f, code in zip(some, codes, strict=False) if code >= 0x80]
            if denied:
                raise BrokerAway(
                    f"the broker lets {self._settings.mqtt_username or 'nobody'!r} not read "
                    f"{', '.join(denied[:3])}: make its rights again with `bjelle broker acl`",
                    refused=True,
                )
        for some in _chunks(drop):
            await self._answer(lambda some=some: self._client.unsubscribe(list(some)))

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> None:
        """Publish; at QoS 1 return when the broker has it."""
        self._must_live()
        self._client.publish(topic, payload, qos=qos, retain=retain)
        if qos:
            await self._before_lost(self._sent.wait_empty())

    async def close(self) -> None:
        """Say goodbye; what is still being taken in goes on, without acknowledgement."""
        self._fail("closed")
        try:
            async with asyncio.timeout(1.0):
                await self._client.disconnect()
        except (TimeoutError, OSError):
            self._cut()

    # --- what gmqtt tells ---------------------------------------------------------------------

    def _on_connect(self, _client: Client, flags: int, _code: int, _properties: Any) -> None:
        self._session_present = bool(flags)

    async def _on_message(
        self, _client: Client, topic: str, payload: bytes, qos: int, properties: dict[str, Any]
    ) -> int:
        assert self._receive is not None
        message = Received(
            topic,
            payload,
            qos,
            bool(properties["retain"]),
            bool(properties["dup"]),
            properties.get("packet", 0),
        )
        try:
            await self._receive(message)
        except asyncio.CancelledError:
            self._cut()  # what follows us must not be taken for an acknowledgement
        except Exception:
            logging.getLogger(__name__).exception("a message could not be taken in")
            self._cut()
            self._fail("a message could not be taken in: it stays with the broker")
        return 0

    def _on_disconnect(self, _client: Client, packet: object, *_: object) -> None:
        self._fail(_why_gone(packet, self.client_id))

    def _on_acknowledged(self, _client: Client, mid: int, codes: Any, *_: object) -> None:
        waiting = self._waiting.pop(mid, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(tuple(codes) if isinstance(codes, (tuple, list)) else ())

    # --- details ------------------------------------------------------------------------------

    async def _connect(self) -> None:
        settings = self._settings
        await self._client.connect(
            settings.mqtt_host,
            settings.mqtt_port,
            ssl=cast("bool", _tls(settings)),  # asyncio takes a context too; gmqtt passes it on
            keepalive=KEEPALIVE_S,
            version=settings.mqtt_version,
        )

    async def _answer(self, ask: Callable[[], int]) -> Sequence[int]:
        self._must_live()
        answer: asyncio.Future[Sequence[int]] = asyncio.get_running_loop().create_future()
        self._waiting[ask()] = answer
        return await self._before_lost(answer)

    async def _before_lost(self, awaited: Awaitable[T]) -> T:
        """Wait for the broker's answer, no longer than the connection lives."""
        answer = asyncio.ensure_future(awaited)
        try:
            await asyncio.wait(
                {answer, self._lost},
                timeout=ANSWER_WITHIN_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if answer.done():
                return answer.result()
        finally:
            answer.cancel()
        self._must_live()
        raise BrokerAway(self._silent())

    def _must_live(self) -> None:
        if self._lost.done():
            raise BrokerAway(self._lost.result())

    def _fail(self, why: str) -> None:
        if not self._lost.done():
            self._lost.set_result(why)

    def _cut(self) -> None:
        """Close the socket at once: nothing that is written from now on leaves."""
        connection = self._client._connection  # noqa: SLF001 - gmqtt has no public way
        if connection is not None:
            connection._transport.close()  # noqa: SLF001

    def _where(self) -> str:
        return f"{self._settings.mqtt_host}:{self._settings.mqtt_port}"

    def _silent(self) -> str:
        return (
            f"the broker at {self._where()} accepts connections and says nothing: see its log"
        )

    def _unreachable(self, error: Exception) -> BrokerAway:
        if isinstance(error, ssl.SSLCertVerificationError):
            return BrokerAway(
                f"the broker at {self._where()} shows a certificate that we do not trust "
                f"({error.verify_message}): set BJELLE_MQTT_CA to its authority, and "
                "BJELLE_MQTT_HOST to a name that stands in it",
                refused=True,
            )
        return BrokerAway(f"no broker at {self._where()} ({error}): is it running?")

    def _refused(self, error: MQTTConnectError) -> BrokerAway:
        return BrokerAway(
            f"the broker at {self._where()} refuses user {self._settings.mqtt_username!r} "
            f"({error.message}): set BJELLE_MQTT_USERNAME and BJELLE_MQTT_PASSWORD as in its "
            "password file (`bjelle broker acl` makes both)",
            refused=True,
        )


def _tls(settings: Settings) -> ssl.SSLContext | bool:
    if not settings.mqtt_tls:
        return False
    try:
        return ssl.create_default_context(cafile=settings.mqtt_ca)
    except OSError as error:
        raise BrokerAway(
            f"BJELLE_MQTT_CA is {settings.mqtt_ca} and cannot be read ({error}): "
            "give the certificate of the broker's authority",
            refused=True,
        ) from error


def _why_gone(packet: object, client_id: str) -> str:
    match packet:
        case bytes() if packet[:1] == b"\x8e":
            return f"somebody else connected as {client_id}: run one hub for each client id"
        case bytes() if packet[:1]:
            return f"the broker ended the connection (reason {packet[0]:#x})"
        case _:
            return "the connection was lost"


def _chunks(filters: Sequence[str]) -> list[Sequence[str]]:
    size = FILTERS_A_PACKET
    return [filters[start : start + size] for start in range(0, len(filters), size)]
