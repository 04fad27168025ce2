"""A telephone is judged by its page's answers, not by its socket."""

from dataclasses import replace

import pytest

from hub.watchdog import (
    IN_CHARGER_S,
    Facts,
    Watch,
    answered,
    forgive,
    in_charger,
    judge,
)
from routing.events import HandsetState

FINE = Facts(visible=True, audio=True, wake_lock=True, painted_ms=16, battery_percent=80)
READY = (HandsetState.READY, ())


def ready_at(now: float) -> Watch:
    return answered(Watch(answered_at=now), FINE, now)


@pytest.mark.parametrize(
    ("silent_s", "state"),
    [
        (0.0, HandsetState.READY),
        (3.9, HandsetState.READY),
        (4.0, HandsetState.QUIET),
        (8.0, HandsetState.QUIET),
        (8.1, HandsetState.GONE),
        (3600.0, HandsetState.GONE),
    ],
)
def test_silence_makes_a_telephone_quiet_then_gone(
    silent_s: float, state: HandsetState
) -> None:
    assert judge(ready_at(100.0), 100.0 + silent_s) == (state, ())


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (Facts(visible=False, audio=True, wake_lock=True), "hidden"),
        (Facts(visible=True, audio=True, wake_lock=True, painted_ms=5001), "hidden"),
        (Facts(visible=True, audio=False, wake_lock=True), "audio_off"),
        (Facts(visible=True, audio=True, wake_lock=False), "no_wake_lock"),
        (Facts(visible=True, audio=True, wake_lock=True, battery_percent=9), "low_battery"),
    ],
)
def test_a_fact_false_for_more_than_5_s_limits_a_ready_telephone(
    facts: Facts, reason: str
) -> None:
    watch = answered(ready_at(0.0), facts, 2.0)
    watch = answered(watch, facts, 6.9)
    assert judge(watch, 6.9) == READY
    watch = answered(watch, facts, 8.0)
    assert judge(watch, 8.0) == (HandsetState.LIMITED, (reason,))


def test_a_weak_battery_on_the_charger_is_no_limit() -> None:
    facts = Facts(True, True, True, battery_percent=5, charging=True)
    assert judge(answered(Watch(0.0), facts, 0.0), 0.0) == READY


def test_a_telephone_that_was_never_ready_is_limited_at_once() -> None:
    silent = Facts(visible=True, audio=False, wake_lock=True)
    watch = answered(Watch(answered_at=0.0), silent, 0.2)
    assert judge(watch, 0.2) == (HandsetState.LIMITED, ("audio_off",))


def test_a_limited_telephone_is_ready_as_soon_as_it_can_again() -> None:
    watch = answered(Watch(0.0), Facts(visible=False, audio=True, wake_lock=True), 1.0)
    assert judge(answered(watch, FINE, 3.0), 3.0) == READY


def test_nothing_is_judged_before_the_page_spoke_until_8_s_have_passed() -> None:
    watch = Watch(answered_at=10.0)
    assert judge(watch, 10.0) is None
    assert judge(watch, 17.9) is None
    assert judge(watch, 18.1) == (HandsetState.GONE, ())


def test_a_hub_that_stood_still_does_not_blame_the_telephones() -> None:
    watch = forgive(ready_at(0.0), 60.0)
    assert judge(watch, 61.0) == READY
    assert judge(watch, 69.0) == (HandsetState.GONE, ())


def test_only_a_telephone_that_was_carried_and_rests_in_the_charger_is_asked() -> None:
    carried = replace(FINE, charging=False)
    put_away = replace(FINE, charging=True)
    fresh = answered(Watch(0), put_away, 1)
    assert not in_charger(fresh, 1000), "it began its shift there"
    watch = answered(answered(fresh, carried, 2), put_away, 3)
    assert not in_charger(watch, 3 + IN_CHARGER_S - 0.1)
    watch = answered(watch, put_away, 12)
    assert in_charger(watch, 3 + IN_CHARGER_S)
    assert not in_charger(answered(watch, carried, 20), 100), "picked up again"


def test_a_browser_that_does_not_tell_is_never_asked() -> None:
    watch = answered(answered(Watch(0), FINE, 1), replace(FINE, charging=None), 2)
    assert not in_charger(watch, 1000)
