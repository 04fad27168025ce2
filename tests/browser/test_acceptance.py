"""UX section 4.11, A1 to A14, with the real hub, Mosquitto and Chromium.

What the other files prove already is not proven twice: A7, A10, A11 and the offline halves
of A4 and A8 in `test_looks_and_manners.py`, A13 and the ways of a call in
`test_a_press_end_to_end.py`.
"""

import gzip
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.server import ServerConnection, serve

from tests.browser.chromium import PATIENCE_MS, Opener, renderers, shot
from tests.browser.crowd import crowd_of, guests, residents
from tests.browser.figures import spread, tell
from tests.browser.house import TOGETHER, House, in_house
from tests.browser.phone import GUARD_MS, Phone, kept_taps
from tests.browser.silence import NOTE_SILENCE

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.timeout(480)]

DIST = Path(__file__).parents[2] / "hub" / "static" / "dist"
CLIENTS = 40
PATIENTS = 8
WRISTS = ["wrist-101", "wrist-102", *(f"wrist-{n}" for n in range(201, 201 + PATIENTS))]
RACERS = 4
RACE = (
    "assigned: [carer-1]",
    f"assigned: [{', '.join(f'guest-{n}' for n in range(1, RACERS + 1))}]",
)
SOON = ("rules:\n", "policies:\n  patient: { arrive_within: 4s }\nrules:\n")

NOTE_CARDS = """
window.seen = {};
new MutationObserver(() => {
  const card = document.querySelector("[data-testid=call-card][data-stage=incoming]");
  if (card) window.seen[card.dataset.call] ??= Date.now();
}).observe(document, {childList: true, subtree: true, attributes: true});
"""
TAKE_AT = """
([call, room, at]) => {
  window.told = null;
  setTimeout(() => {
    const tapped = Date.now();
    const look = () => {
      const won = document.querySelector(`[data-call="${call}"][data-stage="way"]`);
      const notices = document.querySelector("[data-testid=notices]").textContent;
      const lost = notices.includes(`tok den (rom ${room})`);
      if (won || lost) window.told ??= {ms: Date.now() - tapped, won: Boolean(won)};
      return window.told;
    };
    new MutationObserver((_, self) => { if (look()) self.disconnect(); })
      .observe(document, {childList: true, subtree: true, attributes: true});
    document.querySelector(`[data-call="${call}"][data-stage="incoming"] .tap-big`)?.click();
    look();
  }, Math.max(0, at - Date.now()));
}
"""
"""Two pages tap at the same moment, and each tells what its carer then reads."""


def ms(moment: str) -> float:
    """Return an ISO time in ms since the epoch."""
    return datetime.fromisoformat(moment).timestamp() * 1000


def latest(house: House) -> dict[str, Any]:
    """Return the newest call of a patient."""
    return next(call for call in house.calls() if call["type"] == "patient")


def press_to_ring(house: House, telephone: Opener, calls: int) -> dict[str, Any]:
    """Let patients press so often, and measure from the hub's time until it shows and rings."""
    shown: list[float] = []
    rang: list[float] = []
    page = telephone()
    page.add_init_script(NOTE_CARDS)
    per = Phone(page).on_shift(house, "phone-1", "carer-1", "Per H.")
    with crowd_of(house, CLIENTS) as crowd:
        before: set[str] = set()
        for number in range(calls):
            house.press(WRISTS[number % len(WRISTS)])
            per.until(lambda: len(page.evaluate("Object.keys(window.seen)")) > len(before))
            call = (set(page.evaluate("Object.keys(window.seen)")) - before).pop()
            before.add(call)
            per.until(lambda: latest(house)["delivered_at"])
            told = latest(house)
            assert told["id"] == call
            shown.append(
                page.evaluate("id => window.seen[id]", call) - ms(told["registered_at"])
            )
            rang.append(ms(told["delivered_at"]) - ms(told["registered_at"]))
            crowd.close(call)
            expect(per.card).to_have_count(0)
    both = [max(pair) for pair in zip(shown, rang, strict=True)]
    return {
        "clients": CLIENTS,
        "limit_p95_ms": 300,
        "shown_ms": spread(shown),
        "ringing_stored_ms": spread(rang),
        "both_ms": spread(both),
    }


@in_house(*residents(PATIENTS), *guests(CLIENTS))
def test_a1_every_press_shows_and_rings_among_forty_other_telephones(
    house: House, telephone: Opener
) -> None:
    tell("A1 short", **press_to_ring(house, telephone, 12))


@pytest.mark.long
@pytest.mark.timeout(900)
@in_house(*residents(PATIENTS), *guests(CLIENTS))
def test_a1_two_hundred_presses(house: House, telephone: Opener) -> None:
    tell("A1", **press_to_ring(house, telephone, 200))


def race_and_close(house: House, races: int) -> None:
    """Let all guests take the same call at once, so often; each race has one winner."""
    with crowd_of(house, RACERS) as crowd:
        for number in range(races):
            house.press(WRISTS[number % len(WRISTS)])
            answers = crowd.race()
            won = [answer for answer in answers if answer["ok"]]
            lost = [answer for answer in answers if not answer["ok"]]
            assert len(won) == 1, answers
            assert {answer["by"]["id"] for answer in lost} == {latest(house)["owner"]["id"]}
            crowd.close(won[0]["call"])


@in_house(*residents(PATIENTS), *guests(RACERS), RACE)
def test_a2_of_a_hundred_races_each_has_exactly_one_winner(house: House) -> None:
    race_and_close(house, 100)


@in_house(*residents(PATIENTS), TOGETHER, *guests(1))
def test_a2_two_pages_race_and_each_says_who_took_it(house: House, telephone: Opener) -> None:
    pages = [telephone(), telephone()]
    per = Phone(pages[0]).on_shift(house, "phone-1", "carer-1", "Per H.")
    Phone(pages[1]).on_shift(house, "phone-2", "nurse-1", "Anne F.")
    waited: list[float] = []
    with crowd_of(house, 1) as crowd:
        for wrist in WRISTS[:4]:
            room = wrist.removeprefix("wrist-")
            house.press(wrist)
            for page in pages:
                expect(page.get_by_test_id("call-card")).to_contain_text(f"ROM {room}")
            pages[1].wait_for_timeout(GUARD_MS)
            call = latest(house)["id"]
            at = time.time() * 1000 + 300  # the pages' clock is this machine's
            for page in pages:
                page.evaluate(TAKE_AT, [call, room, at])
            for page in pages:
                per.until(lambda page=page: page.evaluate("window.told"))
            results = [page.evaluate("window.told") for page in pages]
            assert sorted(result["won"] for result in results) == [False, True]
            waited += [result["ms"] for result in results]
            crowd.close(call)
            for page in pages:
                expect(page.get_by_test_id("call-card")).to_have_count(0)
    tell("A2", limit_p95_ms=500, tap_to_word_ms=spread(waited))


def test_a3_a_black_hole_shows_in_time_and_heals_to_the_hubs_snapshot(
    house: House, telephone: Opener
) -> None:
    page = telephone()
    page.add_init_script(NOTE_SILENCE)
    per = Phone(page).on_shift(house, "phone-1", "carer-1", "Per H.")
    lost = page.get_by_test_id("lost-bar")
    house.move_in()

    house.freeze()
    expect(lost).to_contain_text("INGEN FORBINDELSE")
    house.press("wrist-102")
    house.thaw()
    thawed = time.monotonic()

    expect(lost).to_have_count(0)
    expect(per.card).to_contain_text("ROM 102")
    healed_s = time.monotonic() - thawed
    silences = page.evaluate("window.silences")
    assert min(silences) > 4_000, "a gap of 3 s is none"
    tell(
        "A3",
        bar_after_ms=round(silences[0]),
        limits_ms=[4000, 7000],
        healed_s=round(healed_s, 2),
    )


def test_a4_an_answer_without_contact_survives_a_reload_and_counts_once(
    house: House, telephone: Opener
) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    house.press("wrist-101")
    expect(per.card).to_contain_text("ROM 101")
    per.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    per.until(lambda: per.page.evaluate("caches.match('/h').then(Boolean)"))

    per.page.context.set_offline(True)
    expect(per.page.get_by_test_id("lost-bar")).to_be_visible()
    per.tap("Jeg tar den")
    expect(per.page.get_by_text("Ikke sendt. Andre blir fortsatt varslet.")).to_be_visible()
    assert latest(house)["state"] == "ringing"
    per.until(lambda: len(kept_taps(per.page)) == 1)
    per.page.reload()
    expect(per.page.get_by_test_id("lost-bar")).to_be_visible()
    assert latest(house)["state"] == "ringing"
    per.page.context.set_offline(False)

    per.until(lambda: latest(house)["owner"])
    assert latest(house)["owner"]["id"] == "carer-1"
    assert moves(house).count("taken") == 1


def story(house: House) -> list[dict[str, Any]]:
    """Return what happened to the newest call, oldest first."""
    told = house.console.get(f"/api/v1/calls/{latest(house)['id']}").raise_for_status().json()
    return list(told["story"])


def moves(house: House) -> list[str]:
    """Return its moves."""
    return [event["move"] for event in story(house)]


@contextmanager
def pings(page: Page) -> Iterator[Any]:
    """Let another tab of the same browser hold a socket; call to ask if it answers a ping."""
    held: list[ServerConnection] = []
    over = threading.Event()

    def hold(connection: ServerConnection) -> None:
        held.append(connection)
        over.wait()

    with serve(hold, "127.0.0.1", 0, ping_interval=None) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        port = server.socket.getsockname()[1]
        tab = page.context.new_page()
        tab.evaluate(f"new Promise(done => {{ window.s = new WebSocket('ws://127.0.0.1:{port}');"
                     " window.s.onopen = () => done(null); })")  # fmt: skip
        try:
            yield lambda: held[0].ping().wait(PATIENCE_MS / 1000)
        finally:
            over.set()
            server.shutdown()


@contextmanager
def frozen(profile: Path) -> Iterator[None]:
    """Stop what draws and runs the pages of the browser with this profile."""
    stopped = renderers(profile)
    assert stopped
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def test_a5_a_frozen_page_answers_pings_and_is_quiet_then_gone_and_its_call_moves(
    house: House, telephone: Opener, lone_telephone: Page, tmp_path: Path
) -> None:
    per = Phone(lone_telephone).on_shift(house, "phone-1", "carer-1", "Per H.")
    anne = Phone(telephone()).on_shift(house, "phone-2", "nurse-1", "Anne F.")
    house.press("wrist-101")
    expect(per.card).to_contain_text("ROM 101")
    expect(anne.card).to_contain_text("Ringer også: Per H.")

    figures: dict[str, float] = {}
    with pings(per.page) as answered, frozen(tmp_path / "profile"):
        at = time.monotonic()

        def judged(*states: str) -> bool:
            state = house.state_of("Per H.")
            figures.setdefault(f"{state}_s", round(time.monotonic() - at, 2))
            return state in states

        anne.until(lambda: judged("quiet", "gone"))
        assert answered(), "a frozen page's network process answers pings"
        anne.until(lambda: judged("gone"))
        assert answered()
        gone = time.monotonic()
        expect(anne.card).to_contain_text("Ringer bare hos deg")
        figures["moved_s"] = round(time.monotonic() - gone, 2)
        house.press("wrist-102")
        pressed = time.monotonic()
        expect(anne.page.get_by_text("1 anrop til")).to_be_visible()
        figures["next_path_s"] = round(time.monotonic() - pressed, 2)
    states = house.judgements("phone-1")
    assert states[states.index("ready") :][:3] == ["ready", "quiet", "gone"]
    tell("A5", **figures, limits_s={"quiet": 5, "gone": 9, "moved": 2})


@in_house()
def test_a5_a_call_that_no_page_says_is_ringing_goes_to_the_next_without_waiting_for_gone(
    house: House, telephone: Opener, lone_telephone: Page, tmp_path: Path
) -> None:
    Phone(lone_telephone).on_shift(house, "phone-1", "carer-1", "Per H.")
    anne = Phone(telephone()).on_shift(house, "phone-2", "nurse-1", "Anne F.")

    with frozen(tmp_path / "profile"):
        house.press("wrist-102")  # whose only contact is Per
        pressed = time.monotonic()
        expect(anne.card).to_contain_text("ROM 102")
        next_s = time.monotonic() - pressed

    reasons = [event["reason"] for event in story(house)]
    assert "no_receipt" in reasons, reasons
    tell("A5 next path", after_press_s=round(next_s, 2), limit_s=2.5)


def test_a6_a_page_whose_audio_is_suspended_is_limited_and_says_why(
    house: House, telephone: Opener
) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    per.page.reload()  # audio is suspended again until somebody touches the page
    at = time.monotonic()
    expect(per.page.get_by_test_id("handset-state")).to_contain_text("Begrenset: lyd av")
    tell("A6", limited_after_s=round(time.monotonic() - at, 2))
    expect(per.page.get_by_test_id("sound-off")).to_be_visible()
    per.until(lambda: house.state_of("Per H.") == "limited")


def test_a8_a_reload_in_a_call_shows_the_card_with_the_hubs_age(
    house: House, telephone: Opener
) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    house.press("wrist-101")
    expect(per.card).to_be_visible()
    # A telephone whose clock is an hour ahead: the age is still the hub's.
    per.page.add_init_script("const own = Date.now; Date.now = () => own() + 3_600_000;")
    at = time.monotonic()
    per.page.reload()
    expect(per.card).to_contain_text("ROM 101")
    tell("A8", card_after_s=round(time.monotonic() - at, 2))
    expect(per.card).to_contain_text(re.compile(r"(^|\D)0:\d\d ubesvart"))


def test_a9_a_push_names_nobody_and_takes_the_call_once(
    house: House, lone_telephone: Page
) -> None:
    page = lone_telephone
    page.context.grant_permissions(["notifications", "screen-wake-lock"], origin=house.url)
    per = Phone(page).on_shift(house, "phone-1", "carer-1", "Per H.")
    house.press("wrist-101")
    expect(per.card).to_contain_text("ROM 101")
    call = latest(house)["id"]
    deliver = pushing(page, house, f'{{"call":"{call}"}}')
    worker = page.context.service_workers[0]

    def told() -> bool:
        deliver()  # a push service delivers again too; the same call replaces its notice
        page.wait_for_timeout(500)
        return worker.evaluate("registration.getNotifications().then(n => n.length)") == 1

    per.until(told)
    (shown,) = worker.evaluate(
        """() => registration.getNotifications().then(all => all.map(one => ({
          title: one.title, body: one.body, actions: one.actions.map(a => a.title),
        })))"""
    )
    assert shown == {
        "title": "Nytt anrop",
        "body": "Åpne Bjelle",
        "actions": ["Jeg tar den", "Vis anropet"],
    }

    worker.evaluate(  # two touches of the same button: one operation
        """async () => {
          const [notification] = await registration.getNotifications();
          for (const _ of [1, 2]) {
            self.dispatchEvent(
              new NotificationEvent("notificationclick", {notification, action: "take"}));
          }
        }"""
    )

    expect(per.card).to_have_attribute("data-stage", "way")
    assert latest(house)["owner"]["id"] == "carer-1"
    assert moves(house).count("taken") == 1


def pushing(page: Page, house: House, data: str) -> Callable[[], object]:
    """Return what delivers a push message as the browser's push service would."""
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    devtools = page.context.new_cdp_session(page)
    found: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(one["registrationId"] for one in told["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    for _ in range(100):
        if found:
            break
        page.wait_for_timeout(50)
    message = {"origin": house.url, "registrationId": found[0], "data": data}
    return lambda: devtools.send("ServiceWorker.deliverPushMessage", message)


@in_house(TOGETHER, SOON)
def test_a12_who_does_not_arrive_loses_the_call_once_and_a_new_press_rings_again(
    house: House, telephone: Opener
) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    house.press("wrist-101")
    per.tap("Jeg tar den")
    expect(per.card).to_have_attribute("data-stage", "way")

    expect(per.card).to_have_attribute("data-stage", "incoming", timeout=90_000)
    expect(per.card).to_contain_text("Åpnet igjen")
    assert moves(house).count("reopened") == 1
    shot(per.page, "real-reopened")
    house.press("wrist-101")
    expect(per.card).to_contain_text(re.compile(r"[Tt]rykket 2 ganger|igjen"))
    per.until(lambda: "pressed_again" in moves(house))
    per.tap("Jeg tar den")
    per.tap("Jeg er hos pasienten")
    per.tap("Avslutt")
    per.tap("Hjulpet")
    expect(per.page.get_by_test_id("calm")).to_be_visible()
    assert latest(house)["state"] == "closed"
    assert moves(house).count("reopened") == 1


def test_a14_the_page_is_small_and_its_first_card_is_early_on_a_slow_telephone(
    house: House, telephone: Opener
) -> None:
    html = (DIST / "handset.html").read_text()
    files = re.findall(r'(?:src|href)="(/assets/[^"]+\.(?:js|css))"', html)
    size = sum(len(gzip.compress((DIST / one.lstrip("/")).read_bytes(), 9)) for one in files)
    assert files
    assert size <= 110_000

    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    house.press("wrist-101")
    expect(per.card).to_be_visible()
    per.page.add_init_script(
        """new MutationObserver((_, self) => {
          if (!document.querySelector("[data-testid=call-card]")) return;
          window.firstCard = performance.now();
          self.disconnect();
        }).observe(document, {childList: true, subtree: true});"""
    )
    per.page.context.new_cdp_session(per.page).send(
        "Emulation.setCPUThrottlingRate", {"rate": 4}
    )
    took: list[float] = []
    for _ in range(5):
        per.page.reload()
        per.until(lambda: per.page.evaluate("window.firstCard"))
        took.append(per.page.evaluate("window.firstCard"))
    tell("A14", gzipped_bytes=size, first_card_cpu4_ms=spread(took), limit_ms=1000)
