"""The ways out: ntfy, SMS and e-mail by Apprise, an MQTT topic for other systems, Web Push.

None of their receipts says that a person saw it: ntfy's is an id at the ntfy server, Apprise's
that the provider took it, MQTT's the broker's PUBACK (whether anybody listens is not said).
"""

import asyncio
import contextlib
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import quote, urlsplit

import httpx
import orjson

from hub.channel_notice import Notice, NotSent, Transport
from hub.channel_outbox import Transacts
from hub.clock import SystemClock
from hub.mqtt_port import BrokerAway, GmqttLink, Received
from hub.push_channel import Subscriptions, WebPush
from hub.settings import ChannelSettings, Settings
from hub.web_push import Vapid

TRY_S = 15.0
"""One try; the lease of a row is longer, so that nobody tries it at the same time."""
VAPID_FILE = "vapid.pem"
"""In the data folder, readable by the hub only; another key would end every subscription."""
LOUD, QUIET = 5, 2
"""ntfy's own scale: 5 rings until it is seen, 2 lies in the list without a sound."""
TAKES_HEADERS = ("json", "jsons", "form", "forms", "xml", "xmls", "mailto", "mailtos")
"""Apprise's addresses that pass a header on, so that the receiver can tell a repetition."""


class WrongChannel(ValueError):  # noqa: N818 - a state of affairs, told to a person
    """A channel of the settings cannot be used; the text names the field."""


class Ntfy:
    """A self-hosted ntfy server: the telephone's app keeps its own connection to it."""

    kind = "ntfy"

    def __init__(self, name: str, address: str, token: str = "") -> None:
        """`address` is the server with the topic: https://ntfy.house.example/bjelle-duty."""
        parts = urlsplit(address)
        topic = parts.path.strip("/")
        if parts.scheme not in {"http", "https"} or not parts.hostname or "/" in topic:
            raise WrongChannel(_expected(name, "https://SERVER/TOPIC"))
        if not topic:
            raise WrongChannel(_expected(name, "https://SERVER/TOPIC, with a topic"))
        self._topic = topic
        self._server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        user = (parts.username or "", parts.password or "")
        self._auth = httpx.BasicAuth(*user) if parts.username else None

    async def send(self, notice: Notice) -> str:
        """Publish; ntfy 2.16 and newer replaces a notice that comes again with the same key."""
        body: dict[str, object] = {
            "topic": self._topic,
            "title": notice.title,
            "message": notice.text,
            "priority": QUIET if notice.priority is None else LOUD,
            "sequence_id": notice.key,
        }
        if notice.link:
            body["click"] = notice.link
        # A new connection for each: a notice is rare, and an old connection is often dead.
        try:
            async with httpx.AsyncClient(timeout=TRY_S / 2, auth=self._auth) as client:
                answer = await client.post(
                    self._server,
                    content=orjson.dumps(body),
                    headers={
                        **self._headers,
                        "Content-Type": "application/json",
                        "X-Sequence-ID": notice.key,
                    },
                )
        except httpx.HTTPError as error:
            raise NotSent(
                f"ntfy does not answer ({type(error).__name__}): is it up?"
            ) from error
        return _ntfy_receipt(answer)


def _ntfy_receipt(answer: httpx.Response) -> str:
    if answer.status_code in {401, 403}:
        raise NotSent(f"ntfy refuses us ({answer.status_code}): see its token", refused=True)
    if answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
        raise NotSent(f"ntfy refuses the notice ({answer.status_code})", refused=True)
    if not answer.is_success:
        raise NotSent(f"ntfy answered {answer.status_code}")
    try:
        return f"ntfy {orjson.loads(answer.content)['id']}"
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise NotSent("what answers there is no ntfy: see the address", refused=True) from error


class ByApprise:
    """SMS, e-mail, or whatever else Apprise carries, by its address."""

    def __init__(self, name: str, kind: str, address: str) -> None:
        """`address` is Apprise's, as twilio://…, mailtos://… or json://…."""
        self._apprise, known = _apprise(address)
        if not known:
            raise WrongChannel(_expected(name, "an address that Apprise knows, as mailtos://…"))
        self.kind = kind
        self._address = address

    async def send(self, notice: Notice) -> str:
        """Hand it to the provider, in a thread: Apprise blocks."""
        return await asyncio.to_thread(self._send, notice)

    def _send(self, notice: Notice) -> str:
        target = self._apprise.Apprise()
        target.add(self._addressed(notice))
        text = notice.text if not notice.link else f"{notice.text}\n{notice.link}"
        result = target.notify(
            title=notice.title,
            body=text,
            body_format="text",
            timeout=TRY_S - 2,
        )
        if not result:
            # Its own words stand in the log, without passwords; ours are seen by everybody.
            raise NotSent(f"the {self.kind} provider did not take it: see address and account")
        return f"{self.kind} taken by the provider"

    def _addressed(self, notice: Notice) -> str:
        scheme = self._address.partition("://")[0]
        if scheme not in TAKES_HEADERS:
            return self._address
        joint = "&" if "?" in self._address else "?"
        return f"{self._address}{joint}%2BX-Bjelle-Id={quote(notice.key)}"


def _apprise(address: str) -> tuple[Any, bool]:
    """Import Apprise, and tell whether it knows the address.

    Late: it reads a hundred plugins, and a house without SMS needs none.
    """
    with warnings.catch_warnings():
        # Its 2.2 looks for imghdr, which Python 3.11 calls deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        return apprise, bool(apprise.Apprise.instantiate(address))


class ByMqtt:
    """`bjelle/<house>/channel/<name>`: lamps, DECT gateways, third-party telephones."""

    kind = "mqtt"

    def __init__(self, name: str, settings: Settings) -> None:
        """Publish at the hub's own broker."""
        self._name = name
        self._settings = settings

    async def send(self, notice: Notice) -> str:
        """Publish at QoS 1, not retained: a listener that comes later must not ring."""
        link = GmqttLink(self._settings, f"channel-{self._name}-{notice.key[:12]}")
        body = {
            "id": notice.key,
            "call": notice.call or None,
            "priority": notice.priority,
            "room": notice.room or None,
            "title": notice.title,
            "text": notice.text,
            "at": notice.at.isoformat(),
            "test": notice.priority is None and not notice.call,
        }
        topic = f"bjelle/{notice.house}/channel/{self._name}"
        try:
            await link.connect(_nothing)
            await link.publish(topic, orjson.dumps(body), qos=1)
        except BrokerAway as away:
            raise NotSent(str(away), refused=away.refused) from away
        finally:
            with contextlib.suppress(BrokerAway):
                await link.close()
        return f"mqtt PUBACK {topic}"


async def _nothing(message: Received) -> None:
    del message  # a channel only speaks


def transports(
    settings: Settings, place: Transacts | None = None, *, hub: bool = False
) -> Mapping[str, Transport]:
    """Return the ways of the settings, by the names that ladders use.

    `place` is where subscriptions stand; without it they are only checked. Only the `hub` makes
    the key of Web Push: a command beside it may run as another user.

    Raises:
        WrongChannel: one of them cannot work; the text names the field.
    """
    keys = Vapid.made if hub else _if_there
    return {n: _transport(n, of, settings, place, keys) for n, of in settings.channels.items()}


def _if_there(file: Path) -> Vapid | None:
    return Vapid.kept(file) if file.exists() else None


def _transport(
    name: str,
    of: ChannelSettings,
    settings: Settings,
    place: Transacts | None,
    keys: Callable[[Path], Vapid | None],
) -> Transport:
    address = of.url.get_secret_value()
    match of.kind:
        case "ntfy":
            return Ntfy(name, address, of.token.get_secret_value())
        case "sms" | "email":
            return ByApprise(name, of.kind, address)
        case "mqtt":
            return ByMqtt(name, settings)
        case "webpush":
            return _web_push(name, address, settings, place, keys)
        case _:
            assert_never(of.kind)


def _web_push(
    name: str,
    contact: str,
    settings: Settings,
    place: Transacts | None,
    keys: Callable[[Path], Vapid | None],
) -> Transport:
    if not contact.startswith(("mailto:", "https://")):
        raise WrongChannel(_expected(name, "whom to write to, as mailto:NAME@HOUSE"))
    try:
        vapid = keys(settings.data_dir / VAPID_FILE)
    except (OSError, ValueError) as error:
        raise WrongChannel(f"channels.{name}: its key cannot be used: {error}") from error
    return WebPush(vapid, Subscriptions(place) if place else None, contact, SystemClock().now)


def _expected(name: str, expected: str) -> str:
    # Never the value: it holds a password.
    return f"channels.{name}.url: expected {expected} (bjelle.toml, or BJELLE_CHANNELS)"
