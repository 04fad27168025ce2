"""Whole nights: the same everywhere, true under every fault, shrunk when something breaks."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import pytest
from typer.testing import CliRunner

from routing.effects import Book, Booked, Effect
from routing.events import Event, SignalReceived
from routing.readings import HelpPressed
from routing.state import State
from routing.step import step
from simulators.broker import Carried
from simulators.commands import simulate
from simulators.core import Core
from simulators.faults import ALL, Fault, parse
from simulators.find import find_break
from simulators.night import Rehearsal, run_night
from simulators.shell import Shell
from simulators.small_house import small_house
from simulators.watch import Watch


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_night_with_every_fault_keeps_every_truth(seed: int) -> None:
    report = run_night(seed, faults=ALL)

    told = "\n".join("\n".join((b.truth, *b.story)) for b in report.truths_broken)
    assert not report.truths_broken, told
    assert report.signals > 500
    assert report.calls > 10


def test_a_night_without_faults_is_quiet_but_not_idle() -> None:
    report = run_night(7)

    assert not report.truths_broken
    assert report.calls > 5
    assert report.simulated_s > 11 * 3600


_DIGEST = """
from simulators.faults import ALL
from simulators.night import run_night
print(run_night(7, faults=ALL).digest)
"""


def test_the_digest_is_the_same_in_fresh_processes_with_other_hash_seeds() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for seed in ("1", "4242")
    }

    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_another_seed_is_another_night() -> None:
    assert run_night(1).digest != run_night(2).digest


def test_nights_side_by_side_give_what_they_give_one_after_the_other() -> None:
    assert run_night(3, 2, jobs=2).digest == run_night(3, 2).digest


def _drops_presses_of_taken_calls(
    state: State, event: Event, now: datetime
) -> tuple[State, tuple[Effect, ...]]:
    """A planted bug: who presses while somebody is on the way is not heard."""
    after, effects = step(state, event, now)
    if not isinstance(event, SignalReceived):
        return after, effects
    if not any(isinstance(r, HelpPressed) for r in event.readings):
        return after, effects
    book = next(e for e in effects if isinstance(e, Book))
    call = state.calls.get(book.call) if book.call is not None else None
    if book.to is Booked.JOINED and call is not None and call.owner is not None:
        return replace(state, now=now), (replace(book, to=Booked.UNCHANGED, call=None),)
    return after, effects


def test_find_shrinks_a_planted_bug_to_a_handful_of_events() -> None:
    found = find_break(1, (), small_house(), limit=5, core=Core(_drops_presses_of_taken_calls))

    assert found is not None
    assert found.truth == "a-press-opens-joins-or-raises-a-call"
    assert 0 < found.events <= 6
    assert any("CallTaken" in line for line in found.story)
    assert "BROKEN" in found.story[-1]


@pytest.mark.parametrize("early", [False, True])
def test_a_press_survives_a_kill_before_its_commit_unless_it_was_acknowledged_before(
    early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = Shell.receive
    kills = [3]

    def dies_of_it(shell: Shell, carried: Carried, backlog: bool) -> None:
        if early:
            shell._broker.acknowledge(carried)
        receive(shell, carried, backlog)
        if carried.help and kills[0]:
            kills[0] -= 1
            shell._agenda.after(0.001, shell.kill)
            shell._agenda.after(5, shell.start)

    monkeypatch.setattr(Shell, "receive", dies_of_it)

    broken = {b.truth for b in run_night(1).truths_broken}

    assert kills == [0]
    assert broken == ({"an-accepted-press-is-in-the-journal"} if early else set())


def test_a_core_that_counts_its_steps_does_not_survive_a_restart() -> None:
    count = [0]

    def forgetful(
        state: State, event: Event, now: datetime
    ) -> tuple[State, tuple[Effect, ...]]:
        count[0] += 1
        after, effects = step(state, event, now)
        return (
            (after, effects[1:]) if count[0] % 7 == 0 and len(effects) > 1 else (after, effects)
        )

    night = Rehearsal(small_house(), 1, (Fault.RESTART,), Core(forgetful))
    night.run()

    assert {"a-restart-changes-nothing", "the-journal-replays"} <= set(night.watch.broken)


def test_a_telephone_that_misses_a_withdrawal_is_seen_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from simulators.phones import Gateway

    frame = Gateway._frame

    def deaf(gateway: Gateway, handset: object, call: object, again: int | None) -> None:
        if again is not None:
            frame(gateway, handset, call, again)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Gateway, "_frame", deaf)

    broken = {b.truth for b in run_night(1).truths_broken}

    assert "every-handset-shows-the-state" in broken


def test_the_ledger_counts_a_message_that_the_core_never_booked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    received = Watch.received

    def twice(watch: Watch) -> None:
        received(watch)
        if watch.messages == 100:
            received(watch)

    monkeypatch.setattr(Watch, "received", twice)

    assert {b.truth for b in run_night(1).truths_broken} == {"the-ledger-balances"}


def test_the_command_prints_one_object_with_the_promised_keys() -> None:
    result = CliRunner().invoke(simulate, ["night", "--seed", "7", "--json"])

    assert result.exit_code == 0, result.output
    assert list(json.loads(result.output)) == [
        "seed",
        "nights",
        "signals",
        "calls",
        "truths_broken",
        "digest",
        "simulated_s",
        "wall_s",
        "factor",
    ]


def test_the_command_says_in_words_what_it_did() -> None:
    result = CliRunner().invoke(simulate, ["night", "--seed", "7", "--faults", "doubled,late"])

    assert result.exit_code == 0, result.output
    assert "truths held" in result.output
    assert "late, doubled" in result.output


def test_an_unknown_fault_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown fault 'rain'"):
        parse("late,rain")

    assert CliRunner().invoke(simulate, ["night", "--faults", "rain"]).exit_code == 2
