"""Enrolling devices in a running hub: proposed, proven, handed over, swapped, put away."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from devices.codec import Discovered, Discovery
from hub.enrolment import overdue
from hub.proofs import Proofs
from routing.events import SignalReceived
from routing.ids import BridgeId, DeviceId, HouseId
from routing.plan import DeviceLife, Plan, Role
from routing.readings import HelpPressed, HelpTrigger
from tests.support.exchange import PASSWORD, Exchange, body, exchange
from tests.support.mosquitto import ROOT
from tests.support.shell import until

SMALL = (ROOT / "simulators" / "houses" / "small.yaml").read_text()
HOUSE = HouseId("small")
SPARE = {
    "id": "wrist-spare",
    "bridge": "zigbee",
    "native": "0x00be11e000000109",
    "model": "zigbee2mqtt/alarm-button",
    "device_class": "alarm",
    "worn": {"purpose": "help", "patient": "p-2"},
}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    proofs = Proofs()
    async with exchange(tmp_path, performers=(proofs,)) as hub:
        leader = await hub.console(Role.LEADER)
        sent = await leader.post(
            "/api/v1/house", content=SMALL, headers={"Content-Type": "application/yaml"}
        )
        assert sent.status_code == 200, sent.text
        async with asyncio.TaskGroup() as tasks:
            noting = tasks.create_task(proofs.run(hub.app.state.hub.houses))
            yield hub
            noting.cancel()


async def post(client: httpx.AsyncClient, path: str, said: Any = None) -> httpx.Response:
    return await client.post(f"/api/v1/devices{path}", json=said)


async def pressed(hub: Exchange, device: DeviceId) -> None:
    signal = hub.engine.next_signal()
    help_ = (HelpPressed(HelpTrigger.PRESS),)
    await hub.engine.submit(SignalReceived(signal, device, help_, key=f"press {signal}"))


async def rows(client: httpx.AsyncClient) -> dict[str, Any]:
    return {one["id"]: one for one in body(await client.get("/api/v1/devices"))["devices"]}


def plan_of(hub: Exchange) -> Plan:
    return hub.state.plan


async def test_a_device_is_proposed_until_its_proof_press(hub: Exchange) -> None:
    technician = await hub.console(Role.TECHNICIAN)
    new = await post(technician, "", SPARE)
    assert new.status_code == 201, new.text
    spare = DeviceId("wrist-spare")
    assert plan_of(hub).devices[spare].life is DeviceLife.PROPOSED
    assert (await rows(technician))["wrist-spare"]["trouble"] == ["unproven"]

    await pressed(hub, spare)
    calls = hub.state.calls.values()
    assert {(call.fault, call.device) for call in calls} == {("pressed_not_in_use", spare)}

    proving = body(await post(technician, "/wrist-spare/proof"))
    assert proving["until"]
    await pressed(hub, spare)
    await until(lambda: plan_of(hub).devices[spare].life is DeviceLife.ACTIVE)
    assert plan_of(hub).devices[spare].proven_at is not None
    assert len(hub.state.calls) == 1

    await pressed(hub, spare)
    assert {call.patient for call in hub.state.calls.values()} == {None, "p-2"}


async def test_the_list_has_the_worst_first_and_no_names(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    answer = await nurse.get("/api/v1/devices")
    listed = body(answer)
    heads = [one["trouble"][:1] for one in listed["devices"]]
    assert heads == sorted(heads, key=lambda head: head == [])
    assert "wrist-101" in listed["proof_overdue"]
    assert "Solfanger" not in answer.text
    assert "Ola" not in answer.text


async def test_discovery_proposes_what_is_not_enrolled(hub: Exchange) -> None:
    zigbee = BridgeId("zigbee")
    found = Discovered("0x00be11e000000109", "spare", "zigbee2mqtt/alarm-button")
    taken = next(iter(plan_of(hub).devices.values()))
    known = (found, Discovered(taken.native.upper(), "x", ""))
    hub.app.state.hub.houses.known[HOUSE] = {zigbee: Discovery(zigbee, known)}
    technician = await hub.console(Role.TECHNICIAN)
    (one,) = body(await technician.get("/api/v1/devices/proposals"))
    assert (one["native"], one["device_class"]) == (found.native, "alarm")
    assert one["prove"] == ["press"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "wrist-101"}, "is a device already"),
        ({"bridge": "nowhere"}, "no bridge"),
        ({"model": "acme/nothing"}, "no model"),
        ({"model": "dragino/trackerd"}, "experimental"),
        ({"worn": {"patient": "nobody"}}, "no patient"),
        ({"worn": {"room": "nowhere"}}, "no room"),
        ({"worn": {}}, "nobody and nowhere"),
    ],
)
async def test_what_cannot_be_enrolled_is_told(
    hub: Exchange, change: dict[str, Any], said: str
) -> None:
    before = plan_of(hub)
    answer = await post(await hub.console(Role.TECHNICIAN), "", SPARE | change)
    assert answer.status_code == 422
    assert said in body(answer)["detail"]
    assert body(answer)["next"]
    assert plan_of(hub) is before


async def test_a_handover_keeps_who_wore_it_before(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    wrist = DeviceId("wrist-101")
    (before,) = (one for one in plan_of(hub).assignments if one.device == wrist)
    done = await post(nurse, "/wrist-101/assignment", {"worn": {"patient": "p-2"}})
    assert done.status_code == 200, done.text
    old, new = (one for one in plan_of(hub).assignments if one.device == wrist)
    assert (old.patient, old.since) == (before.patient, before.since)
    assert old.until == new.since
    assert (new.patient, new.until) == ("p-2", None)


async def test_a_swap_keeps_the_wearer_and_forces_a_new_proof(hub: Exchange) -> None:
    technician = await hub.console(Role.TECHNICIAN)
    wearer = (await rows(technician))["wrist-101"]["worn"]
    done = await post(technician, "/wrist-101/swap", {"id": "wrist-new", "native": "0x1"})
    assert done.status_code == 200, done.text
    now = await rows(technician)
    assert (now["wrist-new"]["worn"], now["wrist-new"]["life"]) == (wearer, "proposed")
    assert (now["wrist-101"]["worn"], now["wrist-101"]["life"]) == (None, "repair")


async def test_only_a_proof_makes_a_device_active_again(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    assert (await post(nurse, "/wrist-101/life", {"life": "cleaning"})).status_code == 200
    assert (await rows(nurse))["wrist-101"]["worn"] is None
    assert (await post(nurse, "/wrist-101/life", {"life": "active"})).status_code == 422
    assert (await post(nurse, "/wrist-101/life", {"life": "retired"})).status_code == 200
    assert (await post(nurse, "/wrist-101/proof")).status_code == 404
    handed = await post(nurse, "/wrist-101/assignment", {"worn": {"patient": "p-2"}})
    assert "retired" in body(handed)["detail"]


async def test_a_carer_does_not_enrol(hub: Exchange) -> None:
    carer = await hub.console(Role.CARER)
    assert (await post(carer, "", SPARE)).status_code == 403
    assert (await carer.get("/api/v1/devices")).status_code == 403


async def test_a_proof_holds_a_month(hub: Exchange) -> None:
    await post(await hub.console(Role.TECHNICIAN), "/wrist-101/proof")
    wrist = DeviceId("wrist-101")
    await pressed(hub, wrist)
    await until(lambda: plan_of(hub).devices[wrist].proven_at is not None)
    device = plan_of(hub).devices[wrist]
    assert device.proven_at is not None
    assert hub.state.open == ()
    assert not overdue(device, device.proven_at + timedelta(days=30))
    assert overdue(device, device.proven_at + timedelta(days=32))


def bjelle(hub: Exchange, *said: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", "device", *said],
        env={"PYTHONPATH": str(ROOT), "BJELLE_PORT": hub.address.rpartition(":")[2]},
        input=PASSWORD + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_the_command_enrols_proves_and_lists(hub: Exchange) -> None:
    def run(*said: str) -> subprocess.CompletedProcess[str]:
        return bjelle(hub, *said, "--login", "the-technician")

    native = ("--native", "0x00be11e000000109", "--bridge", "zigbee")
    kind = ("--model", "zigbee2mqtt/alarm-button", "--class", "alarm", "--patient", "p-2")
    done = await asyncio.to_thread(run, "enrol", "wrist-spare", *native, *kind)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "prove it with" in done.stdout

    done = await asyncio.to_thread(run, "prove", "wrist-spare")
    assert "press it before" in done.stdout, done
    await pressed(hub, DeviceId("wrist-spare"))
    await until(lambda: plan_of(hub).devices[DeviceId("wrist-spare")].life is DeviceLife.ACTIVE)
    done = await asyncio.to_thread(run, "list", "--json")
    listed = {one["id"]: one for one in json.loads(done.stdout)["devices"]}
    assert listed["wrist-spare"]["life"] == "active"

    done = await asyncio.to_thread(run, "swap", "nothing", "new", "--native", "1")
    assert (done.returncode, "no device 'nothing'" in done.stderr) == (2, True), done
