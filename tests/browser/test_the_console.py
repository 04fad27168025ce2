"""The console with the real hub: a nurse's rules, a leader's figures, how the house is."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Opener, shot, violations
from tests.browser.house import House
from tests.browser.phone import Phone

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.timeout(480)]

RULE = "/api/v1/rules/bed-exit-101"
TABS = ("calls", "shifts", "stays", "rules", "templates", "figures", "devices", "state")


def signed_in(page: Page, house: House, lang: str = "nb") -> Page:
    """Sign the leader in to a house where people live."""
    house.move_in()
    page.goto(f"{house.url}/?lang={lang}")
    page.locator("input[name=login]").fill(house.login)
    page.locator("input[name=password]").fill(house.password)
    page.locator("button[type=submit]").click()
    expect(page.get_by_role("navigation").get_by_role("link").nth(2)).to_be_visible()
    return page


def editing(page: Page, house: House) -> Page:
    """Open the rule of Kari's bed in the form."""
    signed_in(page, house)
    page.goto(f"{house.url}/#rules")
    page.get_by_test_id("rule-row").first.click()
    page.get_by_test_id("rule").get_by_role("button", name="Endre").click()
    expect(page.get_by_test_id("read-back")).to_contain_text("10 minutter")
    return page


def test_a_rule_is_read_back_while_it_is_written_and_saved_as_the_next_version(
    house: House, telephone: Opener
) -> None:
    page = editing(telephone(1280, 800, touch=False), house)

    page.get_by_label("Hvor lenge før det ringer?").fill("4")

    expect(page.get_by_test_id("read-back")).to_contain_text("4 minutter")
    assert violations(page) == []
    shot(page, "console-rule-form")
    page.get_by_role("button", name="Ta i bruk").click()
    expect(page.get_by_text("Lagret som versjon 2.")).to_be_visible()
    expect(page.get_by_test_id("rule")).to_contain_text("4 minutter")
    rule = house.console.get(RULE).json()
    assert (rule["version"], rule["state"]) == (2, "active")
    assert rule["fields"]["triggers"] == [{"kind": "bed_exit"}]


def test_a_refused_change_says_which_field_and_keeps_what_was_written(
    house: House, telephone: Opener
) -> None:
    page = editing(telephone(1280, 800, touch=False), house)
    page.get_by_label("Hva er viktig for pasienten?").fill("Vil ha fred om natten.")
    page.get_by_label("Fra", exact=True).fill("25:99")
    page.locator("form").evaluate("form => { form.noValidate = true; }")

    page.get_by_role("button", name="Ta i bruk").click()

    expect(page.get_by_role("alert").first).to_contain_text("Ikke lagret. Det du skrev, står.")
    expect(page.get_by_label("Hva er viktig")).to_have_value("Vil ha fred om natten.")
    shot(page, "console-rule-refused")
    assert house.console.get(RULE).json()["version"] == 1


def test_of_two_who_change_a_rule_the_later_sees_both_and_loses_nothing(
    house: House, telephone: Opener
) -> None:
    page = editing(telephone(1280, 800, touch=False), house)
    page.get_by_label("Hvor lenge før det ringer?").fill("4")
    other = {"need": "Jeg vil sove med døren åpen."}
    house.console.patch(RULE, json=other, headers={"If-Match": '"1"'}).raise_for_status()

    page.get_by_role("button", name="Ta i bruk").click()

    conflict = page.get_by_test_id("conflict")
    expect(conflict).to_contain_text("Noen andre endret regelen")
    expect(conflict).to_contain_text("Lise")
    assert violations(page) == []
    shot(page, "console-rule-conflict")
    page.get_by_role("button", name="Lagre mitt oppå den nye versjonen").click()
    expect(page.get_by_text("Lagret som versjon 3.")).to_be_visible()
    fields = house.console.get(RULE).json()["fields"]
    assert (fields["need"], fields["delay"]) == (other["need"], "4min")


def test_a_rule_is_tried_on_past_nights_and_what_is_unknown_is_said(
    house: House, telephone: Opener
) -> None:
    page = editing(telephone(1280, 800, touch=False), house)

    page.get_by_role("button", name="Prøv på de siste 14 nettene").click()

    told = page.get_by_test_id("rehearsed")
    expect(told).to_contain_text("Ville ringt 0 ganger", timeout=120_000)
    expect(told.get_by_role("listitem").first).to_contain_text("kan ikke beregnes helt")
    assert told.locator(".nights li").count() == 14
    shot(page, "console-rehearsed")


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_no_part_of_the_console_breaks_wcag_or_scrolls_sideways(
    house: House, telephone: Opener, lang: str
) -> None:
    house.press("wrist-101")
    page = signed_in(telephone(360, 740), house, lang)
    for tab in TABS:
        page.goto(f"{house.url}/#{tab}")
        expect(page.locator(f".tabs a[href='#{tab}']")).to_have_attribute(
            "aria-current", "page"
        )
        expect(page.get_by_text("Henter …" if lang == "nb" else "Fetching …")).to_have_count(0)
        assert violations(page) == [], tab
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, tab
        shot(page, f"console-{tab}-{lang}-360")
        page.set_viewport_size({"width": 1280, "height": 800})
        shot(page, f"console-{tab}-{lang}-1280")
        page.set_viewport_size({"width": 360, "height": 740})


def test_a_call_tells_its_story_and_a_telephone_gets_a_code(
    house: House, telephone: Opener
) -> None:
    house.press("wrist-101")
    page = signed_in(telephone(1280, 800, touch=False), house)
    page.get_by_role("button", name="Hvorfor?").first.click()
    expect(page.get_by_test_id("story")).to_contain_text("Utløst")
    shot(page, "console-why")

    page.goto(f"{house.url}/#state")
    page.get_by_role("button", name="Ny kode").first.click()
    code = page.locator(".code").first
    expect(code).to_contain_text("på telefonen")
    expect(code.locator("img")).to_be_visible()
    shown = code.inner_text().split()[1]
    phone = Phone(telephone())
    phone.page.goto(f"{house.url}/h")
    phone.page.get_by_label("Kode").fill(shown)
    phone.page.get_by_role("button", name="Koble til").click()
    expect(phone.page.get_by_role("button", name="Per H.")).to_be_visible()
