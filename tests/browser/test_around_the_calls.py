"""What stands around the calls: rules and pauses, the shift from its check to its end."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from hub.api import frames
from routing.plan import CallType
from tests.browser.chromium import Opener, shot, violations
from tests.browser.phone import GUARD_MS, until
from tests.browser.stage import ME, Stage, card, fault, now, on_shift

pytestmark = [pytest.mark.browser, pytest.mark.timeout(480)]

PATIENTS = {
    "patients": [
        {
            "id": "p-1", "name": "Kari N.", "room": "204", "isolation": "Munnbind og hansker",
            "rules": [
                {
                    "id": "bed-204", "state": "active", "paused_until": None,
                    "sentence": "Ringer når Kari er ute av sengen i mer enn 10 min, 22–07.",
                }
            ],
        },
        {
            "id": "p-2", "name": "Ola S.", "room": "205", "isolation": "",
            "rules": [
                {
                    "id": "bed-205", "state": "active",
                    "paused_until": (now() + timedelta(minutes=9)).isoformat(),
                    "sentence": "Ringer når Ola er ute av sengen i mer enn 4 min.",
                }
            ],
        },
    ]
}  # fmt: skip


def slow_tap(page: Page, name: str) -> None:
    """Tap as late after the button appeared as a person would."""
    button = page.get_by_role("button", name=name, exact=True)
    button.wait_for()
    page.wait_for_timeout(GUARD_MS)
    button.click()


def test_a_patients_rules_are_read_and_paused_with_a_reason(
    stage: Stage, telephone: Opener
) -> None:
    stage.answers["/api/v1/patients"] = PATIENTS
    page = on_shift(telephone(), stage)
    slow_tap(page, "Pasienter")
    rows = page.get_by_test_id("patient")
    expect(rows.nth(0)).to_contain_text("ute av sengen i mer enn 10 min")
    expect(rows.nth(1)).to_contain_text("pause til")
    expect(page.get_by_text("Munnbind og hansker")).to_be_visible()
    assert violations(page) == []
    shot(page, "patients")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    slow_tap(page, "Pause varsler 15 min")
    shot(page, "patients-why")
    slow_tap(page, "Besøk")

    until(page, lambda: stage.said(frames.Op))
    op = stage.said(frames.Op)[0]
    assert (op.action, op.patient, op.reason, op.minutes) == ("pause", "p-1", "visit", 15)
    slow_tap(page, "Avslutt pausen")
    until(page, lambda: len(stage.said(frames.Op)) == 2)
    assert (stage.said(frames.Op)[1].action, stage.said(frames.Op)[1].patient) == (
        "resume", "p-2",
    )  # fmt: skip


def test_a_shift_is_handed_over_line_by_line_before_the_sign_out(
    stage: Stage, telephone: Opener
) -> None:
    stage.answers["/api/v1/patients"] = PATIENTS
    fault = card(
        id="1-9", type=CallType.TECHNICAL, room=None, patient=None, ring=0,
        why="Ingen kontakt med bro «sør»",
    )  # fmt: skip
    page = on_shift(telephone(), stage, fault)
    page.get_by_role("button", name="Meny").click()
    slow_tap(page, "Logg av")
    leave = page.get_by_role("button", name="Logg av")
    expect(page.get_by_text("Ola S.: sensorpause til")).to_be_visible()
    expect(leave).to_be_disabled()
    assert violations(page) == []
    shot(page, "handover")
    page.wait_for_timeout(GUARD_MS)
    for text in ("Ola S.", "Feil: Ingen kontakt"):
        page.get_by_role("button", name=text).click()
    expect(leave).to_be_enabled()

    leave.click()

    expect(page.get_by_role("heading", name="Hvem har vakt?")).to_be_visible()


def test_where_a_house_has_several_units_they_are_chosen_before_the_pin(
    stage: Stage, telephone: Opener
) -> None:
    stage.signed_in = False
    stage.units = [{"id": "nord", "name": "Nord"}, {"id": "sor", "name": "Sør"}]
    page = telephone()
    page.goto(f"{stage.url}/h")
    slow_tap(page, "Aisha")
    expect(page.get_by_role("button", name="✓ Sør")).to_be_visible()
    shot(page, "units")
    assert violations(page) == []
    slow_tap(page, "Nord")
    slow_tap(page, "Videre")
    for digit in "1234":
        page.get_by_role("button", name=digit, exact=True).click()
    slow_tap(page, "Logg på")
    until(page, lambda: "/api/v1/session" in [path for path, _ in stage.posted])
    posted = dict(stage.posted)["/api/v1/session"]
    assert posted["units"] == ["sor", "nord"]


def test_a_quiet_screen_locks_against_a_pocket_and_a_call_breaks_through(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage)
    expect(page.get_by_test_id("pocket")).to_be_visible()
    shot(page, "pocket")
    assert violations(page) == []
    page.get_by_test_id("pocket").click()
    expect(page.get_by_role("button", name="Be om hjelp")).to_have_count(0)
    stage.ring(card())
    expect(page.get_by_role("button", name="Jeg tar den")).to_be_visible()
    stage.put()
    expect(page.get_by_role("button", name="Be om hjelp")).to_be_visible()


def test_before_the_session_ends_the_page_asks_whether_the_shift_goes_on(
    stage: Stage, telephone: Opener
) -> None:
    soon = (now() + timedelta(minutes=8)).isoformat()
    stage.answers["/api/v1/me"] = {
        "staff": ME.id, "name": ME.name, "role": "nurse", "handset": "tlf-1",
        "expires_at": soon,
    }  # fmt: skip
    page = on_shift(telephone(), stage)
    expect(page.get_by_test_id("shift-end")).to_contain_text("Er du fortsatt på vakt?")
    shot(page, "shift-end")
    assert violations(page) == []
    slow_tap(page, "Ja, skriv PIN")
    for digit in "1234":
        page.get_by_role("button", name=digit, exact=True).click()
    slow_tap(page, "Logg på")
    expect(page.get_by_test_id("calm")).to_be_visible()
    assert (
        "/api/v1/session",
        {"staff": ME.id, "pin": "1234", "units": ["sor"]},
    ) in stage.posted


def test_a_telephone_in_the_charger_is_asked_to_sign_out_and_never_does_so_by_itself(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage)
    expect(page.get_by_test_id("charger")).to_have_count(0)
    stage.ask = frames.Question.SIGN_OUT
    expect(page.get_by_test_id("charger")).to_contain_text("Telefonen står i laderen")
    assert violations(page) == []
    shot(page, "charger")
    stage.ring(card())
    expect(page.get_by_role("button", name="Jeg tar den")).to_be_visible()
    expect(page.get_by_test_id("charger")).to_have_count(0)
    stage.put()
    slow_tap(page, "Nei, jeg er på vakt")
    expect(page.get_by_test_id("charger")).to_have_count(0)
    assert stage.signed_in
    stage.ask = None
    beats = len(stage.said(frames.Alive))
    until(page, lambda: len(stage.said(frames.Alive)) > beats + 1)

    stage.ask = frames.Question.SIGN_OUT
    page.get_by_test_id("charger").get_by_role("button", name="Logg av").wait_for()
    page.wait_for_timeout(GUARD_MS)
    page.get_by_test_id("charger").get_by_role("button", name="Logg av").click()

    expect(page.get_by_test_id("handover")).to_contain_text("Sett telefonen i laderen")
    assert stage.signed_in


def test_a_fault_waits_for_the_ready_check_and_a_patients_call_does_not(
    stage: Stage, telephone: Opener
) -> None:
    stage.cards = [fault()]
    page = telephone()
    page.goto(f"{stage.url}/h")
    expect(page.get_by_test_id("ready-check")).to_be_visible()
    until(page, lambda: stage.said(frames.Hello))
    stage.ring(card(id="1-8"))
    expect(page.get_by_role("heading", name="ROM 204")).to_be_visible()


def test_who_did_not_hear_the_sound_rings_for_nobody_until_it_is_heard(
    stage: Stage, telephone: Opener
) -> None:
    page = telephone()
    page.goto(f"{stage.url}/h")
    slow_tap(page, "Spill lyden")
    slow_tap(page, "Nei")
    slow_tap(page, "Start som «begrenset»")
    stage.ring(card())
    until(page, lambda: "seen" in [said.kind for said in stage.said(frames.Receipt)])
    until(page, lambda: stage.said(frames.Alive))
    assert "ringing" not in [said.kind for said in stage.said(frames.Receipt)]
    assert stage.said(frames.Alive)[-1].ringing == ()
    stage.put()
    page.get_by_test_id("not-heard").click()
    slow_tap(page, "Spill lyden")
    slow_tap(page, "Ja")
    slow_tap(page, "Start vakten")
    expect(page.get_by_test_id("not-heard")).to_have_count(0)
    stage.ring(card(id="1-8"))
    until(page, lambda: "ringing" in [said.kind for said in stage.said(frames.Receipt)])
