"""B1 with the real hub: a screen that nobody signs in on, opened once with its link."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Opener
from tests.browser.figures import tell
from tests.browser.house import House

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.timeout(480)]


def test_a_screen_opens_with_its_link_shows_each_call_and_is_out_when_revoked(
    house: House, telephone: Opener
) -> None:
    made = house.console.post("/api/v1/boards", json={"name": "Korridor nord"})
    board = made.raise_for_status().json()
    screen = telephone(1280, 800, touch=False)
    screen.goto(f"{house.url}/tavle")
    expect(screen.locator(".board-refused")).to_be_visible()

    screen.goto(f"{house.url}/tavle?kiosk#key={board['link'].partition('#key=')[2]}")
    expect(screen.get_by_test_id("board-age")).to_be_visible()
    assert "#" not in screen.url, "the key does not stay in the address"
    screen.reload()
    expect(screen.get_by_test_id("board-age")).to_be_visible()

    pressed = time.monotonic()
    house.press("wrist-101")
    row = screen.get_by_test_id("board-call").filter(has_text="101")
    expect(row).to_be_visible()
    tell("B1", limit_s=1, press_to_row_s=round(time.monotonic() - pressed, 2))
    assert not any(name in screen.content() for name in ("Kari", "Ola"))

    house.console.delete(f"/api/v1/boards/{board['id']}").raise_for_status()
    expect(screen.get_by_role("alert")).to_contain_text("TAVLEN ER IKKE OPPDATERT")
