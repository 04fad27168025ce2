"""A rehearsed rule calls when, and only when, the live engine would have on the same stream."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.names import Names
from hub.rehearsal import Missing, Rehearsed, rehearse
from hub.rehearsal_store import since_nights
from hub.rehearsal_told import as_json
from hub.rehearsal_words import Stretch
from routing.effects import Move, Note, Reason, Ring
from routing.events import (
    BrokerChanged,
    Event,
    PlanAdopted,
    SignalReceived,
    Started,
    TimePassed,
)
from routing.ids import CallId, DeviceId, PatientId, SignalId
from routing.plan import CallType, Combine, Rule, RuleState, Trigger, TriggerKind, Window
from routing.step import step
from routing.supervision import only_heard
from tests.routing import night as n
from tests.support.lived import BEGINS, CORE, Engine, Tap, at, lived, on_duty

DEVICES = ("bed-ola", "pir-204", "door-204")
OSLO = ZoneInfo("Europe/Oslo")


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of November 2026 by the house's clock."""
    return datetime(2026, 11, day, hour, minute, tzinfo=OSLO).astimezone(UTC)


def rehearsed(rule: Rule, engine: Engine, end: datetime, **more: object) -> Rehearsed:
    return rehearse(
        rule,
        engine.first,
        engine.rows,
        CORE,
        since=BEGINS,
        until=end,
        **more,  # type: ignore[arg-type]
    )


def out(serial: int, *, occupied: bool) -> SignalReceived:
    return replace(n.bed(occupied=occupied), signal=SignalId(f"1-{serial}"))


# --- C2: what rehearsal shows is what the engine does -----------------------------------------

KINDS = (
    TriggerKind.BED_EXIT,
    TriggerKind.MOTION,
    TriggerKind.NO_MOTION,
    TriggerKind.DOOR_OPEN,
    TriggerKind.PRESENCE,
)
TRIGGERS = st.builds(
    Trigger,
    kind=st.sampled_from(KINDS),
    within=st.sampled_from((None, timedelta(minutes=1), timedelta(minutes=20))),
)
RULES = st.builds(
    lambda triggers, unless, **more: n.rule("r1", *triggers, unless=tuple(unless), **more),
    triggers=st.lists(TRIGGERS, min_size=1, max_size=3),
    unless=st.lists(st.builds(Trigger, st.sampled_from(KINDS)), max_size=1),
    combine=st.sampled_from(list(Combine)),
    delay=st.sampled_from([timedelta(minutes=m) for m in (0, 0.5, 3, 10, 45)]),
    window=st.sampled_from((None, Window(time(19, 30), time(22)), Window(time(20), time(7)))),
    call_type=st.sampled_from((CallType.BED_EXIT, CallType.MOTION, CallType.INACTIVITY)),
    ends_by_itself=st.booleans(),
)
READINGS = st.one_of(
    st.builds(lambda on: n.bed(occupied=on), st.booleans()),
    st.builds(lambda on: n.motion(on=on), st.booleans()),
    st.builds(lambda on: n.door(opened=on), st.booleans()),
)
HAPPENINGS = st.one_of(
    READINGS,
    READINGS,
    st.just(n.press()),
    st.tuples(st.sampled_from(("take", "arrive", "close")), st.sampled_from(("anne", "per"))),
    st.just(n.press("wrist-kari")),
)
STREAMS = st.lists(
    st.tuples(st.sampled_from((1.0, 20.0, 90.0, 400.0, 2500.0)), HAPPENINGS), max_size=40
)


def stream_of(
    drawn: list[tuple[float, object]],
) -> tuple[list[tuple[datetime, Event | Tap]], datetime]:
    found: list[tuple[datetime, Event | Tap]] = []
    now, pressed = BEGINS + timedelta(seconds=30), SignalId("none")
    for serial, (seconds, what) in enumerate(drawn):
        now += timedelta(seconds=seconds, milliseconds=serial)
        if isinstance(what, SignalReceived):
            event = replace(what, signal=SignalId(f"1-{serial}"), key=f"k{serial}")
            if what.device.startswith("wrist"):
                pressed = event.signal
            found.append((now, event))
        else:
            action, staff = what  # type: ignore[misc]
            found.append((now, Tap(action, staff, pressed)))
    return found, now + timedelta(hours=2)


@given(rule=RULES, drawn=STREAMS)
@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_capability_13_a_rehearsal_calls_exactly_when_the_live_engine_does(
    rule: Rule, drawn: list[tuple[float, object]]
) -> None:
    stream, end = stream_of(drawn)
    past = lived(n.solvik(), stream, end)
    live = lived(n.with_rules(rule), stream, end)
    told = rehearsed(rule, past, end)

    assert [(call.at, call.since.isoformat()) for call in told.calls] == live.called("r1")
    if told.calls and told.calls[0].joins is None:
        first = told.calls[0]
        opened = next(
            one
            for moment, one in live.effects
            if isinstance(one, Note) and one.because.rule == "r1" and one.move is Move.OPENED
        )
        rung = {
            one.handset
            for moment, one in live.effects
            if isinstance(one, Ring) and one.call == opened.call and moment == first.at
        }
        assert {one.handset for one in first.rung} == rung


@given(rule=RULES, drawn=STREAMS)
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_what_really_happened_is_untouched(
    rule: Rule, drawn: list[tuple[float, object]]
) -> None:
    stream, end = stream_of(drawn)
    past = lived(n.solvik(), stream, end)
    told = rehearsed(rule, past, end)

    real = {
        call.id: call.outcome for call in past.state.calls.values() if call.patient == "ola"
    }
    assert {call.id: call.outcome for call in told.happened} == real


@given(rule=RULES, drawn=STREAMS)
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_a_gathered_message_could_have_begun_no_rule(
    rule: Rule, drawn: list[tuple[float, object]]
) -> None:
    """So that a new rule misses nothing in what `DevicesHeard` stands for."""
    stream, _ = stream_of(drawn)
    engine = Engine(n.with_rules(rule))
    on_duty(engine)
    for moment, event in stream:
        engine.wait(moment)
        if isinstance(event, SignalReceived) and only_heard(engine.state, event):
            state, effects = step(engine.state, event, moment)
            assert state.waiting == engine.state.waiting
            assert not [one for one in effects if isinstance(one, Note | Ring)]
        engine.offer(moment, event)


# --- what it tells ----------------------------------------------------------------------------


def test_a_call_says_who_would_have_been_rung_and_what_they_had_in_hand() -> None:
    kari = replace(n.press("wrist-kari"), signal=SignalId("1-3"))
    past = lived(
        n.solvik(),
        [
            (at(1), out(1, occupied=True)),
            (at(2), kari),
            (at(3), Tap("take", "anne", SignalId("1-3"))),
            (at(4), out(2, occupied=False)),
        ],
        at(30),
    )
    told = rehearsed(n.rule("r1", delay=timedelta(minutes=1)), past, at(30))

    (call,) = told.calls
    assert (call.at, call.since, call.joins) == (at(5), at(4), None)
    (anne,) = [one for one in call.rung if one.staff == "anne"] or [None]
    carried = [one.carries for one in call.rung if one.staff == "anne"]
    busy = [one.staff for one in call.passed if one.reason is Reason.BUSY]
    assert carried == [(CallId("1-1"),)] or (anne is None and busy == ["anne"])
    assert told.happened == ()


def test_the_condition_that_stayed_silent_is_told_with_its_reason() -> None:
    past = lived(
        n.solvik(), [(at(1), out(1, occupied=True)), (at(4), out(2, occupied=False))], at(30)
    )
    window = Window(time(1), time(2))
    told = rehearsed(n.rule("r1", window=window), past, at(30))

    assert told.calls == ()
    assert [(one.at, one.reason) for one in told.silent] == [(at(4), Reason.OUTSIDE_WINDOW)]


def test_a_rule_without_basis_is_rehearsed_and_its_problems_are_told() -> None:
    past = lived(
        n.solvik(), [(at(1), out(1, occupied=True)), (at(4), out(2, occupied=False))], at(30)
    )
    draft = n.rule("r1", state=RuleState.DRAFT, basis=None, review_by=None)
    told = rehearsed(draft, past, at(30))

    assert [call.at for call in told.calls] == [at(4)]
    assert len(told.problems) == 2


def test_the_version_in_use_stays_beside_the_draft() -> None:
    plan = n.with_rules(n.rule("r1", delay=timedelta(minutes=10)))
    past = lived(
        plan, [(at(1), out(1, occupied=True)), (at(4), out(2, occupied=False))], at(60)
    )
    told = rehearsed(n.rule("r1", delay=timedelta(minutes=2)), past, at(60))

    assert [call.at for call in told.calls] == [at(6)]
    assert [(one.rule, one.opened_at) for one in told.happened] == [("r1", at(14))]


def test_broker_outage_silent_device_and_hub_down_cannot_be_reconstructed() -> None:
    plan = n.with_device(n.solvik(), "bed-ola", expect_every=timedelta(minutes=20))
    engine = lived(
        plan,
        [
            (at(1), out(1, occupied=True)),
            (at(5), BrokerChanged(up=False, since=at(4))),
            (at(9), BrokerChanged(up=True)),
            (at(40), out(2, occupied=False)),
        ],
        at(45),
    )
    engine.put(Started(2, "t", "t", at(50)), at(50))
    told = rehearsed(n.rule("r1"), engine, at(55))
    known = {(one.why, one.what): (one.since, one.until) for one in told.missing}

    assert known[Missing.BROKER_AWAY, ""] == (at(4), at(9))
    assert known[Missing.DEVICE_SILENT, "bed-ola"] == (at(1), at(40))
    last = engine.rows[-2].at
    assert known[Missing.HUB_DOWN, ""] == (last, at(50))
    assert [call.uncertain for call in told.calls] == [(Missing.DEVICE_SILENT,)]


def test_a_device_that_was_not_in_use_then_cannot_be_reconstructed() -> None:
    past = lived(n.solvik(), [(at(1), out(1, occupied=True))], at(10))
    told = rehearsed(
        n.rule("r1", Trigger(TriggerKind.MOTION, device=DeviceId("radar-new"))), past, at(10)
    )
    nothing = rehearsed(replace(n.rule("r1"), patient=PatientId("kari")), past, at(10))

    assert [(one.why, one.what) for one in told.missing] == [(Missing.NOT_IN_USE, "radar-new")]
    assert [(one.why, one.what) for one in nothing.missing] == [(Missing.NO_DEVICE, "bed_exit")]


def test_an_erased_payload_is_a_hole_until_the_next_snapshot() -> None:
    engine = lived(
        n.solvik(), [(at(1), out(1, occupied=True)), (at(4), out(2, occupied=False))], at(5)
    )
    kept, seq = engine.state, len(engine.rows)
    engine.put(TimePassed(), at(6))
    held = {seq + 1: lambda: kept}
    engine.offer(at(20), out(3, occupied=True))
    engine.offer(at(21), out(4, occupied=False))
    erased = next(row for row in engine.rows if row.at == at(4))
    engine.rows[erased.seq - 1] = replace(erased, payload=None)
    told = rehearsed(n.rule("r1"), engine, at(30), snapshots=held)

    assert [call.at for call in told.calls] == [at(21)]
    assert [(one.why, one.since, one.until) for one in told.missing] == [
        (Missing.NO_DEVICE, BEGINS, at(1)),
        (Missing.ERASED, at(4), at(6)),
    ]


def test_a_plan_adopted_on_the_way_keeps_the_draft() -> None:
    past = lived(
        n.solvik(),
        [
            (at(1), out(1, occupied=True)),
            (at(2), PlanAdopted(replace(n.solvik(), version=2))),
            (at(4), out(2, occupied=False)),
        ],
        at(30),
    )
    assert [call.at for call in rehearsed(n.rule("r1"), past, at(30)).calls] == [at(4)]


def test_where_the_journal_ends_nothing_is_known() -> None:
    past = lived(n.solvik(), [(at(1), out(1, occupied=True))], at(2))
    told = rehearsed(n.rule("r1"), past, at(300))

    last = past.rows[-1].at
    assert (Missing.NO_JOURNAL, last, at(300)) in [
        (one.why, one.since, one.until) for one in told.missing
    ]


# --- night by night ---------------------------------------------------------------------------


def nothing_happened() -> Rehearsed:
    return replace(rehearsed(n.rule("r1"), lived(n.solvik(), [], at(1)), at(1)), missing=())


def nights_of(told: Rehearsed) -> list[dict[str, Any]]:
    return as_json(told, n.solvik(), Names(), "nb")["nights"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        (local(22, 11, 30), "2026-11-08", "2026-11-21"),
        (local(22, 12, 0), "2026-11-08", "2026-11-21"),
        (local(22, 12, 1), "2026-11-09", "2026-11-22"),
        (local(22, 23, 30), "2026-11-09", "2026-11-22"),
        (local(23, 3, 0), "2026-11-09", "2026-11-22"),
    ],
)
def test_the_nights_are_those_that_were_rehearsed_at_any_hour_of_the_day(
    asked: datetime, first: str, last: str
) -> None:
    since = since_nights(14, asked, OSLO)
    engine = Engine(n.solvik())
    told = rehearse(n.rule("r1"), engine.first, (), CORE, since=since, until=asked)

    nights = as_json(told, n.solvik(), Names(), "nb")["nights"]

    assert [nights[0]["night"], nights[-1]["night"], len(nights)] == [first, last, 14]
    assert [one["known"] for one in nights] == [False] * 14, "no journal, and no zeros"


def test_a_night_whose_noon_is_the_end_is_not_begun() -> None:
    told = replace(nothing_happened(), since=local(8, 12), until=local(10, 12))

    assert [one["night"] for one in nights_of(told)] == ["2026-11-08", "2026-11-09"]


def test_a_night_counts_its_calls_and_is_unknown_where_a_part_of_it_is() -> None:
    past = lived(
        n.solvik(), [(at(1), out(1, occupied=True)), (at(4), out(2, occupied=False))], at(30)
    )
    (call,) = rehearsed(n.rule("r1"), past, at(30)).calls
    hole = Stretch(local(9, 11, 59), local(9, 12, 0), Missing.HUB_DOWN)
    told = replace(
        nothing_happened(),
        since=local(8, 12),
        until=local(12, 9),
        calls=(
            replace(call, at=local(10, 11, 59)),
            replace(call, at=local(10, 12)),
            replace(call, at=local(11, 2)),
        ),
        missing=(hole, Stretch(local(11, 12), local(11, 12, 1), Missing.PAUSED)),
    )

    assert [(one["calls"], one["known"]) for one in nights_of(told)] == [
        (0, False),
        (1, True),
        (2, True),
        (0, False),
    ]
