"""A telephone's subscription to notices by Web Push: asked for on a tap, kept, ended."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.api.problems import ApiProblem, store_away
from hub.api.wiring import Hub, TheHub, TheSession
from hub.auth import Session
from hub.push_channel import WebPush, subscription
from hub.store.rows import StoreDown
from hub.web_push import WrongSubscription
from routing.ids import HandsetId

routes = APIRouter(prefix="/api/v1/push", tags=["notices"])


class Keys(BaseModel):
    """The browser's own, as it writes them."""

    p256dh: str = Field(max_length=200)
    auth: str = Field(max_length=100)


class Wanted(BaseModel):
    """A browser's `PushSubscription`, as JSON, and the page's language."""

    endpoint: Annotated[str, Field(max_length=2000)]
    keys: Keys
    lang: Literal["nb", "en"] = "nb"


class Push(BaseModel):
    """Whether this telephone is knocked on when nothing else reaches it."""

    key: str | None = Field(
        description="`applicationServerKey`; null: the house has no such way"
    )
    subscribed: bool
    ended: str = Field(description="why the last subscription ended: ask the person again")
    lang: str = Field(default="nb", description="of this telephone's notices")


@routes.get("")
async def push(session: TheSession, hub: TheHub) -> Push:
    """Tell the page whether to ask its person for notices."""
    way, handset = hub.push, _telephone(session)
    if way is None:
        return Push(key=None, subscribed=False, ended="")
    held = {one.handset: one for one in await way.subscriptions.all_of(session.house)}
    mine = held.get(handset)
    ended = mine.ended_why if mine else ""
    lang = mine.lang if mine else "nb"
    return Push(key=way.key, subscribed=mine is not None and not ended, ended=ended, lang=lang)


@routes.put("", status_code=204)
async def subscribe(body: Wanted, session: TheSession, hub: TheHub) -> None:
    """Keep this telephone's subscription in place of its older one."""
    way, handset = _way(hub), _telephone(session)
    services = hub.settings.push_services
    try:
        to = subscription(body.endpoint, body.keys.p256dh, body.keys.auth, services)
    except WrongSubscription as error:
        raise ApiProblem(
            422,
            "wrong-subscription",
            "Subscription refused",
            str(error),
            do="let the browser subscribe again with this hub's key",
        ) from error
    try:
        at = hub.clock.now()
        await way.subscriptions.keep(session.house, handset, to, body.lang, at)
    except StoreDown as error:
        raise store_away(str(error)) from error


@routes.delete("", status_code=204)
async def unsubscribe(session: TheSession, hub: TheHub) -> None:
    """Knock on this telephone no more."""
    handset = _telephone(session)
    if hub.push is None:
        return
    try:
        await hub.push.subscriptions.drop(session.house, handset)
    except StoreDown as error:
        raise store_away(str(error)) from error


def _telephone(session: Session) -> HandsetId:
    if session.handset is None:
        raise ApiProblem(
            409,
            "no-telephone",
            "Not a telephone",
            "notices are for enrolled telephones",
            do="sign in on a telephone with a PIN",
        )
    return session.handset


def _way(hub: Hub) -> WebPush:
    if hub.push is None:
        raise ApiProblem(
            409,
            "no-web-push",
            "No such way",
            "this house sends no notices by Web Push",
            do='add [channels.push] with kind = "webpush" to bjelle.toml',
        )
    return hub.push
