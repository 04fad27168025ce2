"""The main job: a press on the broker rings a page, somebody goes, and the figures show it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Opener, renderers, shot
from tests.browser.house import LOGIN, House, open_house
from tests.browser.phone import Phone
from tests.support.mosquitto import Mosquitto

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.timeout(240)]


@pytest.fixture
def house(tmp_path: Path, broker: Mosquitto) -> Iterator[House]:
    with open_house(tmp_path / "hub", broker) as house:
        yield house


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
    leader.get_by_label("Brukernavn").fill(LOGIN)
    leader.locator("input[name=password]").fill(house.password)
    leader.get_by_role("button", name="Logg på").click()
    row = leader.get_by_test_id("call-row").first
    expect(row).to_contain_text("Toalett")
    expect(row).to_have_attribute("data-state", "closed")
    figures = leader.get_by_test_id("figure-row").last
    expect(figures).to_contain_text("1 (få anrop)")
    expect(figures).to_contain_text("100")
    shot(leader, "real-console")


def test_a_frozen_hub_shows_within_seven_seconds_and_heals_to_what_the_hub_says(
    house: House, telephone: Opener
) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    lost = per.page.get_by_test_id("lost-bar")

    house.freeze()
    per.page.wait_for_timeout(3_000)
    expect(lost).to_have_count(0)
    expect(lost).to_contain_text("INGEN FORBINDELSE", timeout=5_000)
    house.press("wrist-102")
    house.thaw()

    expect(lost).to_have_count(0)
    expect(per.card).to_contain_text("ROM 102")


def test_an_answer_without_contact_waits_and_is_sent_once_when_contact_is_back(
    house: House, telephone: Opener
) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    house.press("wrist-101")
    expect(per.card).to_contain_text("ROM 101")

    per.page.context.set_offline(True)
    expect(per.page.get_by_test_id("lost-bar")).to_be_visible(timeout=8_000)
    per.tap("Jeg tar den")
    expect(per.page.get_by_text("Ikke sendt. Andre blir fortsatt varslet.")).to_be_visible()
    assert house.calls()[0]["state"] == "ringing"
    per.page.context.set_offline(False)

    expect(per.card).to_have_attribute("data-stage", "way")
    assert house.calls()[0]["owner"]["id"] == "carer-1"


def test_a_frozen_telephone_is_quiet_then_gone_and_the_call_rings_at_the_other(
    house: House, telephone: Opener, tmp_path: Path
) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    anne = Phone(telephone()).on_shift(house, "phone-2", "nurse-1", "Anne F.")

    anne.until(lambda: house.state_of("Per H.") == "ready")
    # Its sockets stay open and its network process answers pings: only the page is dead.
    frozen = renderers(tmp_path / "browser-1")
    assert frozen
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        anne.until(lambda: house.state_of("Per H.") == "quiet", within_s=6)
        anne.until(lambda: house.state_of("Per H.") == "gone", within_s=6)
        house.press("wrist-101")
        expect(anne.card).to_contain_text("ROM 101")
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    expect(per.card).to_contain_text("ROM 101")


def test_a_hidden_page_is_limited_and_says_why(house: House, telephone: Opener) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    per.page.evaluate(
        """() => {
          Object.defineProperty(document, "visibilityState", {get: () => "hidden"});
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    expect(per.page.get_by_test_id("handset-state")).to_contain_text(
        "Begrenset: skjult", timeout=8_000
    )


def test_a_reload_while_it_rings_shows_the_call_again(house: House, telephone: Opener) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    house.press("wrist-101")
    expect(per.card).to_be_visible()
    per.page.reload()
    expect(per.card).to_contain_text("ROM 101")


def test_five_wrong_pins_lock_that_person_on_that_telephone_only(
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
