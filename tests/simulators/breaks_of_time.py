"""Scenes that break the truths of ids, answers, restarts and the end of the night."""

from dataclasses import replace

from routing.calls import CallState
from routing.effects import (
    Reply,
)
from routing.events import (
    CallTaken,
    SignalReceived,
    TimePassed,
)
from routing.readings import BedChanged
from routing.state import State
from tests.simulators.breaks import CALL, breaks, only_on, without
from tests.simulators.scene import (
    Effects,
    Scene,
    with_call,
)

# --- ids, answers, time, restarts ---


@breaks("a-call-id-is-used-once")
def an_id_is_used_again() -> Scene:
    scene = Scene().press().rings()
    scene.state = replace(scene.state, calls={}, open=(), next_call=1, due=None)
    return scene.after(5).press()


@breaks("a-tap-has-one-answer")
def a_tap_is_not_answered() -> Scene:
    @only_on(CallTaken)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return after, without(effects, Reply)

    scene = Scene().press().rings().after(5).spoilt(spoil)
    return scene.do(CallTaken(CALL, scene.by()))


@breaks("time-never-goes-back")
def time_stands_still() -> Scene:
    @only_on(SignalReceived)
    def spoil(before: State, after: State, effects: Effects) -> tuple[State, Effects]:
        return replace(after, now=before.now), effects

    return Scene().after(10).spoilt(spoil).signal(BedChanged(occupied=True))


@breaks("a-step-never-raises")
def a_step_raises() -> Scene:
    scene = Scene()
    scene.watch.raised(TimePassed(), scene.now, ValueError("no such move"))
    return scene


@breaks("a-restart-changes-nothing")
def a_restart_forgets() -> Scene:
    scene = Scene().press()
    scene.watch.restarted((), replace(scene.state, waiting={}, next_call=1), scene.state)
    return scene


# --- the end of the night ---


@breaks("every-call-is-heard")
def a_call_is_never_heard() -> Scene:
    scene = Scene().press()
    scene.state = with_call(scene.state, replace(scene.call, state=CallState.TAKEN))
    return scene.ends()


@breaks("every-call-is-taken-care-of")
def a_call_keeps_ringing() -> Scene:
    return Scene().press().rings().after(90).ends()


@breaks("every-handset-shows-the-state")
def a_handset_rings_for_nothing() -> Scene:
    return Scene().ends(phones=(("handset-1", (CALL,), ()),))


@breaks("the-journal-replays")
def replay_differs() -> Scene:
    return Scene().ends(replayed="row 3 gave other effects")


@breaks("an-accepted-press-is-in-the-journal")
def a_press_is_not_in_the_journal() -> Scene:
    return Scene().ends(unjournaled=(17,))
