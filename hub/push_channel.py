"""Web Push, the last rung to a telephone: whose page sleeps is knocked on from outside.

It goes through the browser maker's push service, takes seconds to minutes, and is a sign
without room or name. One knock for each telephone where somebody is signed in. A push service
that says 404 or 410 has ended the subscription: it is never used again, the technician sees it,
and the page asks its person for a new one.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import orjson
import structlog
from sqlalchemy import Connection, Executable, and_, delete, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from hub.channel_notice import Notice, NotSent
from hub.channel_outbox import Transacts
from hub.store.tables import push_subscriptions, sessions
from hub.web_push import Subscription, Vapid, WrongSubscription, seal
from routing.ids import HandsetId, HouseId

log = structlog.get_logger(__name__)

NO_KEY = (
    "the hub has no Web Push key yet: start the hub, which makes it, "
    "or run `bjelle channel key` as the user that runs the hub"
)
TTL_S = 60
"""A sign that comes later than this wakes somebody for what is long decided."""
TRY_S = 7.0
AT_ONCE = 16
OVER = (httpx.codes.NOT_FOUND, httpx.codes.GONE)
_row = push_subscriptions.c


@dataclass(frozen=True, slots=True)
class Held:
    """One telephone's subscription as it stands."""

    handset: HandsetId
    subscription: Subscription
    lang: str
    ended_why: str = ""
    last_taken_at: datetime | None = None


class Subscriptions:
    """The table: one browser for each telephone."""

    def __init__(self, place: Transacts) -> None:
        self._place = place

    async def keep(
        self, house: HouseId, handset: HandsetId, to: Subscription, lang: str, at: datetime
    ) -> None:
        """Keep a telephone's subscription in place of its older one."""
        values = {
            "house": house,
            "handset": handset,
            "endpoint": to.endpoint,
            "p256dh": to.p256dh.hex(),
            "auth": to.auth.hex(),
            "lang": lang,
            "subscribed_at": at,
        }

        def work(connection: Connection) -> None:
            connection.execute(delete(push_subscriptions).where(_of(house, handset)))
            connection.execute(insert(push_subscriptions).values(**values))

        await self._place.transact(work)

    async def end(self, house: HouseId, held: Held, why: str, at: datetime) -> None:
        """It is over; a newer one of the same telephone is left alone."""
        over = update(push_subscriptions).where(
            _of(house, held.handset), _row.endpoint == held.subscription.endpoint
        )
        await self._run(over.values(ended_at=at, ended_why=why))

    async def drop(self, house: HouseId, handset: HandsetId) -> None:
        """Nobody wants to be knocked on there any more."""
        await self._run(delete(push_subscriptions).where(_of(house, handset)))

    async def taken(self, house: HouseId, handset: HandsetId, at: datetime) -> None:
        """Note that the push service took a message."""
        done = update(push_subscriptions).where(_of(house, handset))
        await self._run(done.values(last_taken_at=at))

    async def all_of(self, house: HouseId) -> list[Held]:
        """Return every telephone's subscription, ended ones too."""
        wanted = select(push_subscriptions).where(_row.house == house).order_by(_row.handset)
        async with self._place.read() as connection:
            return [_held(row) for row in (await connection.execute(wanted)).all()]

    async def in_use(self, house: HouseId, now: datetime) -> list[Held]:
        """Return those that hold, on telephones where somebody is signed in."""
        signed_in = select(sessions.c.handset).where(
            sessions.c.house == house, sessions.c.expires_at > now
        )
        wanted = select(push_subscriptions).where(
            _row.house == house, _row.ended_at.is_(None), _row.handset.in_(signed_in)
        )
        async with self._place.read() as connection:
            rows = (await connection.execute(wanted.order_by(_row.handset))).all()
        return [_held(row) for row in rows]

    async def _run(self, statement: Executable) -> None:
        await self._place.transact(lambda connection: connection.execute(statement))


def _of(house: HouseId, handset: HandsetId) -> ColumnElement[bool]:
    return and_(_row.house == house, _row.handset == handset)


def _held(row: Any) -> Held:
    return Held(
        HandsetId(row.handset),
        Subscription(row.endpoint, bytes.fromhex(row.p256dh), bytes.fromhex(row.auth)),
        row.lang,
        row.ended_why or "",
        row.last_taken_at,
    )


class WebPush:
    """The channel `kind = "webpush"`: every signed-in telephone that has subscribed."""

    kind = "webpush"

    def __init__(
        self,
        vapid: Vapid | None,
        subscriptions: Subscriptions | None,
        contact: str,
        now: Callable[[], datetime],
    ) -> None:
        """`contact` is whom a push service may write to: mailto:… or https://….

        Without `subscriptions` it only stands for a configuration that is right. Without
        `vapid` the hub has made no key yet: whoever asks beside it makes none either.
        """
        self._vapid = vapid
        self._subscriptions = subscriptions
        self._contact = contact
        self._now = now

    @property
    def key(self) -> str:
        """What a browser binds its subscription to."""
        return self._own.public

    @property
    def _own(self) -> Vapid:
        if self._vapid is None:
            raise NotSent(NO_KEY, refused=True)
        return self._vapid

    @property
    def subscriptions(self) -> Subscriptions:
        """Whom it can knock on."""
        if self._subscriptions is None:
            raise NotSent("no store: subscriptions cannot be read", refused=True)
        return self._subscriptions

    async def send(self, notice: Notice) -> str:
        """Knock on every telephone; the receipt counts those whose service took it."""
        now, own = self._now(), self._own
        found = await self.subscriptions.in_use(notice.house, now)
        if notice.call == "" and not found:
            # The daily proof comes when it comes: any telephone that holds proves the way.
            found = [
                h for h in await self.subscriptions.all_of(notice.house) if not h.ended_why
            ]
        if not found:
            raise NotSent(
                "no signed-in telephone takes notices: answer «Varsler» at the start of a shift"
            )
        room = asyncio.Semaphore(AT_ONCE)
        async with httpx.AsyncClient(timeout=TRY_S) as client:

            async def one(held: Held) -> str:
                async with room:
                    return await self._knock(client, own, notice, held)

            said = await asyncio.gather(*(one(held) for held in found))
        taken = sum(not why for why in said)
        if not taken:
            raise NotSent(next(why for why in said if why))
        return f"web push taken for {taken} of {len(said)} telephones"

    async def _knock(
        self, client: httpx.AsyncClient, own: Vapid, notice: Notice, held: Held
    ) -> str:
        """Post one message; return why it was not taken, empty if it was."""
        body = orjson.dumps(
            {"call": notice.call or None, "lang": held.lang, "test": notice.call == ""}
        )
        to, now = held.subscription, self._now()
        headers = {
            "Authorization": own.authorization(to.endpoint, self._contact, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL_S),
            "Urgency": "high" if notice.call else "low",
            # At most 32 signs: the same notice sent again replaces itself.
            "Topic": notice.key[:32],
        }
        try:
            answer = await client.post(to.endpoint, content=seal(body, to), headers=headers)
        except httpx.HTTPError as error:
            return f"the push service does not answer ({type(error).__name__})"
        if answer.status_code in OVER:
            why = f"the push service says {answer.status_code}: the subscription is over"
            log.warning("push subscription over", handset=held.handset, house=notice.house)
            await self.subscriptions.end(notice.house, held, why, now)
            return why
        if not answer.is_success:
            return f"the push service answered {answer.status_code}"
        await self.subscriptions.taken(notice.house, held.handset, now)
        return ""


def subscription(
    endpoint: str, p256dh: str, auth: str, services: Sequence[str]
) -> Subscription:
    """Read what a page sends.

    Raises:
        WrongSubscription: keys of the wrong form, or a service that is none of `services`.
    """
    try:
        url = httpx.URL(endpoint)
    except httpx.InvalidURL as error:
        raise WrongSubscription("endpoint: expected an address") from error
    known = any(url.host == one or url.host.endswith(f".{one}") for one in services)
    loopback = url.host == "127.0.0.1" and url.host in services
    if not known or not (url.scheme == "https" or loopback):
        raise WrongSubscription(
            f"endpoint: expected https at a known push service, got {url.host or 'none'}; "
            "another one is added with BJELLE_PUSH_SERVICES"
        )
    return Subscription.read(endpoint, p256dh, auth)
