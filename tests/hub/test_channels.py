"""One-shot channels: sent with a receipt, again with the same key, never silently lost."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hub.channel_health import fault_of
from hub.channel_outbox import LEASE, Outbox, pause_after
from hub.channel_transports import WrongChannel, transports
from hub.channels import Channels
from hub.clock import SystemClock
from hub.engine import Engine, Limits
from hub.metrics import Metrics
from hub.settings import Settings
from hub.store import tables
from hub.store.store import Store, StoreLimits
from routing.events import By, CallClosed, Outcome, SignalReceived
from routing.ids import CallId, DeviceId, HouseId, OperationId, StaffId
from routing.plan import CallType, Ladder, Rung, Target, TargetKind
from routing.readings import HelpPressed, HelpTrigger
from routing.state import is_open
from routing.step import empty
from tests.support.exchange import HOUSE, small_names, small_plan
from tests.support.mosquitto import Mosquitto
from tests.support.receivers import HttpReceiver, NtfyServer, SmtpServer
from tests.support.shell import rows, running, until
from tests.support.stores import Place

DUTY = Rung((Target(TargetKind.CHANNEL, "duty"),), timedelta(seconds=600))
NAMES_OF_PEOPLE = ("Kari", "Nordlykt", "Carer")


@dataclass
class Ward:
    """A house whose ladder rings the channel «duty» first."""

    store: Store
    engine: Engine
    channels: Channels

    async def press(self) -> str:
        """Press the wrist alarm; return the call."""
        signal = self.engine.next_signal()
        reading = HelpPressed(HelpTrigger.PRESS)
        settled = await self.engine.submit(
            SignalReceived(signal, DeviceId("wrist"), (reading,), key=f"press {signal}")
        )
        return next(c.id for c in settled.state.calls.values() if c.type is CallType.PATIENT)

    async def outbox(self, call: str | None = None) -> list[Any]:
        """Return the outbox's rows: of a call, else the proofs."""
        found = await rows(self.store, tables.outbox, "created_at", "id")
        return [row for row in found if row.call == (call or "")]

    async def ends(self, call: str, state: str) -> Any:
        """Wait until the call's row is in this state."""
        async with asyncio.timeout(40):
            while True:
                found = await self.outbox(call)
                if found and found[0].state == state:
                    return found[0]
                await asyncio.sleep(0.02)

    def fault(self, channel: str = "duty", house: HouseId = HOUSE) -> bool:
        """Tell whether a house's technical call about the channel is open."""
        calls = self.channels.health.engines[house].state.calls.values()
        return any(c.fault == fault_of(channel) and is_open(c) for c in calls)


@contextlib.asynccontextmanager
async def ward(
    store: Store,
    given: Mapping[str, Any],
    *,
    clean: bool = True,
    also: Sequence[HouseId] = (),
    **more: Any,
) -> AsyncIterator[Ward]:
    """Run HOUSE, and `also` houses just like it, in one process."""
    clock = SystemClock()
    plan = small_plan(clock, 1)
    ladder = Ladder(next(iter(plan.ladders)), (DUTY,), DUTY)
    plan = replace(plan, ladders={ladder.id: ladder})
    settings = Settings(channels=dict(given), **more)
    engines: dict[HouseId, Engine] = {}
    channels = Channels(
        settings=settings,
        store=store,
        clock=clock,
        engines=engines,
        names=dict.fromkeys((HOUSE, *also), small_names(plan)),
        ways=transports(settings, store, hub=True),
    )
    for house in (HOUSE, *also):
        engines[house] = await Engine.start(
            house,
            empty(replace(plan, house=house)),
            clock=clock,
            store=store,
            performers=(channels,),
            limits=Limits(listen=timedelta(0)),
        )
    async with running(store, *engines.values(), clean=clean) as tasks:
        sending = tasks.create_task(channels.run())
        try:
            yield Ward(store, engines[HOUSE], channels)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


def ntfy(server: NtfyServer, **more: str) -> dict[str, Any]:
    return {"duty": {"kind": "ntfy", "url": server.url, **more}}


def nobody_is_named(*texts: object) -> bool:
    return not any(name in str(text) for name in NAMES_OF_PEOPLE for text in texts)


# --- ntfy -------------------------------------------------------------------------------------


async def test_a_call_reaches_ntfy_loud_with_its_room_and_without_names(store: Store) -> None:
    async with NtfyServer(token="tk-1").running() as server:
        given = ntfy(server, token="tk-1")
        async with ward(store, given, public_url="https://bjelle.example") as house:
            call = await house.press()
            row = await house.ends(call, "sent")
            [body] = [b for b in server.shown.values() if b["priority"] == 5]
    assert body["topic"] == "bjelle-duty"
    assert body["title"] == "Anrop rom 101 – viktig"
    assert body["click"] == f"https://bjelle.example/h?call={call}"
    assert row.receipt.startswith("ntfy m")
    assert row.tries == 1
    assert nobody_is_named(body)


async def test_a_server_that_stumbles_gets_the_same_key_again_and_the_fault_ends(
    store: Store,
) -> None:
    async with NtfyServer(status=503).running() as server, ward(store, ntfy(server)) as house:
        call = await house.press()
        await until(house.fault)  # three tries in a row
        server.status = 200
        row = await house.ends(call, "sent")
        await until(lambda: not house.fault())
        keys = [r.body["sequence_id"] for r in server.requests if call in r.body["message"]]
    assert len(keys) >= 4
    assert len(set(keys)) == 1
    assert row.tries >= 3


async def test_a_refusal_is_told_at_once_and_shown_to_the_technician(store: Store) -> None:
    async with (
        NtfyServer(token="right").running() as server,
        ward(store, ntfy(server, token="wrong")) as house,
    ):
        await house.press()
        await until(house.fault)
        [standing] = house.channels.standing(HOUSE)
    assert "refuses us (403)" in standing.failing
    assert "wrong" not in standing.failing
    assert standing.overdue


async def test_a_call_that_was_closed_meanwhile_is_not_sent_any_more(store: Store) -> None:
    async with NtfyServer(status=503).running() as server, ward(store, ntfy(server)) as house:
        call = await house.press()
        await server.got(1)
        await _close(house, call)
        await house.ends(call, "over")


async def _close(house: Ward, call: str) -> None:
    by = By(StaffId("the-nurse"), None, OperationId("op-1"))
    await house.engine.submit(CallClosed(CallId(call), by, Outcome.SPOKE, "spoke by telephone"))
    found = house.engine.state.calls[CallId(call)]
    assert not is_open(found), found.state


# --- what is never lost -----------------------------------------------------------------------


async def test_a_lease_keeps_others_out_until_it_ends(store: Store) -> None:
    outbox, now = Outbox(store), SystemClock().now()
    async with asyncio.TaskGroup() as tasks:
        writer = tasks.create_task(store.run())
        assert await outbox.order_proof(HOUSE, "duty", "today", now)
        assert not await outbox.order_proof(HOUSE, "duty", "today", now)
        [leased] = await outbox.lease("duty", now)
        assert await outbox.lease("duty", now + LEASE / 2) == []
        [again] = await outbox.lease("duty", now + LEASE * 2)
        assert again.id == leased.id
        await outbox.sent(again, "r-1", now)
        assert await outbox.lease("duty", now + LEASE * 9) == []
        await store.stop()
        await writer


async def test_a_proof_ordered_twice_in_one_moment_is_put_in_once(
    store: Store,
) -> None:
    outbox, now = Outbox(store), SystemClock().now()
    together = [outbox.order_proof(HOUSE, "duty", "today", now) for _ in range(8)]
    assert sorted(await asyncio.gather(*together)) == [False] * 7 + [True]


async def test_what_a_dead_process_had_leased_is_sent_by_the_next(store: Store) -> None:
    async with NtfyServer(hold=True).running() as server:
        async with ward(store, ntfy(server), clean=False) as house:
            call = await house.press()
            while not any(r.body["priority"] == 5 for r in server.requests):
                await server.got(len(server.requests) + 1)
        server.hold = False
        async with ward(store, ntfy(server)) as house:
            await house.ends(call, "sent")
    loud = [r.body["sequence_id"] for r in server.requests if r.body["priority"] == 5]
    assert len(loud) >= 2
    assert len(set(loud)) == 1


async def test_a_notice_leaves_while_the_store_is_away_and_only_once(place: Place) -> None:
    store = await place.open(StoreLimits(unrecorded_after_s=0.2, retry_s=0.05))
    try:
        async with (
            NtfyServer().running() as server,
            ward(store, ntfy(server)) as house,
        ):
            await until(lambda: (None, "duty") in house.channels.health.last)
            with place.stalled():
                call = await house.press()
                async with asyncio.timeout(40):
                    while not any(b["priority"] == 5 for b in server.shown.values()):
                        await server.got(len(server.requests) + 1)
            await house.ends(call, "sent")
        told = [r for r in server.requests if f"Ref {call}/" in r.body["message"]]
        assert len(told) == 1
    finally:
        await store.close()


async def test_a_notice_is_given_up_after_a_quarter_of_an_hour_and_says_so(
    store: Store,
) -> None:
    async with NtfyServer(status=503).running() as server, ward(store, ntfy(server)) as house:
        call = await house.press()
        await server.got(1)
        old = SystemClock().now() - timedelta(minutes=16)
        await store.write(
            update(tables.outbox).where(tables.outbox.c.call == call).values(created_at=old)
        )
        row = await house.ends(call, "failed")
        await until(house.fault)
    assert row.error == "ntfy answered 503"


async def test_a_channel_that_nobody_configured_is_a_technical_call(store: Store) -> None:
    async with ward(store, {}) as house:
        call = await house.press()
        row = await house.ends(call, "failed")
        await until(house.fault)
        [standing] = house.channels.standing(HOUSE)
    assert "[channels.duty]" in row.error
    assert (standing.configured, standing.used, standing.overdue) == (False, True, True)


def test_pauses_grow_to_a_minute() -> None:
    assert [pause_after(n).total_seconds() for n in (1, 2, 3, 7, 99)] == [1, 2, 4, 60, 60]


# --- proofs -----------------------------------------------------------------------------------


async def test_a_new_channel_is_proved_quietly_and_once_a_day(store: Store) -> None:
    async with NtfyServer().running() as server:
        async with ward(store, ntfy(server)) as house:
            await until(lambda: house.channels.health.last)
        # A restart on the same day proves nothing again.
        async with ward(store, ntfy(server)) as house:
            await until(lambda: house.channels.health.last)
            metrics = Metrics()
            metrics.watch_channels(house.channels)
            [proof] = await house.outbox()
            [standing] = house.channels.standing(HOUSE)
            text = metrics.exposition().decode()
        [body] = server.shown.values()
    assert body["priority"] == 2
    assert "prøve" in body["message"]
    assert proof.state == "sent"
    assert not standing.overdue
    assert 'bjelle_channel_proof_age_seconds{channel="duty"} ' in text


# --- SMS and e-mail by Apprise ----------------------------------------------------------------


async def test_apprise_carries_an_sms_like_notice_with_its_key(store: Store) -> None:
    async with HttpReceiver().running() as receiver:
        given = {"duty": {"kind": "sms", "url": f"json://127.0.0.1:{receiver.port}/sms"}}
        async with ward(store, given) as house:
            call = await house.press()
            row = await house.ends(call, "sent")
        [request] = [r for r in receiver.requests if call in r.body["message"]]
    assert request.body["title"] == "Anrop rom 101 – viktig"
    assert len(request.headers["x-bjelle-id"]) == 32
    assert row.receipt == "sms taken by the provider"
    assert nobody_is_named(request)


async def test_apprise_says_no_and_the_notice_waits(store: Store) -> None:
    async with HttpReceiver(status=500).running() as receiver:
        given = {"duty": {"kind": "sms", "url": f"json://127.0.0.1:{receiver.port}/sms"}}
        async with ward(store, given) as house:
            call = await house.press()
            await receiver.got(2)
            receiver.status = 200
            row = await house.ends(call, "sent")
    assert row.tries >= 1


async def test_apprise_carries_an_email_to_a_mail_server(store: Store) -> None:
    async with SmtpServer().running() as server:
        url = (
            f"mailto://127.0.0.1:{server.port}?from=bjelle@solvik.example"
            "&to=duty@solvik.example&mode=insecure"
        )
        async with ward(store, {"duty": {"kind": "email", "url": url}}) as house:
            call = await house.press()
            await house.ends(call, "sent")
        [mail] = [m for m in server.mails if "Anrop" in str(m["Subject"])]
    assert mail["Subject"] == "Anrop rom 101 – viktig"
    assert "duty@solvik.example" in mail["To"]
    assert len(mail["X-Bjelle-Id"]) == 32
    assert nobody_is_named(mail.as_string())


# --- MQTT -------------------------------------------------------------------------------------


@pytest.mark.broker
async def test_an_mqtt_channel_is_a_topic_at_the_real_broker(
    store: Store, broker: Mosquitto
) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    listening = asyncio.Event()

    async def listen() -> None:
        async with broker.client() as client:
            await client.subscribe("bjelle/+/channel/#", qos=1)
            listening.set()
            async for message in client.messages:
                assert not message.retain
                heard.append((message.topic.value, json.loads(bytes(message.payload))))

    lamp = asyncio.ensure_future(listen())
    try:
        await listening.wait()
        async with ward(store, {"duty": {"kind": "mqtt"}}, **broker.settings) as house:
            call = await house.press()
            await house.ends(call, "sent")
            await until(lambda: any(body["call"] == call for _, body in heard))
    finally:
        lamp.cancel()
        await asyncio.gather(lamp, return_exceptions=True)
    [(topic, body)] = [one for one in heard if one[1]["call"] == call]
    assert topic == f"bjelle/{HOUSE}/channel/duty"
    assert (body["room"], body["priority"], body["test"]) == ("101", 2, False)
    assert nobody_is_named(body)


# --- settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("ntfy", "ntfy.example/topic"),
        ("ntfy", "https://ntfy.example/"),
        ("sms", "nonsense://secret@somewhere"),
        ("email", ""),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_its_field(kind: str, url: str) -> None:
    settings = Settings(channels={"duty": {"kind": kind, "url": url}})  # type: ignore[dict-item]
    with pytest.raises(WrongChannel, match=r"channels\.duty\.url: expected") as refused:
        transports(settings)
    assert "secret" not in str(refused.value)


def test_channels_stand_in_the_toml_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[channels.duty]\nkind = "ntfy"\nurl = "https://u:pass-9@n.example/t"\n'
    (tmp_path / "bjelle.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    settings = Settings()
    assert list(transports(settings)) == ["duty"]
    assert "pass-9" not in repr(settings)


def test_a_name_that_would_break_a_topic_is_refused() -> None:
    with pytest.raises(ValueError, match="part of a topic"):
        Settings(channels={"duty/#": {"kind": "mqtt"}})  # type: ignore[dict-item]
