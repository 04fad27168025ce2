"""The telephone is told to ring quietly beside the dying and their family, and when no more."""

from dataclasses import replace
from pathlib import Path

import pytest

from routing.events import PlanAdopted
from routing.ids import CallId
from routing.plan import Profile
from tests.support.exchange import Exchange, exchange
from tests.support.shell import until


async def lived_as(hub: Exchange, profile: Profile) -> None:
    plan = hub.state.plan
    stays = tuple(replace(stay, profile=profile) for stay in plan.stays)
    await hub.engine.submit(PlanAdopted(replace(plan, version=plan.version + 1, stays=stays)))
    await until(lambda: hub.state.plan.stays == stays)


@pytest.mark.parametrize("profile", [Profile.END_OF_LIFE, Profile.FAMILY_PRESENT])
async def test_a_quiet_call_rings_and_is_confirmed_and_its_third_press_is_loud(
    tmp_path: Path, profile: Profile
) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        await lived_as(hub, profile)
        await hub.press()
        card = await page.ringing()
        assert (card.quiet, card.ring) == (True, 1)
        await until(lambda: hub.state.calls[CallId(card.id)].rang_at is not None)
        await hub.press()
        await page.until(lambda: page.shown[card.id].pressed == 2)
        assert page.shown[card.id].quiet
        await hub.press()
        await page.until(lambda: page.shown[card.id].pressed == 3)
        assert not page.shown[card.id].quiet


async def test_an_ordinary_stay_rings_loudly_and_a_profile_set_meanwhile_is_told(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as hub, hub.page("phone-1", "carer-1") as page:
        await hub.ready(1)
        await hub.press()
        card = await page.ringing()
        assert not card.quiet
        await lived_as(hub, Profile.FAMILY_PRESENT)
        await page.until(lambda: page.shown[card.id].quiet)
        assert page.shown[card.id].ring == 1
