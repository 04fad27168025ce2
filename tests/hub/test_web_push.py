"""Web Push: sealed for one browser, signed by the hub's own key, over when the service says."""

import asyncio
import json
import os
import pwd
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import insert

from hub.channel_health import TRIES
from hub.channel_notice import Notice, NotSent, Order, notice_of
from hub.channel_transports import VAPID_FILE, WrongChannel, transports
from hub.clock import SystemClock
from hub.push_channel import Subscriptions, WebPush, subscription
from hub.settings import Settings
from hub.store import tables
from hub.store.store import Store
from hub.web_push import Subscription, Vapid, WrongSubscription, seal
from routing.ids import HandsetId, HouseId
from routing.plan import Role
from tests.hub.test_channels import nobody_is_named, ward
from tests.support.exchange import HOUSE, Exchange, body, exchange, small_names
from tests.support.push_service import PushService, data, text
from tests.support.shell import until

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
    made, again, kept = Vapid.made(file), Vapid.made(file), Vapid.kept(file)
    assert made.public == again.public == kept.public
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == [VAPID_FILE]


def test_a_key_copied_from_a_backup_loses_the_rights_of_others(tmp_path: Path) -> None:
    Vapid.made(tmp_path / VAPID_FILE)
    (tmp_path / VAPID_FILE).chmod(0o644)
    Vapid.kept(tmp_path / VAPID_FILE)
    assert stat.S_IMODE((tmp_path / VAPID_FILE).stat().st_mode) == 0o600


async def test_who_asks_beside_the_hub_makes_no_key_and_hears_what_to_do(
    tmp_path: Path,
) -> None:
    given = Settings(channels=CHANNELS, data_dir=tmp_path)  # type: ignore[arg-type]
    [way] = transports(given).values()
    with pytest.raises(NotSent, match="start the hub, which makes it") as refused:
        await way.send(Notice("k", HOUSE, "", "", SystemClock().now()))
    assert refused.value.refused
    assert not (tmp_path / VAPID_FILE).exists()


def as_user(folder: Path, *arguments: str, uid: int) -> "subprocess.CompletedProcess[str]":
    """Run `bjelle` as another user, as an operator does who forgot who runs the hub."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", *arguments],
        env={**os.environ, "BJELLE_DATA_DIR": str(folder)},
        check=False,
        capture_output=True,
        text=True,
        user=uid,
    )


def test_the_key_is_made_by_the_user_who_runs_the_hub_and_by_nobody_else(
    tmp_path: Path,
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, 1, 1)
    refused = as_user(folder, "channel", "key", uid=0)
    assert refused.returncode == 2
    assert f"{folder} belongs to {pwd.getpwuid(1).pw_name}" in refused.stderr
    assert list(folder.iterdir()) == []


def test_another_users_key_is_refused_with_whose_it_is_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / VAPID_FILE
    Vapid.made(file)

    def closed(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", closed)
    me = pwd.getpwuid(os.geteuid()).pw_name
    with pytest.raises(PermissionError, match=f"belongs to {me} .* `chown"):
        Vapid.kept(file)


def test_a_key_file_that_is_none_is_refused_by_name_and_without_its_content(
    tmp_path: Path,
) -> None:
    (tmp_path / VAPID_FILE).write_text("a secret of somebody's")
    given = Settings(channels=CHANNELS, data_dir=tmp_path)  # type: ignore[arg-type]
    with pytest.raises(WrongChannel, match=r"channels\.duty: its key") as refused:
        transports(given, hub=True)
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
    [way] = transports(settings, store, hub=True).values()
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
        service.key = Vapid.made(tmp_path / "other.pem").public
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
        service.key = Vapid.made(tmp_path / VAPID_FILE).public
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


ANNEX = HouseId("annex")


async def test_each_house_proves_the_way_to_its_own_telephones(
    store: Store, tmp_path: Path
) -> None:
    async with PushService().running() as service:
        service.key = Vapid.made(tmp_path / VAPID_FILE).public
        browser = service.browser("phone-1")
        keys = browser.subscription()["keys"]
        to = subscription(browser.endpoint, keys["p256dh"], keys["auth"], HERE)
        async with ward(store, CHANNELS, data_dir=tmp_path, also=[ANNEX]) as house:
            now, phone = SystemClock().now(), HandsetId("phone-1")
            await Subscriptions(store).keep(HOUSE, phone, to, "nb", now)
            standing = house.channels.standing
            await house.channels._prove()
            await until(lambda: standing(HOUSE)[0].last_proof)
            # Nobody in the annex takes notices: what works here says nothing of there.
            await until(lambda: house.fault(house=ANNEX))
            assert not house.fault()
            assert not standing(HOUSE)[0].overdue
            assert (standing(ANNEX)[0].last_proof, standing(ANNEX)[0].overdue) == (None, True)
            assert "no signed-in telephone" in standing(ANNEX)[0].failing
            assert house.channels.proof_ages_s() == {"duty": float("inf")}
            await Subscriptions(store).keep(ANNEX, phone, to, "nb", now)
            await until(lambda: not house.fault(house=ANNEX))
            assert house.channels.proof_ages_s()["duty"] < 60


async def test_a_house_that_never_rings_it_hears_nothing_of_it(
    store: Store, tmp_path: Path
) -> None:
    given = {"push": CHANNELS["duty"]}
    async with ward(store, given, data_dir=tmp_path) as house:
        # Set up, and rung by no ladder yet: proved all the same, so that it can be seen.
        await until(lambda: house.channels.standing(HOUSE)[0].failing)
        async with asyncio.timeout(60):
            while (await house.outbox())[0].tries <= TRIES:  # noqa: ASYNC110 (of a table)
                await asyncio.sleep(0.05)
        assert not house.fault("push")


def notice(hub: Exchange, call: str) -> Any:
    order = Order(f"{HOUSE}:{call}:duty:1", HOUSE, call, "duty", 1, hub.clock.now())
    return notice_of(order, hub.state, small_names(hub.plan), "")
