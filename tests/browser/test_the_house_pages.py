"""The console's stays, templates and shifts, with the real hub: one house, one leader."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Opener, shot, violations
from tests.browser.house import TOGETHER, Change, House, in_house
from tests.browser.phone import Phone
from tests.browser.test_the_console import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.timeout(480)]

FREE_BED: Change = ('beds: ["102-1"]', 'beds: ["102-1", "102-2"]')
TEMPLATES: Change = (
    "rules:\n",
    """templates:
  night-bed:
    version: 2
    title: Ute av seng om natten
    routine: KP-217
    triggers: [{ kind: bed_exit }]
    call_type: bed_exit
    window: { since: "22:00", until: "07:00" }
    delay: 10min
rules:
  older-102:
    patient: p-2
    need: Vil ha følge om natten.
    triggers: [{ kind: bed_exit }]
    call_type: bed_exit
    state: draft
    template: night-bed@1
  deviating-102:
    patient: p-2
    need: Vil ha følge om natten.
    template: night-bed@2
    delay: 5min
    deviation: Faller ofte på vei til badet.
    state: draft
""",
)
SHIFTS: Change = (
    "handsets:\n",
    'shifts:\n  helg: { since: "00:00", until: "00:00", grace: 0s }\nhandsets:\n',
)
STAY = "/api/v1/patients/p-1/stay"


def at(page: Page, house: House, part: str) -> Page:
    """Open one part of the console."""
    page.goto(f"{house.url}/#{part}")
    expect(page.locator(f".tabs a[href='#{part}']")).to_have_attribute("aria-current", "page")
    return page


def stay(house: House, patient: str = "p-1") -> dict[str, Any]:
    """Return the stay as the hub has it."""
    answer = house.console.get(f"/api/v1/patients/{patient}/stay")
    return dict(answer.raise_for_status().json())


def opened(page: Page, house: House, row: int = 0) -> Page:
    """Open the first patient's stay."""
    at(signed_in(page, house), house, "stays")
    page.get_by_test_id("stay-row").nth(row).click()
    expect(page.get_by_test_id("stay")).to_be_visible()
    return page


def test_the_goal_is_written_in_the_patients_words_and_a_name_is_refused_and_kept(
    house: House, telephone: Opener
) -> None:
    page = opened(telephone(1280, 800, touch=False), house)
    expect(page.get_by_test_id("stay")).to_contain_text("Komme meg på beina igjen")
    goal = page.get_by_label("Hva er viktig for deg?")

    goal.fill("Kari vil i hagen.")
    page.get_by_role("button", name="Lagre endringene").click()

    refused = page.get_by_test_id("stay-form").get_by_role("alert")
    expect(refused).to_contain_text("Ikke lagret. Det du skrev, står.")
    expect(refused).to_contain_text("«Kari» er et navn")
    expect(goal).to_have_value("Kari vil i hagen.")
    assert violations(page) == []
    shot(page, "console-stay-refused")

    page.get_by_test_id("stay-row").nth(1).click()
    page.get_by_test_id("stay-row").nth(0).click()
    expect(goal).to_have_value("Kari vil i hagen.")
    goal.fill("Gå i hagen hver dag.")
    page.get_by_role("button", name="Lagre endringene").click()
    expect(page.get_by_text("Lagret. Det gjelder fra nå.")).to_be_visible()
    assert stay(house)["goal"] == "Gå i hagen hver dag."
    assert stay(house)["note"] == "Rullator. Fall sist uke."


def test_the_alarms_answer_is_one_click_and_can_be_undone(
    house: House, telephone: Opener
) -> None:
    page = opened(telephone(1280, 800, touch=False), house)

    page.get_by_role("button", name="Er levert tilbake").click()

    expect(page.get_by_text("har fortsatt en alarm på seg")).to_be_visible()
    assert stay(house)["offer"] == "returned"
    page.get_by_role("button", name="Angre").click()
    expect(page.get_by_text("Angret.")).to_be_visible()
    expect(page.get_by_role("button", name="Er levert tilbake")).to_be_visible()
    assert stay(house)["offer"] == "accepted"


@in_house(TOGETHER, FREE_BED)
def test_a_patient_is_moved_to_a_free_bed_by_keyboard_and_the_move_is_undone(
    house: House, telephone: Opener
) -> None:
    page = opened(telephone(1280, 800, touch=False), house)
    bed = page.get_by_label("Velg en ledig seng")

    bed.focus()
    page.keyboard.press("ArrowDown")
    expect(bed).to_have_value("102-2")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Flyttet til rom 102.")).to_be_visible()
    expect(page.get_by_test_id("stay").get_by_role("heading").first).to_contain_text("Rom 102")
    assert stay(house)["bed"] == "102-2"
    page.get_by_role("button", name="Angre").click()
    expect(page.get_by_test_id("stay").get_by_role("heading").first).to_contain_text("Rom 101")
    assert stay(house)["bed"] == "101-1"


def test_a_discharge_is_asked_about_and_says_what_to_collect_until_it_is_collected(
    house: House, telephone: Opener
) -> None:
    page = opened(telephone(1280, 800, touch=False), house)
    page.get_by_role("button", name="Skriv ut …").click()
    ask = page.get_by_test_id("ask")
    expect(ask).to_contain_text("Skrive ut Kari N.?")
    expect(ask).to_contain_text("1 regel avsluttes nå.")
    expect(ask).to_contain_text("wrist-101 (tilkalling)")
    expect(ask.get_by_role("button", name="Nei, gå tilbake")).to_be_focused()
    assert violations(page) == []
    shot(page, "console-discharge-asked")
    page.keyboard.press("Escape")
    expect(ask).to_be_hidden()
    assert stay(house)["until"] is None

    page.get_by_role("button", name="Skriv ut …").click()
    ask.get_by_role("button", name="Ja, skriv ut nå").click()

    expect(page.get_by_test_id("discharged")).to_contain_text("Kari N. er skrevet ut.")
    assert house.console.get(STAY).status_code == httpx.codes.NOT_FOUND
    collect = page.get_by_test_id("to-collect")
    expect(collect).to_contain_text("wrist-101")
    assert violations(page) == []
    shot(page, "console-discharged")
    collect.get_by_role("button", name="til vask: wrist-101").click()
    expect(collect.get_by_text("wrist-101")).to_have_count(0)
    expect(collect).to_contain_text("bed-101")


@in_house(TOGETHER, TEMPLATES)
def test_templates_tell_which_rules_deviate_why_and_which_are_of_an_older_version(
    house: House, telephone: Opener
) -> None:
    page = at(signed_in(telephone(1280, 800, touch=False), house), house, "templates")
    template = page.get_by_test_id("template")
    expect(template).to_contain_text("Ute av seng om natten")
    expect(template).to_contain_text("Rutine KP-217")
    rules = page.get_by_test_id("rule-of")
    expect(rules).to_have_count(2)
    deviating = template.locator("[data-follows=deviates]")
    expect(deviating).to_contain_text("Venter: 10 min → 5 min")
    expect(deviating).to_contain_text("Faller ofte på vei til badet.")
    expect(template.locator("[data-follows=older]")).to_contain_text("laget av versjon 1")
    expect(page.get_by_text("1 regel er laget uten mal.")).to_be_visible()
    assert violations(page) == []
    shot(page, "console-templates")

    deviating.get_by_role("link", name="Se regelen").click()

    expect(page.get_by_test_id("rule")).to_contain_text("deviating-102")


@in_house(TOGETHER, SHIFTS)
def test_shifts_say_where_nobody_would_hear_what_to_do_and_who_did_not_come(
    house: House, telephone: Opener
) -> None:
    page = at(signed_in(telephone(1280, 800, touch=False), house), house, "shifts")
    expect(page.get_by_test_id("unit-now")).to_contain_text("INGEN telefon er klar")
    gap = page.get_by_test_id("gap").first
    expect(gap).to_contain_text("rom 101 og 102")
    expect(gap).to_contain_text("Ledige telefoner: Telefon 1, Telefon 2")
    # The core looks 45 s after the plan was changed: a telephone may be about to sign in.
    expect(page.get_by_test_id("missed")).to_contain_text("helg", timeout=120_000)
    assert violations(page) == []
    shot(page, "console-shifts-gaps")

    phone = Phone(telephone())
    phone.enrol(house, "phone-1")
    phone.sign_in(house, "nurse-1", "Anne F.")
    for name in ("Spill lyden", "Ja", "Start vakten"):
        phone.tap(name)

    row = page.get_by_test_id("on-duty")
    expect(row).to_contain_text("Anne F.")
    expect(row).to_contain_text("Klar")
    expect(page.get_by_test_id("covered")).to_contain_text("Alle 2 senger")
    expect(page.get_by_test_id("missed")).to_have_count(0, timeout=120_000)
    shot(page, "console-shifts-covered")


def test_figures_tell_at_a_glance_how_long_people_waited_and_give_a_file(
    house: House, telephone: Opener
) -> None:
    house.press("wrist-101")
    page = signed_in(telephone(1280, 800, touch=False), house)
    Phone(page).until(lambda: any(call["type"] == "patient" for call in house.calls()))
    at(page, house, "figures")
    expect(page.get_by_test_id("verdict")).to_contain_text("Ingen anrop i perioden før")
    expect(page.get_by_test_id("bar").first).to_contain_text("Nord")
    expect(page.get_by_test_id("hour")).to_have_count(24)
    assert violations(page) == []
    shot(page, "console-glance")

    with page.expect_download() as waiting:
        page.get_by_test_id("csv").click()

    text = waiting.value.path().read_bytes()
    assert text.startswith("\ufeffGruppe;".encode())
    assert "Fremmøtetid" in text.decode("utf-8-sig")
    assert "færre enn 5" in text.decode("utf-8-sig")
    assert "Kari" not in text.decode("utf-8-sig")
