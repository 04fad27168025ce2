"""The demo as a visitor meets it: `bjelle demo`, one click, and a telephone rings."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

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
