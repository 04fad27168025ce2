"""The demo as a visitor meets it: `bjelle demo`, one click, and a telephone rings."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.chromium import Opener, shot, violations
from tests.browser.phone import GUARD_MS
from tests.support.mosquitto import free_port, need_mosquitto

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.timeout(480)]

UP_WITHIN_S = 60


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """Run the demo without its residents' own life: only the stories happen."""
    need_mosquitto()
    port = free_port()
    with (tmp_path / "demo.log").open("wb") as log:
        running = subprocess.Popen(
            [
                *(sys.executable, "-m", "hub.cli", "demo", "--quiet", "--no-open"),
                *("--port", str(port), "--folder", str(tmp_path / "demo")),
            ],
            stdout=log,
            stderr=log,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            transport = httpx.HTTPTransport(retries=UP_WITHIN_S)
            with httpx.Client(transport=transport, timeout=UP_WITHIN_S) as client:
                while client.get(f"{url}/readyz").status_code != httpx.codes.OK:
                    assert running.poll() is None
            yield url
        finally:
            running.terminate()
            running.wait(30)


TOLD_MS = 240_000
"""A story lasts a minute and a half by its own clock, and a busy machine is slow."""


def begun(page: Page, demo: str, story: str) -> tuple[FrameLocator, FrameLocator]:
    """Open the demo, begin a story; return the two telephones."""
    page.goto(f"{demo}/demo")
    first, second = (page.frame_locator("iframe").nth(n) for n in (0, 1))
    for frame in (first, second):
        expect(frame.get_by_test_id("ready-check")).to_be_visible()
    page.get_by_role("button", name=story).click()
    for frame in (first, second):
        expect(frame.get_by_test_id("call-card")).to_contain_text("ROM 204")
    return first, second


def test_the_second_story_climbs_to_the_leader_who_comes_while_nobody_else_answers(
    demo: str, telephone: Opener
) -> None:
    page = telephone(1280, 800, touch=False)
    first, second = begun(page, demo, "2 Ingen svarer")
    log = page.get_by_test_id("log")

    expect(log).to_contain_text("sendes videre", timeout=TOLD_MS)
    shot(page, "demo-story-2-climbs")
    expect(log).to_contain_text("er hos pasienten i rom 204", timeout=TOLD_MS)
    expect(log).to_contain_text("Rom 204 avsluttet", timeout=TOLD_MS)

    for frame in (first, second):
        expect(frame.get_by_test_id("call-card")).to_have_count(0)
    expect(page.get_by_test_id("board-call")).to_have_count(0)
    assert violations(page) == []
    shot(page, "demo-story-2-ends")


def test_the_fourth_story_follows_kari_to_the_lounge_in_one_and_the_same_call(
    demo: str, telephone: Opener
) -> None:
    page = telephone(1280, 800, touch=False)
    first, second = begun(page, demo, "4 Kari trykker og går")
    card = first.get_by_test_id("call-card")

    expect(card).to_contain_text(re.compile("Nå: (trolig )?Dagligstue Sør"), timeout=TOLD_MS)
    shot(page, "demo-story-4-walks")
    expect(page.get_by_test_id("log").get_by_text("Anrop fra rom 204")).to_have_count(1)
    for name in ("Jeg tar den", "Jeg er hos pasienten", "Avslutt", "Hjulpet"):
        button = first.get_by_role("button", name=name, exact=True)
        button.wait_for()
        page.wait_for_timeout(GUARD_MS)
        button.click()

    expect(card).to_have_count(0)
    expect(second.get_by_test_id("call-card")).to_have_count(0)
    expect(page.get_by_test_id("log")).to_contain_text("Rom 204 avsluttet")
    shot(page, "demo-story-4-ends")


def test_the_first_story_rings_on_both_telephones_and_a_take_on_one_silences_the_other(
    demo: str, telephone: Opener
) -> None:
    page = telephone(1280, 800, touch=False)
    page.goto(f"{demo}/demo")
    phone, other = (page.frame_locator("iframe").nth(n) for n in (0, 1))
    for frame in (phone, other):
        expect(frame.get_by_test_id("ready-check")).to_be_visible()
    assert violations(page) == []

    page.get_by_role("button", name="1 Kari står opp").click()

    card = phone.get_by_test_id("call-card")
    for frame in (phone, other):
        expect(frame.get_by_test_id("call-card")).to_contain_text("ROM 204")
    expect(page.get_by_test_id("board-call")).to_contain_text("Rom")
    shot(page, "demo-story-1-rings")
    for name, stage in (("Jeg tar den", "way"), ("Jeg er hos pasienten", "there")):
        page.wait_for_timeout(GUARD_MS)
        phone.get_by_role("button", name=name, exact=True).click()
        expect(card).to_have_attribute("data-stage", stage)
        expect(other.get_by_test_id("call-card")).to_have_count(0)
    page.wait_for_timeout(GUARD_MS)
    phone.get_by_role("button", name="Avslutt", exact=True).click()
    page.wait_for_timeout(GUARD_MS)
    phone.get_by_role("button", name="Hjulpet", exact=True).click()
    expect(card).to_have_count(0)
    expect(page.get_by_test_id("log")).to_contain_text("hos pasienten")
    shot(page, "demo-story-1-closed")
