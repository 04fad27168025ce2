"""What a carer does with a telephone's page, by role and name as a person would."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import PATIENCE_MS
from tests.browser.house import House

GUARD_MS = 450
"""Taps on something younger than 400 ms do not count (UX A10); people are slower than that."""


@dataclass
class Phone:
    """One telephone and the person who carries it."""

    page: Page
    staff: str = ""

    def enrol(self, house: House, handset: str) -> None:
        """Open the page and type the one-time code."""
        self.page.goto(f"{house.url}/h")
        self.page.get_by_label("Kode").fill(house.code(handset))
        self.page.get_by_role("button", name="Koble til").click()

    def sign_in(self, house: House, staff: str, name: str) -> None:
        """Pick the tile and type the PIN."""
        self.staff = staff
        self.tap(name)
        self.type_pin(house.pin(staff))
        self.tap("Logg på")

    def type_pin(self, pin: str) -> None:
        """Press the PIN's keys."""
        for digit in pin:
            self.page.get_by_role("button", name=digit, exact=True).click()

    def check(self) -> None:
        """Do the ready check: hear the sound, start the shift."""
        expect(self.page.get_by_test_id("ready-check")).to_be_visible()
        self.tap("Spill lyden")
        self.tap("Ja")
        self.tap("Start vakten")
        expect(self.page.get_by_test_id("calm")).to_be_visible()

    def tap(self, name: str) -> None:
        """Tap a button, as late after it appeared as a person would."""
        button = self.page.get_by_role("button", name=name, exact=True)
        button.wait_for()
        self.page.wait_for_timeout(GUARD_MS)
        button.click()

    @property
    def card(self) -> Locator:
        """The call in front."""
        return self.page.get_by_test_id("call-card")

    def on_shift(self, house: House, handset: str, staff: str, name: str) -> "Phone":
        """Do all of it: enrol, sign in, ready check; the hub has heard that it can ring."""
        self.enrol(house, handset)
        self.sign_in(house, staff, name)
        self.check()
        self.until(lambda: house.state_of(name) == "ready")
        return self

    def until(self, holds: Callable[[], object]) -> None:
        """Wait for a fact of the hub."""
        until(self.page, holds)


def until(page: Page, holds: Callable[[], object]) -> None:
    """Wait until it holds, as long as a busy machine may need."""
    late = time.monotonic() + PATIENCE_MS / 1000
    while not holds():
        if time.monotonic() > late:
            raise AssertionError("it did not come true in time")
        page.wait_for_timeout(50)


def kept_taps(page: Page) -> list[Any]:
    """Return what waits in the telephone's own outbox."""
    return page.evaluate(
        """() => new Promise((done) => {
          const open = indexedDB.open("bjelle-outbox");
          open.onsuccess = () => {
            const all = open.result.transaction("waiting").objectStore("waiting").getAll();
            all.onsuccess = () => { open.result.close(); done(all.result); };
          };
        })"""
    )
