"""How the pages look and behave, shown cards that a real house seldom has together."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from hub.api import frames
from routing.plan import CallType
from tests.browser.chromium import Opener, shot, violations
from tests.browser.phone import GUARD_MS, kept_taps, until
from tests.browser.silence import NOTE_SILENCE
from tests.browser.stage import ME, PER, Stage, card, fault, mine, now, on_shift, there

pytestmark = [pytest.mark.browser, pytest.mark.timeout(480)]

ISOLATED = card(
    isolation="Munnbind og hansker", pressed=4, note="Fall sist uke. Rullator. Hører dårlig."
)
TEN = [
    card(
        id=f"1-{n}",
        priority=n % 4,
        ring=1 if n < 5 else 0,
        room=frames.RoomFace(f"{n}", f"{200 + n}", "2", "Sør"),
    )
    for n in range(10)
]
STATES: dict[str, list[frames.Card]] = {
    "calm": [],
    "incoming": [ISOLATED],
    "emergency": [
        card(type=CallType.EMERGENCY, priority=0, patient=None, why="Per ber om nødhjelp")
    ],
    "assistance": [
        card(type=CallType.ASSIST, patient=None, why="Liv trenger hjelp på rom 207")
    ],
    "technical": [fault()],
    "ten": TEN,
    "on-the-way": [mine()],
    "there": [there()],
}


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_no_screen_of_a_telephone_breaks_wcag(
    stage: Stage, telephone: Opener, lang: str
) -> None:
    page = on_shift(telephone(), stage, lang=lang)
    for scheme in ("light", "dark"):
        page.evaluate("scheme => document.documentElement.dataset.colorScheme = scheme", scheme)
        for name, cards in STATES.items():
            stage.put(*cards)
            expect(page.get_by_test_id("call-card" if cards else "calm")).to_be_visible()
            shot(page, f"{name}-{lang}-{scheme}")
            assert violations(page) == [], f"{name}, {lang}, {scheme}"
    assert page.locator("html").get_attribute("lang") == lang


def test_no_page_breaks_wcag(stage: Stage, telephone: Opener) -> None:
    stage.signed_in = stage.enrolled = False
    page = telephone()
    for path in ("/h", "/", "/tavle", "/demo"):
        for lang in ("nb", "en"):
            page.goto(f"{stage.url}{path}?lang={lang}")
            page.wait_for_selector("h1, main")
            assert violations(page) == [], f"{path} {lang}"


def test_a11_the_answer_is_large_and_low_and_everything_fits_360_by_740(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage, ISOLATED)

    take = page.get_by_role("button", name="Jeg tar den").bounding_box()
    assert take
    assert take["height"] >= 88
    assert take["y"] >= 740 * 0.55
    assert take["y"] + take["height"] <= 740
    for name in ("Kan ikke", "Overfør"):
        other = page.get_by_role("button", name=name).bounding_box()
        assert other
        assert other["height"] >= 56
        assert other["y"] + other["height"] <= 740
        assert other["y"] - (take["y"] + take["height"]) >= 12
    room = page.get_by_role("heading", name="ROM 204")
    assert room.evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= 48
    expect(page.get_by_text("Munnbind og hansker")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("name", list(STATES))
def test_a11_nothing_needs_sideways_scrolling_at_320_px_or_twice_the_text(
    stage: Stage, telephone: Opener, name: str
) -> None:
    page = on_shift(telephone(320, 640), stage, *STATES[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("document.documentElement.style.fontSize = '36px'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    shot(page, f"{name}-text-200")
    if STATES[name] and name != "ten":
        expect(page.locator(".actions .tap-big")).to_be_visible()


def test_a7_audio_is_suspended_on_a_fresh_load_and_runs_after_the_pin(
    stage: Stage, telephone: Opener
) -> None:
    stage.signed_in = False
    page = telephone()
    # The page itself tells: evaluate() would count as a touch and prove nothing (UX 0.10).
    page.add_init_script(
        """
        const Real = window.AudioContext;
        window.AudioContext = class extends Real {
          constructor(...given) {
            super(...given);
            const tell = () => document.documentElement.setAttribute("data-audio", this.state);
            tell();
            this.addEventListener("statechange", tell);
          }
        };
        """
    )
    stage.signed_in = True
    stage.cards = [card()]
    page.goto(f"{stage.url}/h")
    expect(page.get_by_test_id("sound-off")).to_have_text("Lyd er av. Trykk for å slå på lyd")
    expect(page.locator("html")).to_have_attribute("data-audio", "suspended")
    until(page, lambda: stage.said(frames.Alive))
    assert not stage.said(frames.Alive)[-1].audio
    assert "ringing" not in [r.kind for r in stage.said(frames.Receipt)]

    stage.signed_in = False
    stage.cards = []
    page.reload()
    page.get_by_role("button", name="Aisha").wait_for()
    page.wait_for_timeout(GUARD_MS)
    page.get_by_role("button", name="Aisha").click()
    for digit in "1234":
        page.get_by_role("button", name=digit, exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-audio", "running")


def test_a_ring_is_received_sounds_and_is_seen_and_said_to_be_each_once(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage)
    page.get_by_test_id("calm").click()

    stage.ring(card())

    expect(page.get_by_test_id("call-card")).to_be_visible()
    until(page, lambda: len(stage.said(frames.Receipt)) >= 3)
    page.wait_for_timeout(1_500)
    assert sorted(r.kind for r in stage.said(frames.Receipt)) == ["received", "ringing", "seen"]
    until(page, lambda: stage.said(frames.Alive)[-1].ringing == ("1-7",))
    assert stage.said(frames.Alive)[-1].audio


def test_a10_a_tap_in_the_first_400_ms_is_ignored_and_a_later_one_counts(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage)
    # Played by the page itself: the round trip of a test is longer than the guard.
    page.evaluate(
        """() => new MutationObserver((_, self) => {
          const button = document.querySelector('.call .tap-big');
          if (button) { self.disconnect(); button.click(); }
        }).observe(document.body, {childList: true, subtree: true})"""
    )

    stage.ring(card())

    expect(page.get_by_test_id("call-card")).to_be_visible()
    page.wait_for_timeout(GUARD_MS)
    assert stage.said(frames.Op) == []
    page.get_by_role("button", name="Jeg tar den").click()
    until(page, lambda: stage.said(frames.Op))
    assert [op.action for op in stage.said(frames.Op)] == ["take"]


def test_a10_a_take_can_be_undone_for_5_s(stage: Stage, telephone: Opener) -> None:
    page = on_shift(telephone(), stage, card())
    page.wait_for_timeout(GUARD_MS)
    page.get_by_role("button", name="Jeg tar den").click()
    until(page, lambda: stage.said(frames.Op))
    stage.put(mine(taken_at=now()))
    page.wait_for_timeout(GUARD_MS)

    page.get_by_role("button", name="Angre").click()

    until(page, lambda: [op.action for op in stage.said(frames.Op)] == ["take", "undo"])


def test_the_screens_follow_the_call_from_taken_to_closed(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage, mine(arrive_by=now() + timedelta(seconds=90)))
    expect(page.get_by_test_id("call-card")).to_have_attribute("data-stage", "way")
    expect(page.get_by_text("Fremme innen 1:")).to_be_visible()
    stage.put(there())
    expect(page.get_by_test_id("call-card")).to_have_attribute("data-stage", "there")
    page.wait_for_timeout(GUARD_MS)
    page.get_by_role("button", name="Avslutt", exact=True).click()
    page.wait_for_timeout(GUARD_MS)
    page.get_by_role("button", name="Ikke behov").click()
    until(page, lambda: stage.said(frames.Op))
    assert stage.said(frames.Op)[0].outcome == "not_needed"


def test_who_is_on_the_way_may_say_that_they_cannot_after_all(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage, mine())
    for name in ("Overfør", "Den som kan ringer igjen med en gang"):
        page.wait_for_timeout(GUARD_MS)
        page.get_by_role("button", name=name, exact=True).click()
    until(page, lambda: stage.said(frames.Op))
    assert [(op.action, op.reason) for op in stage.said(frames.Op)] == [("decline", "none")]


def test_who_comes_to_an_emergency_as_the_second_may_say_that_they_cannot(
    stage: Stage, telephone: Opener
) -> None:
    can = (frames.Action.DECLINE, frames.Action.ARRIVE)
    page = on_shift(telephone(), stage, mine(type=CallType.EMERGENCY, owner=PER, can=can))
    for name in ("Kan ikke", "Opptatt hos pasient"):
        page.wait_for_timeout(GUARD_MS)
        page.get_by_role("button", name=name, exact=True).click()
    until(page, lambda: stage.said(frames.Op))
    assert [(op.action, op.reason) for op in stage.said(frames.Op)] == [("decline", "busy")]


def test_who_is_with_the_patient_hands_over_and_sees_that_the_colleague_has_it(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage, there())
    for name in ("Overfør", re.compile("^Per")):
        page.wait_for_timeout(GUARD_MS)
        page.get_by_role("button", name=name).click()
    until(page, lambda: stage.said(frames.Op))
    assert [(op.action, op.to) for op in stage.said(frames.Op)] == [("hand_over", "per")]

    stage.put(there(owner=PER, mine=False))
    expect(page.get_by_text("Per tok den for")).to_be_visible()
    shot(page, "handed-over")


@pytest.mark.parametrize("where", ["way", "there"])
def test_who_is_at_it_already_and_is_offered_it_can_take_it(
    stage: Stage, telephone: Opener, where: str
) -> None:
    can = (frames.Action.TAKE, frames.Action.DECLINE, frames.Action.ARRIVE)
    known = mine if where == "way" else there
    emergency = known(type=CallType.EMERGENCY, owner=PER, offered=True, ring=1, can=can)
    page = on_shift(telephone(), stage, emergency)
    expect(page.get_by_text("Noen vil overføre dette anropet til deg")).to_be_visible()
    shot(page, f"offered-{where}")
    page.wait_for_timeout(GUARD_MS)
    page.get_by_role("button", name="Jeg tar den").click()
    until(page, lambda: stage.said(frames.Op))
    assert [op.action for op in stage.said(frames.Op)] == ["take"]


def test_the_telephone_says_who_took_it_and_falls_silent(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage, card())
    # Calm shows before the hub has said anything: what is taken must have rung here first.
    expect(page.get_by_test_id("call-card")).to_be_visible()
    stage.ring(card(state="taken", ring=0, owner=PER, taken_at=now(), can=()))
    expect(page.get_by_test_id("notices")).to_have_text("Per tok den (rom 204)")
    until(page, lambda: stage.said(frames.Alive) and stage.said(frames.Alive)[-1].ringing == ())


def test_a_new_ring_comes_in_front_of_whatever_is_open(stage: Stage, telephone: Opener) -> None:
    page = on_shift(telephone(), stage, there())
    page.wait_for_timeout(GUARD_MS)
    page.get_by_role("button", name="Avslutt", exact=True).click()
    stage.ring(card(id="1-8", type=CallType.EMERGENCY, priority=0))
    expect(page.get_by_test_id("call-card")).to_have_attribute("data-call", "1-8")


def test_a4_silence_shows_and_an_answer_then_silences_nobody(
    stage: Stage, telephone: Opener
) -> None:
    page = telephone()
    page.add_init_script(NOTE_SILENCE)
    on_shift(page, stage, card())
    until(page, lambda: stage.said(frames.Alive))
    stage.silent = True
    expect(page.get_by_test_id("lost-bar")).to_contain_text("INGEN FORBINDELSE")
    assert min(page.evaluate("window.silences")) > 4_000, "a gap of 3 s is none"
    assert violations(page) == []

    page.get_by_role("button", name="Jeg tar den").click()

    expect(page.get_by_text("Ikke sendt. Andre blir fortsatt varslet.")).to_be_visible()
    shot(page, "offline-accept")
    heard = len(stage.said(frames.Op))
    stage.silent = False
    until(
        page,
        lambda: (
            len(stage.said(frames.Op)) > heard or not page.get_by_test_id("lost-bar").count()
        ),
    )
    expect(page.get_by_test_id("lost-bar")).to_have_count(0)
    until(page, lambda: stage.said(frames.Op))
    assert len({op.op for op in stage.said(frames.Op)}) == 1


def test_help_asked_for_without_contact_is_never_called_sent(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage)
    until(page, lambda: stage.said(frames.Alive))
    stage.silent = True
    expect(page.get_by_test_id("lost-bar")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vet ikke om noen ringer")
    page.get_by_role("button", name="Be om hjelp").dblclick()
    expect(page.get_by_role("button", name="Ikke sendt ennå")).to_be_visible()
    stage.silent = False
    expect(page.get_by_role("button", name="Hjelp er bedt om")).to_be_visible()
    assert {op.action for op in stage.said(frames.Op)} == {"assist"}


def test_an_unanswered_tap_survives_a_reload_and_is_sent_with_the_same_id(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage, card())
    stage.answering = False
    page.wait_for_timeout(GUARD_MS)
    page.get_by_role("button", name="Jeg tar den").click()
    until(page, lambda: stage.said(frames.Op))
    until(page, lambda: len(kept_taps(page)) == 1)
    page.reload()
    until(page, lambda: len(stage.said(frames.Op)) > 1)
    assert len({op.op for op in stage.said(frames.Op)}) == 1


def test_a8_a_page_opened_without_a_network_shows_its_shell_and_nobodys_data(
    stage: Stage, telephone: Opener
) -> None:
    page = on_shift(telephone(), stage, card())
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    until(page, lambda: page.evaluate("caches.match('/h').then(Boolean)"))
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_test_id("lost-bar")).to_contain_text("INGEN FORBINDELSE")
    assert "Kari" not in page.content()
    kept = page.evaluate(
        """async () => {
          const texts = [];
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) {
              texts.push(await (await cache.match(request)).text());
            }
          }
          return texts.join() + JSON.stringify(localStorage) + JSON.stringify(sessionStorage);
        }"""
    )
    assert "Kari" not in kept
    assert ME.name not in kept


def test_no_page_asks_another_origin_for_anything(stage: Stage, telephone: Opener) -> None:
    asked: list[str] = []
    page = telephone()
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/h", "/", "/tavle", "/demo"):
        page.goto(f"{stage.url}{path}")
        page.wait_for_selector("h1, main")
    own = (stage.url, stage.url.replace("http", "ws"), "data:")
    assert [url for url in asked if not url.startswith(own)] == []


def test_the_board_says_when_it_is_old(stage: Stage, telephone: Opener) -> None:
    board = {
        "now": now().isoformat(),
        "house": "Solvik helsehus",
        "calls": [
            {
                "id": "1-7", "type": "patient", "priority": 1, "state": "ringing",
                "room": "204",
                "why": "Trykket på armbåndet", "reason": "help_pressed",
                "practice": False, "late": False,
                "opened_at": now().isoformat(), "pressed": 1, "owner": None, "taken_at": None,
                "present": [],
            }
        ],
        "staff": [],
        "store": "recorded",
        "broker_up": True,
    }  # fmt: skip
    stage.answers["/api/v1/board"] = board
    page = telephone(1280, 800, touch=False)
    page.goto(f"{stage.url}/tavle")
    expect(page.get_by_test_id("board-call")).to_contain_text("Haster")
    expect(page.get_by_test_id("board-call")).to_contain_text("Ingen har tatt")
    assert violations(page) == []

    page.context.set_offline(True)

    expect(page.get_by_role("alert")).to_contain_text("TAVLEN ER IKKE OPPDATERT siden")
    expect(page.locator("main")).to_have_attribute("data-stale", "true")
    shot(page, "board-stale")
    assert violations(page) == []
