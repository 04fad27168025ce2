"""Web Push: sealed for one browser, signed by the hub's own key, over when the service says."""

import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import insert

from hub.channel_notice import NotSent, Order, notice_of
from hub.channel_transports import VAPID_FILE, WrongChannel, transports
from hub.clock import SystemClock
from hub.push_channel import Subscriptions, WebPush, subscription
from hub.settings import Settings
from hub.store import tables
from hub.store.store import Store
from hub.web_push import Subscription, Vapid, WrongSubscription, seal
from routing.ids import HandsetId
from routing.plan import Role
from tests.hub.test_channels import nobody_is_named, ward
from tests.support.exchange import HOUSE, Exchange, body, exchange, small_names
from tests.support.push_service import PushService, data, text

CONTACT = "mailto:drift@helsehus.example"
HERE = ("127.0.0.1",)
CHANNELS = {"duty": {"kind": "webpush", "url": CONTACT}}


def test_the_example_of_rfc_8291_comes_out_to_the_byte() -> None:
    to = Subscription.read(
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    private = int.from_bytes(data("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    own = ec.derive_private_key(private, ec.SECP256R1())
    salt = data("DGv6ra1nlYgDCS1FRnbzlw")
    sealed = seal(b"When I grow up, I want to be a watermelon", to, own=own, salt=salt)
    assert text(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc"
        "InmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLV"
        "WGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_the_hubs_key_is_made_once_and_is_for_the_hubs_eyes_only(tmp_path: Path) -> None:
    file = tmp_path / "data" / VAPID_FILE
    made, kept = Vapid.kept(file), Vapid.kept(file)
    assert made.public == kept.public
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == [VAPID_FILE]


def test_a_key_file_that_is_none_is_refused_by_name_and_without_its_content(
    tmp_path: Path,
) -> None:
    (tmp_path / VAPID_FILE).write_text("a secret of somebody's")
    given = Settings(channels=CHANNELS, data_dir=tmp_path)  # type: ignore[arg-type]
    with pytest.raises(WrongChannel, match=r"channels\.duty: its key") as refused:
        transports(given)
    assert "secret" not in str(refused.value)


def test_a_contact_is_asked_for_with_its_field(tmp_path: Path) -> None:
    given = {"duty": {"kind": "webpush"}}
    with pytest.raises(WrongChannel, match=r"channels\.duty\.url: expected whom"):
        transports(Settings(channels=given, data_dir=tmp_path))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://inside.helsehus.example/secret",
        "http://fcm.googleapis.com/fcm/send/x",
        "https://fcm.googleapis.com.evil.example/x",
        "http://127.0.0.1:8086/",
    ],
)
def test_the_hub_knocks_at_push_services_only(endpoint: str) -> None:
    keys = PushService().browser("x").subscription()["keys"]
    with pytest.raises(WrongSubscription, match="known push service"):
        subscription(endpoint, keys["p256dh"], keys["auth"], ("fcm.googleapis.com",))


def test_keys_that_are_none_are_refused() -> None:
    with pytest.raises(WrongSubscription, match="p256dh"):
        Subscription.read("https://fcm.googleapis.com/x", "AAAA", "AAAA")
    keys = PushService().browser("x").subscription()["keys"]
    with pytest.raises(WrongSubscription, match="auth"):
        Subscription.read("https://fcm.googleapis.com/x", keys["p256dh"], "AAAA")


async def subscribed(hub: Exchange, service: PushService, *telephones: str) -> list[Any]:
    """Sign people in on these telephones, and let their browsers subscribe."""
    browsers: list[Any] = []
    for n, telephone in enumerate(telephones, start=1):
        client = await hub.at_work(telephone, f"carer-{n}")
        asked = body(await client.get("/api/v1/push"))
        assert (asked["subscribed"], asked["ended"]) == (False, "")
        service.key = asked["key"]
        browser = service.browser(telephone)
        answer = await client.put("/api/v1/push", json=browser.subscription())
        assert answer.status_code == 204, answer.text
        assert body(await client.get("/api/v1/push"))["subscribed"]
        browsers.append(browser)
    return browsers


def push_of(folder: Path, store: Store | None) -> WebPush:
    settings = Settings(channels=CHANNELS, data_dir=folder)  # type: ignore[arg-type]
    [way] = transports(settings, store).values()
    assert isinstance(way, WebPush)
    return way


async def test_a_call_knocks_on_who_is_signed_in_sealed_and_without_names(
    tmp_path: Path,
) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}", spool=tmp_path / "s")
    way = push_of(tmp_path, store)
    async with (
        PushService().running() as service,
        exchange(tmp_path, store=store, push=way, push_services=HERE) as hub,
    ):
        one, two = await subscribed(hub, service, "phone-1", "phone-2")
        # Whoever puts the telephone down is not knocked on at home.
        assert (await hub.clients[-1].delete("/api/v1/session")).status_code == 204
        await hub.press()
        call = next(iter(hub.state.calls.values()))
        receipt = await way.send(notice(hub, call.id))
        assert receipt == "web push taken for 1 of 1 telephones"
        [pushed] = service.pushed
    assert pushed.browser == "phone-1"
    said = json.loads(one.opened(pushed.body))
    assert said == {"call": call.id, "lang": "nb", "test": False}
    assert nobody_is_named(said, pushed.headers)
    assert (pushed.headers["urgency"], pushed.headers["ttl"]) == ("high", "60")
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the cipher says of a wrong key
        two.opened(pushed.body)


@pytest.mark.parametrize("status", [404, 410])
async def test_what_the_service_calls_over_is_never_used_again_and_is_said(
    tmp_path: Path, status: int
) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}", spool=tmp_path / "s")
    way = push_of(tmp_path, store)
    async with (
        PushService().running() as service,
        exchange(tmp_path, store=store, push=way, push_services=HERE) as hub,
    ):
        await subscribed(hub, service, "phone-1", "phone-2")
        service.over["phone-1"] = status
        receipt = await way.send(notice(hub, "1-1"))
        assert receipt == "web push taken for 1 of 2 telephones"
        assert [
            one.handset for one in await way.subscriptions.in_use(HOUSE, hub.clock.now())
        ] == ["phone-2"]
        client = await hub.at_work("phone-1", "carer-1")
        asked = body(await client.get("/api/v1/push"))
        assert not asked["subscribed"]
        assert str(status) in asked["ended"]
        service.over["phone-2"] = status
        with pytest.raises(NotSent, match=f"says {status}"):
            await way.send(notice(hub, "1-1"))
        with pytest.raises(NotSent, match="no signed-in telephone"):
            await way.send(notice(hub, "1-1"))
        # A new subscription of the same telephone counts again.
        browser = service.browser("phone-1b")
        assert (await client.put("/api/v1/push", json=browser.subscription())).is_success
        assert await way.send(notice(hub, "1-1"))


async def test_another_hubs_key_is_refused_by_the_service_and_told(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}", spool=tmp_path / "s")
    way = push_of(tmp_path, store)
    async with (
        PushService().running() as service,
        exchange(tmp_path, store=store, push=way, push_services=HERE) as hub,
    ):
        await subscribed(hub, service, "phone-1")
        service.key = Vapid.kept(tmp_path / "other.pem").public
        with pytest.raises(NotSent, match="answered 403"):
            await way.send(notice(hub, "1-1"))
        assert service.refused == ["another key"]


async def test_a_foreign_address_and_a_console_are_refused_with_what_to_do(
    tmp_path: Path,
) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}", spool=tmp_path / "s")
    async with (
        PushService().running() as service,
        exchange(tmp_path, store=store, push=push_of(tmp_path, store)) as hub,
    ):
        client = await hub.at_work("phone-1", "carer-1")
        refused = await client.put("/api/v1/push", json=service.browser("x").subscription())
        assert refused.status_code == 422
        assert "known push service" in body(refused)["detail"]
        console = await hub.console(Role.LEADER)
        assert (await console.get("/api/v1/push")).status_code == 409


async def test_the_ladders_last_rung_rings_by_web_push_and_its_proof_is_quiet(
    store: Store, tmp_path: Path
) -> None:
    async with PushService().running() as service:
        browser = service.browser("phone-1")
        keys = browser.subscription()["keys"]
        to = subscription(browser.endpoint, keys["p256dh"], keys["auth"], HERE)
        service.key = Vapid.kept(tmp_path / VAPID_FILE).public
        async with ward(store, CHANNELS, data_dir=tmp_path) as house:
            now = SystemClock().now()
            await Subscriptions(store).keep(HOUSE, HandsetId("phone-1"), to, "nb", now)
            in_shift = {"house": HOUSE, "staff": "carer-1", "handset": "phone-1"}
            times = {"created_at": now, "expires_at": now + timedelta(hours=8)}
            await store.write(
                insert(tables.sessions).values(token_hash="t", **in_shift, **times)
            )
            call = await house.press()
            row = await house.ends(call, "sent")
            await house.channels._prove()
            proof = await house.ends("", "sent")
        [kept] = await Subscriptions(store).all_of(HOUSE)
    assert row.receipt == proof.receipt == "web push taken for 1 of 1 telephones"
    assert kept.last_taken_at is not None
    said = {p.headers["urgency"]: json.loads(browser.opened(p.body)) for p in service.pushed}
    assert said["high"] == {"call": call, "lang": "nb", "test": False}
    assert said["low"] == {"call": None, "lang": "nb", "test": True}


def notice(hub: Exchange, call: str) -> Any:
    order = Order(f"{HOUSE}:{call}:duty:1", HOUSE, call, "duty", 1, hub.clock.now())
    return notice_of(order, hub.state, small_names(hub.plan), "")
