"""The main job: a press on the broker rings a page, somebody goes, and the figures show it.

What goes wrong on the way (silence, black holes, frozen pages) is in `test_acceptance.py`.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Opener, shot
from tests.browser.house import House
from tests.browser.phone import Phone

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.timeout(480)]


def test_a_press_rings_is_taken_seen_to_and_closed_and_the_figures_show_it(
    house: House, telephone: Opener
) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    anne = Phone(telephone()).on_shift(house, "phone-2", "nurse-1", "Anne F.")

    house.press("wrist-101")

    for phone in (per, anne):
        expect(phone.card).to_be_visible()
        expect(phone.card).to_contain_text("ROM 101")
        expect(phone.card).to_contain_text("Rullator")
        expect(phone.card).to_have_attribute("data-stage", "incoming")
    shot(per.page, "real-incoming")
    expect(per.page.get_by_role("button", name="Jeg tar den")).to_be_enabled()
    per.until(lambda: house.calls()[0]["delivered_at"] is not None)

    per.tap("Jeg tar den")

    expect(per.card).to_have_attribute("data-stage", "way")
    expect(per.card).to_contain_text("Du tok den")
    expect(anne.page.get_by_test_id("notices")).to_contain_text("Per")
    expect(anne.page.get_by_test_id("notices")).to_contain_text("tok den")
    shot(anne.page, "real-taken-by-another")

    per.tap("Jeg er hos pasienten")
    expect(per.card).to_have_attribute("data-stage", "there")
    shot(per.page, "real-there")
    per.tap("Avslutt")
    per.tap("Toalett")
    expect(per.page.get_by_test_id("calm")).to_be_visible()

    per.until(lambda: house.calls()[0]["state"] == "closed")
    call = house.calls()[0]
    times = [
        call[f"{step}_at"] for step in ("registered", "delivered", "taken", "present", "closed")
    ]
    assert None not in times
    assert times == sorted(times)
    assert call["outcome"] == "toilet"
    assert call["owner"]["id"] == "carer-1"

    leader = telephone(1280, 800, touch=False)
    leader.goto(house.url)
    leader.get_by_label("Brukernavn").fill(house.login)
    leader.locator("input[name=password]").fill(house.password)
    leader.get_by_role("button", name="Logg på").click()
    row = leader.get_by_test_id("call-row").first
    expect(row).to_contain_text("Toalett")
    expect(row).to_have_attribute("data-state", "closed")
    leader.get_by_role("link", name="Svartid").click()
    figures = leader.get_by_test_id("figure-row").last
    expect(figures).to_contain_text("1 (få anrop)")
    expect(figures).to_contain_text("100")
    shot(leader, "real-console")


def test_a6_a_hidden_page_is_limited_and_says_why(house: House, telephone: Opener) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    per.page.evaluate(
        """() => {
          Object.defineProperty(document, "visibilityState", {get: () => "hidden"});
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    expect(per.page.get_by_test_id("handset-state")).to_contain_text("Begrenset: skjult")


def test_a13_five_wrong_pins_lock_that_person_on_that_telephone_only(
    house: House, telephone: Opener
) -> None:
    first, second = Phone(telephone()), Phone(telephone())
    first.enrol(house, "phone-1")
    first.tap("Per H.")
    wrong = "0000" if house.pin("carer-1") != "0000" else "1111"
    for _ in range(5):
        first.type_pin(wrong)
        with first.page.expect_response("**/api/v1/session"):
            first.tap("Logg på")
    first.type_pin(house.pin("carer-1"))
    first.tap("Logg på")
    expect(first.page.get_by_role("alert")).to_contain_text("låst")

    first.tap("Ikke meg")
    first.sign_in(house, "nurse-1", "Anne F.")
    expect(first.page.get_by_test_id("ready-check")).to_be_visible()
    second.enrol(house, "phone-2")
    second.sign_in(house, "carer-1", "Per H.")
    expect(second.page.get_by_test_id("ready-check")).to_be_visible()
