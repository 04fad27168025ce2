"""UX 4.11, B1 and B2: the board with the real hub, and its alarm code without colour."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Opener, shot, violations
from tests.browser.house import House
from tests.browser.stage import Stage, now

pytestmark = [pytest.mark.browser, pytest.mark.timeout(480)]

WORDS = {0: "Nødanrop", 1: "Haster", 2: "Viktig", 3: "Vanlig"}


def hung_up(page: Page, house: House) -> Page:
    """Open the board with the leader's session."""
    answer = page.context.request.post(
        f"{house.url}/api/v1/session",
        data={"login": house.login, "password": house.password},
        headers={"X-Bjelle": "1"},
    )
    assert answer.ok, answer.text()
    page.goto(f"{house.url}/tavle")
    return page


@pytest.mark.broker
def test_b1_every_open_call_is_on_the_board_and_a_stopped_hub_is_said_with_its_time(
    house: House, telephone: Opener
) -> None:
    board = hung_up(telephone(1280, 800, touch=False), house)
    expect(board.get_by_text("Ingen anrop")).to_be_visible()
    shot(board, "board-calm")
    house.press("wrist-101")
    house.press("wrist-102")
    patients = board.get_by_test_id("board-call").filter(has_text="Rom 10")
    expect(patients).to_have_count(2)
    expect(patients.first).to_contain_text("Rom 101")
    expect(patients.first).to_contain_text("Ingen har tatt")
    assert "Kari" not in board.content()
    shot(board, "board-two-calls")

    house.freeze()
    expect(board.get_by_role("alert")).to_contain_text(
        re.compile(r"TAVLEN ER IKKE OPPDATERT siden \d\d:\d\d:\d\d")
    )
    expect(board.locator("main")).to_have_attribute("data-stale", "true")
    house.thaw()

    expect(board.locator("main")).not_to_have_attribute("data-stale", "true")
    expect(patients).to_have_count(2)


def test_b2_a_priority_is_its_shape_and_its_word_in_grey_too(
    stage: Stage, telephone: Opener
) -> None:
    def call(priority: int) -> dict[str, object]:
        return {
            "id": f"1-{priority}", "priority": priority, "state": "ringing",
            "type": "emergency" if priority == 0 else "patient", "room": f"20{priority}",
            "why": "Trykket på armbåndet", "reason": "help_pressed",
            "practice": False, "late": False, "pressed": 1, "owner": None, "taken_at": None,
            "opened_at": (now() - timedelta(seconds=priority)).isoformat(), "present": [],
        }  # fmt: skip

    stage.answers["/api/v1/board"] = {
        "now": now().isoformat(), "house": "Solvik helsehus", "staff": [],
        "calls": [call(priority) for priority in WORDS],
        "store": "recorded", "broker_up": True,
    }  # fmt: skip
    page = telephone(1280, 800, touch=False)
    page.goto(f"{stage.url}/tavle")
    page.evaluate("document.documentElement.style.filter = 'grayscale(1)'")
    rows = page.get_by_test_id("board-call")
    expect(rows).to_have_count(len(WORDS))
    for row, word in zip(rows.all(), WORDS.values(), strict=True):
        expect(row.locator(".board-kind")).to_have_text(word)
    signs = page.locator(".board-kind .mark").evaluate_all(
        "marks => marks.map(mark => mark.innerHTML)"
    )
    assert len(set(signs)) == len(WORDS), "each priority has a sign of its own"
    assert violations(page) == []
    shot(page, "board-grey")
