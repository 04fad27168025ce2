"""People come and go, telephones fall silent, rings are confirmed."""

from routing.calls import CallState
from routing.draft import RECEIPT_WITHIN
from routing.effects import Move, Note, Reason, Show
from routing.events import (
    HandsetState,
    ReceiptGiven,
    ReceiptKind,
    SignedIn,
    SignedOut,
    Started,
)
from routing.ids import CallId, HandsetId, StaffId
from routing.state import HandsetNow
from routing.step import next_deadline
from tests.routing.night import (
    Night,
    arrive,
    press,
    reports,
    sign_in,
    sign_out,
    take,
    telephone,
)


def test_capability_10_routing_follows_who_signed_in() -> None:
    night = Night(on_duty=("per",))
    night.at("02:14", press())
    assert night.rung() == ["per"]


def test_a_sign_in_alone_makes_no_telephone_ready_but_it_rings_beside_the_next() -> None:
    night = Night(on_duty=("per",)).at("02:00", sign_in("anne"))
    now = night.state.handsets[telephone("anne")]
    assert (now.state, now.reasons) == (HandsetState.LIMITED, ("unheard",))
    night.at("02:14", press())
    assert set(night.rung()) == {"anne", "per"}
    night.at("02:15", reports("anne", HandsetState.READY))
    assert night.state.handsets[telephone("anne")].state is HandsetState.READY


def test_an_owner_who_signs_out_gives_the_call_back() -> None:
    night = Night().at("02:14", press()).at("02:14:10", take("anne"))
    night.at("02:15", sign_out("anne")).noted(Move.REOPENED)
    assert night.rung() == ["per"]
    night.at("02:15:05", sign_out("anne")).expects()


def test_who_signs_out_gives_back_no_call_of_somebody_else() -> None:
    night = Night().at("02:14", press()).at("02:14:10", take("anne"))
    night.at("02:15", sign_out("per")).expects()
    assert night.call().owner == "anne"


def test_who_took_it_and_signs_out_leaves_it_with_the_colleague_who_is_there() -> None:
    night = Night().at("02:14", press()).at("02:14:10", take("anne"), arrive("per"))
    night.at("02:15", sign_out("anne")).expects()
    assert (night.call().state, night.call().present) == (CallState.PRESENT, ("per",))


def test_who_was_at_the_place_and_signs_out_gives_the_call_back() -> None:
    night = Night().at("02:14", press()).at("02:14:10", arrive("anne"))
    night.at("02:15", sign_out("anne"))
    assert (night.call().state, night.call().present) == (CallState.RINGING, ())


def test_one_of_two_at_the_place_may_sign_out() -> None:
    night = Night().at("02:14", press()).at("02:14:10", arrive("anne"), arrive("per"))
    night.at("02:15", sign_out("per")).expects()
    assert night.call().present == ("anne",)


def test_a_telephone_that_goes_does_not_lose_a_taken_call_before_its_time() -> None:
    night = Night().at("02:14", press()).at("02:14:10", take("anne"))
    night.at("02:15", reports("anne", HandsetState.GONE)).expects()
    night.at("02:19:10")
    assert night.rung() == ["per"]


def test_the_next_person_on_a_telephone_signs_the_former_out() -> None:
    night = Night().at("02:14", press()).at("02:14:10", take("anne"))
    night.at("02:15", SignedIn(telephone("anne"), StaffId("eva")))
    assert night.call().owner is None
    assert night.state.handsets[telephone("anne")].staff == "eva"


def test_a_report_that_a_telephone_is_signed_off_is_a_sign_out() -> None:
    night = Night().at("02:14", press())
    night.at("02:14:10", reports("anne", HandsetState.SIGNED_OFF)).expects(
        "still 1-1 anne owner_signed_out"
    )
    night.at("02:14:11", reports("anne", HandsetState.SIGNED_OFF)).expects()


def test_a_telephone_that_was_put_down_is_nobodys_from_then_on() -> None:
    night = Night(on_duty=()).at("02:00", sign_in("anne", "b"))
    night.at("02:14", sign_out("anne"))
    put_down = HandsetNow(HandsetState.SIGNED_OFF, night.now)
    assert night.state.handsets[telephone("anne")] == put_down

    night.at("02:15", reports("nobody", HandsetState.SIGNED_OFF)).expects()
    assert night.state.handsets[telephone("nobody")].staff is None


def test_it_is_known_since_when_a_telephone_is_as_it_is() -> None:
    night = Night(on_duty=())

    def since() -> tuple[HandsetState, str]:
        now = night.state.handsets[telephone("anne")]
        assert now.since is not None
        return now.state, f"{now.since:%H:%M}"

    night.at("02:00", sign_in("anne"))
    assert since() == (HandsetState.LIMITED, "02:00")
    night.at("02:01", reports("anne", HandsetState.READY))
    night.at("02:02", reports("anne", HandsetState.READY))
    assert since() == (HandsetState.READY, "02:01")
    night.at("02:03", sign_in("anne"))
    assert since() == (HandsetState.LIMITED, "02:03")


def test_a_telephone_that_is_still_gone_after_a_start_is_not_rung() -> None:
    night = Night(on_duty=("anne", "per")).at("02:13", reports("anne", HandsetState.GONE))
    night.at("02:14", press())
    night.at("02:14:50", Started(2, "test", "test", night.clock("02:14:58")))

    night.at("02:14:51", reports("anne", HandsetState.GONE)).expects()


def test_a_telephone_that_nobody_holds_is_not_rung() -> None:
    night = Night()
    night.at("02:13", reports("eva", HandsetState.READY))
    night.at("02:14", press())
    assert "eva" not in night.rung()


def test_signing_in_on_a_telephone_that_was_gone_is_contact() -> None:
    night = Night(on_duty=("per",)).at("02:13", reports("anne", HandsetState.GONE))
    night.at("02:13:10", sign_in("anne")).at("02:14", press())
    assert night.rung() == ["anne", "per"]


def test_receipts_are_kept_and_the_first_ringing_is_the_delivery() -> None:
    night = Night(mute=(telephone("anne"), telephone("per")))
    night.at("02:14:00", press())
    tell = [
        ReceiptGiven(telephone("anne"), CallId("1-1"), kind)
        for kind in (
            ReceiptKind.SENT,
            ReceiptKind.RECEIVED,
            ReceiptKind.RINGING,
            ReceiptKind.SEEN,
        )
    ]
    night.at("02:14:01", *tell).noted(Move.RANG, Move.SEEN)
    assert night.call().rang_at == night.now
    assert night.call().ringing[telephone("anne")].receipt is ReceiptKind.SEEN
    night.at("02:14:02", *tell).noted()
    stray = ReceiptGiven(HandsetId("x"), CallId("1-1"), ReceiptKind.RINGING)
    night.at("02:14:03", stray, ReceiptGiven(HandsetId("x"), CallId("9"), ReceiptKind.RINGING))
    night.noted()


def test_how_far_a_ring_came_is_kept_with_its_time_before_anything_sounds() -> None:
    night = Night(mute=(telephone("anne"), telephone("per"))).at("02:14:00", press())
    anne, per = (telephone(one) for one in ("anne", "per"))
    night.at("02:14:01", ReceiptGiven(anne, CallId("1-1"), ReceiptKind.RECEIVED))
    reached = night.now
    night.at("02:14:01.5", ReceiptGiven(anne, CallId("1-1"), ReceiptKind.SENT))
    ringing = night.call().ringing[anne]
    assert (ringing.receipt, ringing.receipt_at) == (ReceiptKind.RECEIVED, reached)

    night.at("02:14:01.7", ReceiptGiven(anne, CallId("1-1"), ReceiptKind.RINGING))
    sounded = night.now
    night.at("02:14:01.9", ReceiptGiven(per, CallId("1-1"), ReceiptKind.RINGING))
    assert night.call().rang_at == sounded, "when the first of them sounded"


def test_a_receipt_tells_no_telephone_and_only_the_first_that_sounds_moves_a_deadline() -> None:
    both = telephone("anne"), telephone("per")
    night = Night(mute=both)
    night.at("02:14:00", press())
    waits = next_deadline(night.state)
    assert waits == night.now + RECEIPT_WITHIN
    received = [ReceiptGiven(one, CallId("1-1"), ReceiptKind.RECEIVED) for one in both]
    night.at("02:14:01", *received).expects()
    assert next_deadline(night.state) == waits
    sounds = [ReceiptGiven(one, CallId("1-1"), ReceiptKind.RINGING) for one in both]
    night.at("02:14:01.2", sounds[0]).noted(Move.RANG)
    climbs = next_deadline(night.state)
    assert climbs == night.call().climbs_at
    night.at("02:14:01.4", sounds[1]).noted(Move.RANG)
    assert next_deadline(night.state) == climbs
    assert not any(isinstance(one, Show) for one in night.effects)


def test_a_ringing_receipt_after_a_repeat_says_so() -> None:
    night = Night(mute=(telephone("anne"), telephone("per")))
    night.at("02:14:00", press()).at("02:14:01", press())
    night.at("02:14:01.5", ReceiptGiven(telephone("per"), CallId("1-1"), ReceiptKind.RINGING))
    note = next(one for one in night.effects if isinstance(one, Note))
    assert note.because.reason is Reason.RINGS_AGAIN


def test_signing_out_of_a_telephone_one_does_not_hold_does_nothing() -> None:
    night = Night().at("02:14", press())
    night.at("02:14:05", SignedOut(telephone("anne"), StaffId("per"))).expects()
    night.at("02:14:06", SignedOut(HandsetId("x"), StaffId("per"))).expects()
