"""A stay over HTTP: the wrist alarm's answer, practice, the profile, a move, a discharge."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from hub.api import frames
from hub.quality import response_times
from hub.store import tables
from routing.effects import Booked
from routing.events import SignalReceived
from routing.ids import BedId, DeviceId, StaffId
from routing.plan import AlarmOffer, CallType, Profile, Role, RuleState
from routing.readings import BedChanged, HelpPressed, HelpTrigger, Reading
from routing.state import Call
from tests.support.exchange import HOUSE, Exchange, body, exchange
from tests.support.house_in_use import adopted, with_everyone
from tests.support.mosquitto import ROOT

SMALL = (ROOT / "simulators" / "houses" / "small.yaml").read_text("utf-8")
STAY = "/api/v1/patients/p-1/stay"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Exchange]:
    """The small house in use, with the exchange's own accounts."""
    async with exchange(tmp_path) as hub:
        text = SMALL.replace('beds: ["102-1"]', 'beds: ["102-1", "102-2"]')
        await adopted(hub, with_everyone(text))
        yield hub


async def says(hub: Exchange, device: str, *readings: Reading) -> None:
    signal = hub.engine.next_signal()
    await hub.engine.submit(
        SignalReceived(signal, DeviceId(device), readings, key=f"{device} {signal}")
    )


async def pressed(hub: Exchange) -> Call:
    """The patient presses; the call that it opened or joined."""
    worn = next(
        (one.device for one in hub.state.plan.assignments if one.patient == "p-1"),
        DeviceId("none"),
    )
    await says(hub, worn, HelpPressed(HelpTrigger.PRESS))
    return next(one for one in reversed(hub.state.calls.values()) if one.pressed)


async def patch(client: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    return await client.patch(STAY, json=fields)


async def test_the_wrist_alarm_is_offered_accepted_and_returned(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    await patch(nurse, offer="not_offered")
    for offer in ("offered", "accepted", "returned"):
        done = await patch(nurse, offer=offer)
        assert (done.status_code, body(done)["offer"]) == (200, offer)
        assert next(iter(hub.state.plan.stays)).offer is AlarmOffer(offer)


async def test_nobody_answers_what_was_never_offered(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    await patch(nurse, offer="not_offered")

    for offer in ("accepted", "declined", "returned"):
        refused = await patch(nurse, offer=offer)
        assert refused.status_code == 422
        assert "record the offer, then the answer" in refused.text
    await patch(nurse, offer="offered")
    assert (await patch(nurse, offer="declined")).status_code == 200
    assert (await patch(nurse, offer="returned")).status_code == 422


async def test_the_goal_stands_in_the_patients_words_and_holds_no_name(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    done = await patch(nurse, goal="Gå i hagen hver dag.")
    named = await patch(nurse, goal="Kari vil gå i hagen.")

    assert body(done)["goal"] == "Gå i hagen hver dag."
    listed = body(await nurse.get("/api/v1/patients"))["patients"]
    assert next(one for one in listed if one["id"] == "p-1")["goal"] == "Gå i hagen hver dag."
    assert (named.status_code, "keep no names" in named.text) == (422, True)


async def test_capability_27_a_practice_call_rings_is_answered_and_is_in_no_figure(
    hub: Exchange,
) -> None:
    nurse = await hub.console(Role.NURSE)
    until = hub.clock.now() + timedelta(minutes=30)
    assert (await patch(nurse, practice_until=until.isoformat())).status_code == 200
    async with hub.page("phone-1", "the-nurse") as page:
        await hub.ready(1)
        call = await pressed(hub)
        await page.until(lambda: call.id in page.shown and page.shown[call.id].ring)
        shown = page.shown[call.id]
        taken = await page.do(frames.Action.TAKE, call.id)
        await page.until(lambda: taken in page.answers)

    assert call.practice
    assert shown.practice, "and is marked on the telephone"
    assert page.answers[taken].ok
    booked = [one for one in await _booked(hub) if one == str(Booked.PRACTICE)]
    assert booked == ["practice"]
    now = hub.clock.now() + timedelta(seconds=1)
    found = await response_times(
        hub.store, HOUSE, since=now - timedelta(days=1), until=now, by="unit", now=now
    )
    assert found.whole.calls == 0


async def _booked(hub: Exchange) -> list[str]:
    async with hub.store.read() as connection:
        return [row.booked for row in await connection.execute(select(tables.ledger.c.booked))]


async def test_practice_ends_by_itself_within_hours(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    late = hub.clock.now() + timedelta(hours=5)
    assert (await patch(nurse, practice_until=late.isoformat())).status_code == 422

    soon = hub.clock.now() + timedelta(minutes=5)
    await patch(nurse, practice_until=soon.isoformat())
    assert (await patch(nurse, practice_until=None)).status_code == 200
    assert not (await pressed(hub)).practice


@pytest.mark.parametrize("profile", ["family_present", "end_of_life", "out"])
async def test_a_quiet_profile_stops_sensors_and_never_a_press(
    hub: Exchange, profile: str
) -> None:
    nurse = await hub.console(Role.NURSE)
    await nurse.patch(
        "/api/v1/rules/bed-exit-101",
        json={"delay": "0s", "window": None},
        headers={"If-Match": '"1"'},
    )
    assert body(await patch(nurse, profile=profile))["profile"] == profile

    await says(hub, "bed-101", BedChanged(occupied=True))
    await says(hub, "bed-101", BedChanged(occupied=False))
    assert [one for one in hub.state.calls.values() if one.rule] == []
    assert (await pressed(hub)).type is CallType.PATIENT
    assert next(iter(hub.state.plan.stays)).profile is Profile(profile)


async def test_a_move_is_one_step_and_the_wrist_alarm_follows(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    free = BedId("102-2")
    version = hub.state.plan.version

    done = await nurse.post("/api/v1/patients/p-1/move", json={"bed": free})

    assert (done.status_code, body(done)["bed"]) == (200, free)
    assert hub.state.plan.version == version + 1
    before, after = [one for one in hub.state.plan.stays if one.patient == "p-1"]
    assert before.until == after.since
    assert (await pressed(hub)).room == "102"
    uses = [one for one in hub.state.plan.assignments if one.device == "bed-101"]
    assert [(one.patient, one.room, one.until is None) for one in uses] == [
        ("p-1", "101", False),
        (None, "101", True),
    ], "the bed stays where it stands"
    for bed, said in ((free, "the patient's own"), ("no-such", "there is no bed")):
        refused = await nurse.post("/api/v1/patients/p-1/move", json={"bed": bed})
        assert (refused.status_code, said in refused.text) == (422, True)


async def test_nobody_moves_into_a_bed_that_is_somebody_elses(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    other = next(one.bed for one in hub.state.plan.stays if one.patient != "p-1")

    refused = await nurse.post("/api/v1/patients/p-1/move", json={"bed": other})
    assert (refused.status_code, "somebody else's" in refused.text) == (422, True)


async def test_capability_40_a_discharge_ends_rules_and_lists_what_is_to_be_returned(
    hub: Exchange,
) -> None:
    nurse = await hub.console(Role.NURSE)
    worn = [one.device for one in hub.state.plan.assignments if one.patient == "p-1"]

    done = await nurse.post("/api/v1/patients/p-1/discharge")

    told = body(done)
    assert told["rules_ended"] == ["bed-exit-101"]
    assert told["to_return"] == list(dict.fromkeys(worn))
    assert told["stay"]["until"] is not None
    assert [rule.state for rule in hub.state.plan.rules] == [RuleState.ENDED]
    mine = [one for one in hub.state.plan.assignments if one.patient == "p-1"]
    assert all(one.until is not None for one in mine)
    await says(hub, "bed-101", BedChanged(occupied=True))
    await says(hub, "bed-101", BedChanged(occupied=False))
    assert [one for one in hub.state.calls.values() if one.rule] == []
    assert (await nurse.get(STAY)).status_code == 404, "gone: nobody reads on"
    await says(hub, worn[0], HelpPressed(HelpTrigger.PRESS))
    found = [one for one in hub.state.calls.values() if one.pressed]
    assert [one.patient for one in found] == [None], "a press rings, and is nobody's any more"


async def test_who_does_not_decide_changes_no_stay(hub: Exchange) -> None:
    carer = await hub.console(Role.CARER)
    assert (await patch(carer, goal="x")).status_code == 403
    assert (await carer.post("/api/v1/patients/p-1/discharge")).status_code == 403
    assert (await carer.get(STAY)).status_code == 200


async def test_an_unknown_carer_or_patient_is_told(hub: Exchange) -> None:
    nurse = await hub.console(Role.NURSE)
    assert (await patch(nurse, assigned=["nobody"])).status_code == 422
    assert (await patch(nurse, assigned=["the-carer"])).status_code == 200
    assert next(iter(hub.state.plan.stays)).assigned == (StaffId("the-carer"),)
    assert (await nurse.get("/api/v1/patients/p-99/stay")).status_code == 404
