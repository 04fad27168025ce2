"""What if: one journal lived twice, the first difference, and which answers are assumed."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert
from typer import Typer
from typer.testing import CliRunner, Result

from hub import records
from hub.cli_house import house
from hub.cli_replay import replay
from hub.house import load
from hub.names import Names
from hub.replay_supposed import Extra, NotSupposed, Supposed, supposed, supposed_plan
from hub.replay_told import lines
from hub.replay_what_if import FOLLOWED, what_if
from hub.replay_worlds import Course, WhatIf
from hub.store import tables
from routing.events import (
    Arrived,
    CallClosed,
    CallTaken,
    Event,
    HandsetReported,
    HandsetState,
    Outcome,
    SignalReceived,
    SignedIn,
    Started,
)
from routing.ids import SignalId, StaffId
from routing.plan import CallType, Plan
from tests.routing import night as n
from tests.support.lived import BEGINS, CORE, Engine, Tap, at, lived

SMALL = str(Path(__file__).parents[2] / "simulators" / "houses" / "small.yaml")


def press(serial: int, device: str = "wrist-ola") -> SignalReceived:
    return replace(n.press(device), signal=SignalId(f"1-{serial}"), key=f"k{serial}")


def bed(serial: int, *, occupied: bool) -> SignalReceived:
    return replace(n.bed(occupied=occupied), signal=SignalId(f"1-{serial}"), key=f"k{serial}")


def answers(
    serial: int, staff: str, taken: float, there: float = 1, done: float = 5
) -> list[tuple[float, Tap]]:
    """Somebody takes the call of this signal, is there and closes it, minutes apart."""
    signal = SignalId(f"1-{serial}")
    return [
        (taken, Tap("take", staff, signal)),
        (taken + there, Tap("arrive", staff, signal)),
        (taken + done, Tap("close", staff, signal)),
    ]


def night(
    *stream: tuple[float, Event | Tap], plan: Plan | None = None, hours: float = 2
) -> Engine:
    ordered = sorted(((at(minute), event) for minute, event in stream), key=lambda one: one[0])
    return lived(plan or n.solvik(), ordered, at(60 * hours), sounds=True)


def suppose(engine: Engine, **given_: Any) -> WhatIf:
    end = engine.now
    return what_if(Supposed(**given_), engine.first, engine.rows, CORE, since=BEGINS, until=end)


def went(found: WhatIf, number: int = 0) -> tuple[Course, Course]:
    """The n-th call that both worlds have."""
    both = [one for one in found.calls if one.was and one.would]
    was, would = both[number].was, both[number].would
    assert was is not None
    assert would is not None
    return was, would


# --- Nothing supposed -------------------------------------------------------------------------

HAPPENINGS = st.one_of(
    st.just(("press", "wrist-ola")),
    st.just(("press", "wrist-kari")),
    st.sampled_from((("bed", "in"), ("bed", "out"))),
    st.tuples(st.sampled_from(("take", "arrive", "close")), st.sampled_from(("anne", "per"))),
)


@given(
    st.lists(st.tuples(st.sampled_from((1.0, 30.0, 200.0, 1500.0)), HAPPENINGS), max_size=25),
    st.booleans(),
)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_supposed_not_to_differ_does_not(
    drawn: list[tuple[float, tuple[str, str]]],
    sounds: bool,
) -> None:
    now, last = at(1), SignalId("none")
    stream: list[tuple[Any, Event | Tap]] = []
    for serial, (seconds, (what, whose)) in enumerate(drawn):
        now += timedelta(seconds=seconds, milliseconds=serial)
        if what == "press":
            stream.append((now, press(serial, whose)))
            last = SignalId(f"1-{serial}")
        elif what == "bed":
            stream.append((now, bed(serial, occupied=whose == "in")))
        else:
            stream.append((now, Tap(what, whose, last)))
    engine = lived(n.with_rules(n.rule()), stream, now + timedelta(hours=2), sounds=sounds)

    found = suppose(engine)

    assert found.first is None
    assert found.assumed == ()
    assert found.otherwise_now == 0
    assert all(one.same for one in found.calls)


def test_a_hub_that_woke_late_is_late_in_both_worlds() -> None:
    engine = night((1, press(1)), *answers(1, "anne", 4))
    late = [
        replace(row, at=row.at + timedelta(milliseconds=40))
        if row.kind == "TimePassed"
        else row
        for row in engine.rows
    ]
    found = what_if(Supposed(), engine.first, late, CORE, since=BEGINS)

    assert found.first is None


# --- Ladders that wait ------------------------------------------------------------------------


def test_ladders_that_wait_a_minute_longer_ring_fewer_and_the_answers_after_are_assumed() -> (
    None
):
    engine = night(
        (1, press(1)), *answers(1, "anne", 2.5), (20, press(2)), *answers(2, "per", 21)
    )

    found = suppose(engine, delay=timedelta(seconds=60))

    assert found.first is not None
    assert found.first.at == at(2), "where the next step rang, and now does not"
    was, would = went(found)
    assert (was.rungs, would.rungs) == (1, 0)
    assert would.rings < was.rings
    assert would.taken_at == was.taken_at == at(2.5)
    assert would.assumed
    assert len(found.assumed) == 6
    assert all(one.possible for one in found.assumed)


def test_answers_before_the_first_difference_are_known() -> None:
    engine = night(
        (1, press(1)), *answers(1, "anne", 1.5), (20, press(2)), *answers(2, "anne", 22)
    )

    found = suppose(engine, delay=timedelta(seconds=60))

    assert found.first is not None
    assert found.first.at == at(21)
    assert {one.at for one in found.assumed} == {at(22), at(23), at(27)}
    assert [went(found, k)[1].assumed for k in (0, 1)] == [False, True]


def test_ladders_that_wait_less_wake_the_supposed_world_by_itself() -> None:
    engine = night((1, press(1)), *answers(1, "anne", 1.75))

    found = suppose(engine, delay=timedelta(seconds=-30))

    assert found.first is not None
    assert (found.first.at, found.first.was) == (at(1.5), ())
    assert went(found)[1].rungs == 1


def test_a_delay_reaches_the_default_ladders_and_leaves_the_failsafe() -> None:
    plan = supposed_plan(n.solvik(), Supposed(delay=timedelta(seconds=-600)))

    assert plan.ladders
    for ladder in plan.ladders.values():
        assert all(one.patience >= timedelta(seconds=5) for one in ladder.rungs)
        assert ladder.failsafe.patience >= timedelta(seconds=30)


# --- One more on duty -------------------------------------------------------------------------


def test_one_more_on_duty_is_rung_and_nothing_is_said_of_what_they_do() -> None:
    engine = night((1, press(1)), *answers(1, "per", 3))

    found = suppose(engine, on_duty=(Extra(StaffId("per")),))

    assert found.first is not None
    was, would = went(found)
    assert would.rings > was.rings
    assert would.to_taken() == was.to_taken()
    assert all(one.staff == "per" for one in found.assumed)


def test_one_more_on_duty_who_answers_takes_it_sooner_and_the_recorded_answer_is_refused() -> (
    None
):
    engine = night((1, press(1)), *answers(1, "per", 3))

    found = suppose(engine, on_duty=(Extra(StaffId("per"), timedelta(seconds=20)),))

    was, would = went(found)
    assert was.to_taken() == timedelta(minutes=2)
    assert would.to_taken() is not None
    assert would.to_taken() < was.to_taken()  # type: ignore[operator]
    taken = [one for one in found.assumed if one.what == "CallTaken"]
    assert [(one.staff, one.possible) for one in taken] == [("per+", True), ("per", False)]
    assert all(one.staff == "per+" for one in found.assumed if one.seq == 0)


def test_one_more_who_is_busy_takes_no_second_call() -> None:
    stream = [(1.0, press(1)), (1.1, press(2, "wrist-kari"))]
    engine = night(*stream, *answers(1, "anne", 40), *answers(2, "anne", 41))

    found = suppose(engine, on_duty=(Extra(StaffId("per"), timedelta(seconds=90)),))

    mine = [one for one in found.assumed if one.staff == "per+" and one.what == "CallTaken"]
    closed = [one for one in found.assumed if one.staff == "per+" and one.what == "CallClosed"]
    assert mine[0].would != mine[1].would
    assert mine[1].at > closed[0].at, "the second only when the first was done"


# --- A rule changed ---------------------------------------------------------------------------


def test_a_rule_that_waits_less_makes_a_call_and_later_answers_find_their_own_call() -> None:
    plan = n.with_rules(n.rule(delay=timedelta(minutes=30)))
    engine = night(
        (1, bed(1, occupied=True)),
        (2, bed(2, occupied=False)),
        (12, bed(3, occupied=True)),
        (15, press(4, "wrist-kari")),
        *answers(4, "per", 16),
        plan=plan,
    )

    found = suppose(engine, rules=(n.rule(delay=timedelta(minutes=5)),))

    only_here = [one.would for one in found.calls if one.was is None]
    assert [one.call.type for one in only_here if one] == [CallType.BED_EXIT]
    assert only_here[0] is not None
    assert only_here[0].to_taken() is None
    assert only_here[0].set_aside
    assert found.first is not None
    assert found.first.at == at(7)
    was, would = went(found)
    assert was.call.id != would.call.id, "numbered after the one more call"
    assert (would.taken_at, would.closed_at) == (was.taken_at, was.closed_at)
    assert {(one.was, one.would) for one in found.assumed} == {(was.call.id, would.call.id)}


def test_answers_to_a_call_that_would_not_be_are_left_out() -> None:
    plan = n.with_rules(n.rule(delay=timedelta(minutes=5)))
    engine = night(
        (1, bed(1, occupied=True)),
        (2, bed(2, occupied=False)),
        (8, Tap("take", "anne", SignalId("1-2"))),
        (9, Tap("arrive", "anne", SignalId("1-2"))),
        (10, Tap("close", "anne", SignalId("1-2"))),
        (12, bed(3, occupied=True)),
        plan=plan,
    )

    found = suppose(engine, rules=(n.rule(delay=timedelta(minutes=30)),))

    assert [(one.was is not None, one.would) for one in found.calls] == [(True, None)]
    assert [(one.what, one.would, one.possible) for one in found.assumed] == [
        ("CallTaken", None, False),
        ("Arrived", None, False),
        ("CallClosed", None, False),
    ]


def test_a_press_joins_a_call_of_the_supposed_world_and_its_answers_follow_it_there() -> None:
    plan = n.with_rules(n.rule(delay=timedelta(minutes=30)))
    engine = night(
        (1, bed(1, occupied=True)),
        (2, bed(2, occupied=False)),
        (10, press(3)),
        *answers(3, "anne", 11),
        plan=plan,
    )

    found = suppose(engine, rules=(n.rule(delay=timedelta(minutes=5)),))

    was, would = went(found)
    assert would.call.opened_at == at(7)
    assert would.closed_at == was.closed_at == at(16)
    assert len([one for one in found.calls if one.would]) == 1


def test_what_nobody_is_known_to_answer_is_followed_for_an_hour() -> None:
    plan = n.with_rules(n.rule(delay=timedelta(hours=9)))
    stream = [(1, bed(1, occupied=True)), (2, bed(2, occupied=False))]
    engine = night(*stream, (400, press(3, "wrist-kari")), plan=plan, hours=7)

    found = suppose(engine, rules=(n.rule(delay=timedelta(minutes=5)),))

    alone = next(one.would for one in found.calls if one.was is None)
    assert alone is not None
    assert alone.failsafe
    assert alone.set_aside
    assert alone.rings < 600, f"no longer than {FOLLOWED}"


# --- Where the journal begins and ends --------------------------------------------------------


def test_the_worlds_part_at_since_and_not_before() -> None:
    engine = night(
        (1, press(1)), *answers(1, "anne", 4), (60, press(2)), *answers(2, "anne", 64)
    )

    found = what_if(
        Supposed(delay=timedelta(seconds=60)),
        engine.first,
        engine.rows,
        CORE,
        since=at(30),
        until=at(63),
    )

    assert found.first is not None
    assert found.first.at == at(61)
    assert len(found.calls) == 1
    assert found.assumed == (), "the answers come after its end"


@pytest.mark.parametrize("harm", ["hole", "erased"])
def test_a_journal_that_cannot_be_read_on_is_said(harm: str) -> None:
    engine = night((1, press(1)), *answers(1, "anne", 4))
    rows = list(engine.rows)
    if harm == "hole":
        del rows[10]
    else:
        rows[10] = replace(rows[10], payload=None)

    found = what_if(Supposed(), engine.first, rows, CORE, since=BEGINS)

    assert found.rows == 10
    assert "hole" in found.stopped or "erased" in found.stopped
    assert any("it ends early" in line for line in lines(found, Names(), "en"))


def test_what_is_no_supposition_is_said(tmp_path: Path) -> None:
    plan, names = n.solvik(), Names()
    for word, said in (
        ("rain=heavy", "expected delay=60s"),
        ("delay=soon", "expected a duration"),
        ("on-duty=nobody", "nobody 'nobody' works here"),
        ("rule=missing.yaml", "cannot be read"),
    ):
        with pytest.raises(NotSupposed, match=said):
            supposed((word,), plan, names)
    with pytest.raises(NotSupposed, match="name each person once"):
        supposed(("on-duty=anne", "on-duty=anne,30s"), plan, names)


# --- At a prompt ------------------------------------------------------------------------------

app = Typer()
app.add_typer(house, name="house")
app.command("replay")(replay)


def stored(tmp_path: Path) -> Plan:
    """A night of the small house in a store of its own."""
    assert bjelle("house", "import", SMALL).exit_code == 0
    plan = load(Path(SMALL)).plan(1)
    device = next(one for one in plan.devices if "wrist" in one)
    staff = list(plan.staff)
    engine = Engine(plan, sounds=True)
    engine.put(Started(1, "t", "t", BEGINS), BEGINS)
    for one in staff[:1]:
        engine.put(SignedIn(n.telephone(one), StaffId(one)), BEGINS)
        engine.put(HandsetReported(n.telephone(one), HandsetState.READY), BEGINS)
    engine.offer(at(1), press(1, device))
    call = next(one for one in engine.state.calls.values() if one.pressed).id
    engine.offer(at(3), CallTaken(call, n.by(staff[0], "o1")))
    engine.offer(at(4), Arrived(call, n.by(staff[0], "o2")))
    engine.offer(at(6), CallClosed(call, n.by(staff[0], "o3"), Outcome.HELPED))
    engine.wait(at(20))
    _put(tmp_path, plan, engine)
    return plan


def _put(tmp_path: Path, plan: Plan, engine: Engine) -> None:
    made = create_engine(f"sqlite:///{tmp_path / 'bjelle.db'}")
    with made.begin() as connection:
        first = {
            "house": plan.house,
            "seq": 0,
            "at": BEGINS,
            "state": records.encode_state(engine.first).decode(),
            "schema": 1,
            "core_version": CORE.version,
        }
        connection.execute(insert(tables.snapshot).values(first))
        for row in engine.rows:
            values = {
                "house": plan.house,
                "seq": row.seq,
                "at": row.at,
                "kind": row.kind,
                "payload": (row.payload or b"").decode(),
                "payload_hash": "",
                "decisions": row.decisions.decode(),
                "digest": "",
                "core_version": row.core_version,
            }
            connection.execute(insert(tables.journal).values(values))
    made.dispose()


def bjelle(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BJELLE_STORE_URL", f"sqlite+aiosqlite:///{tmp_path / 'bjelle.db'}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_what_if_is_told_to_a_person_and_to_a_script(here: Path) -> None:
    stored(here)

    told = bjelle("replay", "--what-if", "delay=60s", "--lang", "en")
    assert told.exit_code == 0, told.output
    assert "What if each step of a ladder waits 1min longer?" in told.stdout
    assert "First difference: " in told.stdout
    assert "  assumed  " in told.stdout
    made = json.loads(bjelle("replay", "--what-if", "delay=60s", "--json").stdout)
    assert made["first_difference"]["was"] != made["first_difference"]["would_be"]
    assert [one["answer"] for one in made["assumed"]] == ["CallTaken", "Arrived", "CallClosed"]
    assert all(one["assumed"] for one in made["assumed"])
    assert made["was"]["median_to_taken_s"] == made["would_be"]["median_to_taken_s"] == 120
    assert made["rows_decided_otherwise_now"] == 0


def test_a_what_if_is_told_in_norwegian_first_and_in_no_third_language(here: Path) -> None:
    stored(here)

    told = bjelle("replay", "--what-if", "delay=60s").stdout
    assert "Hva om hvert trinn i en stige venter 1min lenger?" in told
    assert "Første forskjell: " in told
    assert "  median til tatt" in told
    assert "Anrop som går annerledes:" in told
    assert "  antatt  " in told
    assert not [word for word in (" was", " would", "assumed", "until") if word in told]
    wrong = bjelle("replay", "--what-if", "delay=60s", "--lang", "sv")
    assert (wrong.exit_code, "expected nb or en" in wrong.stderr) == (2, True)


def test_one_more_on_duty_at_a_prompt_shortens_the_wait(here: Path) -> None:
    plan = stored(here)
    more = f"on-duty={next(iter(plan.staff))},20s"

    asked = ("replay", "--what-if", more, "--json", "--lang", "en")
    made = json.loads(bjelle(*asked).stdout)

    assert made["was"]["median_to_taken_s"] == 120
    assert made["would_be"]["median_to_taken_s"] == 80, "rung at the second step, 20 s later"
    assert "answers after 20s" in made["what_if"][0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--what-if", "rain=1"), "expected delay=60s"),
        (("--since", "2026-11-03T18:00+00:00"), "belong to --what-if"),
        (("--what-if", "delay=60s", "--since", "yesterday"), "expected a moment"),
        (("--what-if", "delay=60s", "--until", "2026-11-03T18:00"), "has no zone"),
    ],
)
def test_what_cannot_be_replayed_so_is_said(
    here: Path, words: tuple[str, ...], said: str
) -> None:
    stored(here)
    done = bjelle("replay", *words)

    assert (done.exit_code, said in done.stderr) == (2, True), done.output


def test_a_house_that_never_ran_has_nothing_to_suppose(here: Path) -> None:
    bjelle("house", "import", SMALL)

    done = bjelle("replay", "--what-if", "delay=60s")
    assert (done.exit_code, "has not run yet" in done.stderr) == (2, True)
