"""Every word of the core can be written down and read back as the same, byte for byte."""

import dataclasses
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from typing import Any, NewType, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import records
from routing import effects, events, readings, state
from routing.effects import Because, Book, Booked, Effect, Reason
from routing.events import Event, SignalReceived
from routing.ids import DeviceId, SignalId
from routing.plan import Plan
from routing.readings import BatteryRead, Measured, MotionSeen
from routing.state import State

# --- Any value of any word --------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
MOMENTS = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 (Hypothesis adds the zone)
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(-(2**63), 2**64 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    datetime: MOMENTS,
    timedelta: st.timedeltas(timedelta(0), timedelta(days=400)),
    time: st.times(),
    type(None): st.none(),
}
KNOWN: dict[type, st.SearchStrategy[Any]] = {}


def values(kind: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 (one per kind)
    """Any value of a type of the vocabulary, made from the type alone."""
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    origin, args = get_origin(kind), get_args(kind)
    if origin is tuple:
        if args[-1] is Ellipsis:
            return st.lists(values(args[0]), max_size=3).map(tuple)
        return st.tuples(*map(values, args))
    if origin is dict:
        return st.dictionaries(values(args[0]), values(args[1]), max_size=3)
    if args:
        return st.one_of(*map(values, args))
    if dataclasses.is_dataclass(kind):
        return instances(kind)  # type: ignore[arg-type]
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    return PLAIN[kind] if kind in PLAIN else st.from_type(kind)


def instances(kind: type) -> st.SearchStrategy[Any]:
    """Any instance; built late, because the words know each other."""
    if kind not in KNOWN:
        hints = get_type_hints(kind)
        names = [f.name for f in dataclasses.fields(kind)]
        KNOWN[kind] = st.deferred(
            lambda: st.builds(kind, **{name: values(hints[name]) for name in names})
        )
    return KNOWN[kind]


def members(union: Any) -> list[type]:
    """The classes of a closed set."""
    return list(get_args(union))


PATIENT = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("kind", members(Event), ids=lambda kind: kind.__name__)
def test_every_event_reads_back_as_itself(kind: type) -> None:
    @PATIENT
    @given(instances(kind))
    def any_of_them(event: Any) -> None:
        written = records.encode_event(event)
        assert records.decode_event(written) == event
        assert records.encode_event(records.decode_event(written)) == written
        assert json.loads(written)["is"] == kind.__name__

    any_of_them()


@pytest.mark.parametrize("kind", members(Effect), ids=lambda kind: kind.__name__)
def test_every_effect_reads_back_as_itself(kind: type) -> None:
    @PATIENT
    @given(st.lists(instances(kind), max_size=2).map(tuple))
    def any_of_them(ordered: Any) -> None:
        written = records.encode_effects(ordered)
        assert records.decode_effects(written) == ordered
        assert records.encode_effects(records.decode_effects(written)) == written

    any_of_them()


@PATIENT
@given(instances(State))
def test_a_whole_state_reads_back_as_itself(any_state: State) -> None:
    written = records.encode_state(any_state)
    read = records.decode_state(written)
    assert read == any_state
    assert records.encode_state(read) == written


@PATIENT
@given(instances(Plan))
def test_a_plan_reads_back_as_itself(plan: Plan) -> None:
    assert records.decode_plan(records.encode_plan(plan)) == plan


def test_no_word_of_the_core_is_left_out() -> None:
    """A class that joins a union without being written down would stop the hub."""
    classes = {
        thing
        for module in (events, effects, readings, state)
        for thing in vars(module).values()
        if dataclasses.is_dataclass(thing) and isinstance(thing, type)
    }
    written = {kind for kind in classes if f"put_{kind.__name__}" in records._generator.names}
    assert classes - written == set()


# --- Bytes -------------------------------------------------------------------------------


def test_a_row_of_motion_is_small_and_says_what_it_is() -> None:
    event = SignalReceived(
        SignalId("1-1"), DeviceId("motion-12"), (MotionSeen(active=True),), key="abc"
    )
    book = Book(SignalId("1-1"), Booked.NO_RULE, Because(Reason.NO_RULE))

    assert records.encode_event(event) == (
        b'{"is":"SignalReceived","signal":"1-1","device":"motion-12",'
        b'"readings":[{"is":"MotionSeen","active":true}],"key":"abc"}'
    )
    assert records.encode_effects((book,)) == (
        b'[{"is":"Book","signal":"1-1","to":"no_rule","because":{"reason":"no_rule"}}]'
    )


def test_the_bytes_do_not_depend_on_the_process() -> None:
    program = (
        "from hub import records; from tests.support.toy import *; "
        "s, e = step(toy_house(), press('1-1'), START); "
        "print(records.encode_state(s) + records.encode_effects(e))"
    )
    written = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(written) == 1


def test_a_whole_number_where_a_real_one_belongs_is_written_as_it_is_read() -> None:
    event = SignalReceived(SignalId("1-1"), DeviceId("d"), (Measured("temperature", 21),))
    written = records.encode_event(event)

    assert records.encode_event(records.decode_event(written)) == written


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_number_becomes_unknown(number: float) -> None:
    event = SignalReceived(SignalId("1-1"), DeviceId("d"), (BatteryRead(percent=number),))

    read = records.decode_event(records.encode_event(event))

    assert isinstance(read, SignalReceived)
    assert read.readings == (BatteryRead(),)


def test_a_text_that_json_cannot_carry_is_refused_by_name() -> None:
    event = SignalReceived(SignalId("1-1"), DeviceId("\ud800"), ())

    with pytest.raises(records.NotEncodable, match="SignalReceived cannot be written"):
        records.encode_event(event)


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (b'{"is":"TimePassed","pace":2}', "TimePassed has pace: written by a newer version"),
        (b'{"is":"Fanfare"}', "not understood by this version"),
        (b'{"is":"SignalReceived"}', "not understood by this version"),
        (b"nonsense", "not understood by this version"),
    ],
)
def test_a_record_of_another_version_is_refused_by_name(stored: bytes, said: str) -> None:
    with pytest.raises(records.NotDecodable, match=said):
        records.decode_event(stored)


# --- The chain ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"previous": "b" * 64},
        {"seq": 8},
        {"at": datetime(2026, 11, 21, 2, 14, 0, 1, tzinfo=UTC)},
        {"kind": "TimePassed"},
        {"hashed_payload": "d" * 64},
        {"decisions": b"[1]"},
        {"core_version": "2"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_digest_depends_on_everything_in_the_row(change: dict[str, Any]) -> None:
    row: dict[str, Any] = {
        "previous": "a" * 64,
        "seq": 7,
        "at": datetime(2026, 11, 21, 2, 14, tzinfo=UTC),
        "kind": "Started",
        "hashed_payload": "c" * 64,
        "decisions": b"[]",
        "core_version": "1",
    }
    assert records.chain(**{**row, **change}) != records.chain(**row)
