"""What the pretended house found in the core, each as a scene of its own."""

from routing.events import Arrived, CallDeclined, CallTaken, HelpAsked, Left
from routing.ids import CallId
from routing.plan import CallType, Priority
from tests.simulators.scene import CARER, NURSE, STUDENT, Scene

CALL = CallId("1-1")


def test_an_owner_who_gives_a_call_back_leaves_it_ringing_with_somebody_else() -> None:
    scene = Scene().press().rings().after(5)
    scene.do(CallTaken(CALL, scene.by())).after(5)

    scene.do(CallDeclined(CALL, scene.by(), "busy"))

    assert NURSE[1] in scene.call.ringing
    assert CARER[1] not in scene.call.ringing
    assert scene.broken == ()


def test_a_call_given_back_by_the_only_one_reachable_rings_on_as_the_last_resort() -> None:
    scene = Scene(nobody_else=True).press().rings().after(5)
    scene.do(CallTaken(CALL, scene.by())).after(5)

    scene.do(CallDeclined(CALL, scene.by(), "busy"))

    assert CARER[1] in scene.call.ringing
    assert scene.call.rung == len(scene.call.ladder.rungs)
    assert scene.broken == ()


def test_a_call_given_back_does_not_leave_a_student_alone() -> None:
    scene = Scene().press().rings().after(70)
    scene.do(CallTaken(CALL, scene.by())).after(5)

    scene.do(CallDeclined(CALL, scene.by(), "busy"))

    rung = {ringing.staff for ringing in scene.call.ringing.values()}
    assert rung != {STUDENT[0]}
    assert scene.broken == ()


def test_the_third_unanswered_press_does_not_make_the_step_raise() -> None:
    scene = Scene().press().rings().after(20).press().after(20)

    scene.press()

    assert scene.call.priority is Priority.URGENT
    assert scene.broken == ()


def test_a_responder_who_becomes_owner_counts_once() -> None:
    scene = Scene()
    scene.do(HelpAsked(scene.by(STUDENT), emergency=True))
    emergency = scene.call.id
    assert scene.call.type is CallType.EMERGENCY
    for who in (CARER, NURSE):
        scene.after(3).do(CallTaken(emergency, scene.by(who)))
    for who in (CARER, NURSE):
        scene.after(9).do(Arrived(emergency, scene.by(who)))

    scene.after(60).do(Left(emergency, scene.by(CARER)))

    assert scene.call.owner == NURSE[0]
    assert scene.call.responders == ()
    assert scene.broken == ()
