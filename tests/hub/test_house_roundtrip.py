"""Import, export, import again: the same plan, the same names."""

from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hub.house import HouseFile, HouseFileError, export, load, parse
from hub.house_file import WEEKDAYS, duration, written_duration
from hub.names import Names
from routing.plan import (
    AlarmOffer,
    Basis,
    CallType,
    Combine,
    Competence,
    DeviceLife,
    Priority,
    Profile,
    Purpose,
    Role,
    RoomKind,
    RuleState,
    TriggerKind,
)
from routing.readings import DeviceClass

HOUSES = Path(__file__).parents[2] / "simulators" / "houses"

ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
# Letters that words of a name cannot be made of three of: no text then holds a name by chance.
texts = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Nd", "L")), max_size=12)
names = st.text(st.sampled_from("Aa Bbøå'-:#{}[]\"!"), min_size=1, max_size=20)
spans = st.integers(1, 400_000).map(lambda s: written_duration(timedelta(seconds=s)))
clock = st.times().map(lambda t: t.strftime("%H:%M"))
moments = st.integers(1_700_000_000, 1_830_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat()
)


def words(kind: Any) -> st.SearchStrategy[str]:
    return st.sampled_from([str(member) for member in kind])


def word_names(kind: Any) -> st.SearchStrategy[str]:
    return st.sampled_from([member.name.lower() for member in kind])


def part(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional=optional)


def some(values: list[str], **limits: Any) -> st.SearchStrategy[Any]:
    if not values:
        return st.just([])
    return st.lists(st.sampled_from(values), unique=True, max_size=3, **limits)


@st.composite
def houses(draw: st.DrawFn) -> dict[str, Any]:
    """A house file without problems, of any content."""
    taken: set[str] = set()

    def some_ids(least: int = 0) -> list[str]:
        found = draw(st.lists(ids.filter(lambda i: i not in taken), min_size=least, max_size=3))
        taken.update(found)
        return list(dict.fromkeys(found))

    units, rooms, staff, patients = some_ids(1), some_ids(1), some_ids(), some_ids()
    beds, devices, handsets, rules = some_ids(), some_ids(), some_ids(), some_ids()
    ladders = some_ids()
    unit, room = st.sampled_from(units), st.sampled_from(rooms)

    made: dict[str, Any] = {
        "house": draw(part({"id": ids}, {"name": names})),
        "units": {name: draw(part({}, {"name": names})) for name in units},
        "rooms": {
            name: draw(
                part(
                    {"unit": unit},
                    {
                        "number": names,
                        "kind": words(RoomKind).filter(lambda k: k != "bathroom"),
                        "floor": names,
                    },
                )
            )
            for name in rooms
        },
        "staff": {name: draw(_person(unit, name)) for name in staff},
        "handsets": {name: draw(part({}, {"name": names, "unit": unit})) for name in handsets},
        "ladders": {name: draw(_ladder(units, staff)) for name in ladders},
    }
    for bed in beds:
        made["rooms"][draw(room)].setdefault("beds", []).append(bed)
    carers = [name for name in staff if made["staff"][name]["role"] != "student"]
    made["patients"] = {
        name: draw(part({"name": names}, {"short": names})) for name in patients
    }
    for patient, bed in zip(patients, beds, strict=False):
        made["patients"][patient]["stays"] = [draw(_stay(bed, carers, staff))]
    if devices:
        made["bridges"] = {"br": {"ecosystem": "zigbee2mqtt", "base_topic": draw(ids)}}
        made["devices"] = {
            name: draw(_device(n, rooms, patients)) for n, name in enumerate(devices)
        }
    made["templates"] = draw(st.dictionaries(ids, _template(), max_size=2))
    if patients:
        made["rules"] = {name: draw(_rule(patients, devices, rooms, ladders)) for name in rules}
    kinds = st.dictionaries(words(CallType), _policy(ladders), max_size=3)
    made["policies"] = draw(kinds)
    made["shifts"] = draw(st.dictionaries(ids, _shift(units), max_size=2))
    return {name: section for name, section in made.items() if section}


def _person(unit: st.SearchStrategy[str], name: str) -> st.SearchStrategy[Any]:
    student = st.tuples(st.just("student"), st.just("student"))
    other = st.tuples(words(Role), word_names(Competence)).filter(lambda p: "student" not in p)
    rest = part(
        {"name": names, "units": st.lists(unit, min_size=1, max_size=2)},
        {"login": st.just(name.lower().replace("_", "-"))},
    )
    return st.tuples(rest, student | other).map(
        lambda pair: pair[0] | {"role": pair[1][0], "competence": pair[1][1]}
    )


def _ladder(units: list[str], staff: list[str]) -> st.SearchStrategy[Any]:
    targets = ["assigned", "backup", "unit", "house", "role:leader", "competence:nurse"]
    targets += ["competence:nurse@unit", "role:technician@unit"]
    targets += [f"unit:{name}" for name in units] + [f"staff:{name}" for name in staff]
    step = part({"ring": some([*targets, "channel:duty"], min_size=1), "patience": spans}, {})
    last = part({"ring": st.just(["house", "channel:x y"]), "patience": spans}, {})
    return part(
        {"steps": st.lists(step, min_size=1, max_size=3), "failsafe": last},
        {"responders": st.integers(1, 5), "version": st.integers(1, 5)},
    )


def _shift(units: list[str]) -> st.SearchStrategy[Any]:
    days = some(list(WEEKDAYS), min_size=1)
    return part(
        {"since": clock, "until": clock},
        {"weekdays": days, "units": some(units), "grace": spans},
    )


def test_shifts_and_what_is_never_asked_come_back_as_they_were() -> None:
    text = (HOUSES / "small.yaml").read_text("utf-8") + (
        "shifts:\n"
        '  night: { since: "22:00", until: "07:00", units: [nord], grace: 10min }\n'
        '  weekend: { since: "07:00", until: "15:00", weekdays: [sat, sun] }\n'
        "policies:\n  patient: { present_within: 0s }\n"
    )
    plan = parse(text).plan(1)
    again = parse(export(plan, Names(parse(text).names()))).plan(1)

    night, weekend = plan.shifts
    assert (night.window.since, night.window.until) == (time(22), time(7))
    assert (night.units, night.grace) == (("nord",), timedelta(minutes=10))
    assert (weekend.window.weekdays, weekend.units) == ((5, 6), ())
    assert plan.policies[CallType.PATIENT].present_within is None
    assert plan.policies[CallType.BATHROOM].present_within == timedelta(hours=1)
    assert again == plan


def _policy(ladders: list[str]) -> st.SearchStrategy[Any]:
    optional: dict[str, Any] = {
        "priority": word_names(Priority),
        "arrive_within": spans,
        "respond_within": spans,
        "close_competence": word_names(Competence),
        "cancel_in_room": st.sampled_from(["true", "false"]),
        "present_within": spans | st.just("0s"),
    }
    if ladders:
        optional["ladder"] = st.sampled_from(ladders)
    return part({}, optional)


def _stay(bed: str, carers: list[str], staff: list[str]) -> st.SearchStrategy[Any]:
    return part(
        {"bed": st.just(bed), "since": moments},
        {
            "offer": words(AlarmOffer),
            "profile": words(Profile),
            "practice_until": moments,
            "goal": texts,
            "note": texts,
            "assigned": some(carers),
            "backup": some(staff),
        },
    )


def _device(n: int, rooms: list[str], patients: list[str]) -> st.SearchStrategy[Any]:
    # A receiver is worn by nobody, and here the wearer is drawn apart.
    worn = words(Purpose).filter(lambda purpose: purpose != "receiver")
    use: dict[str, Any] = {"purpose": worn, "since": moments}
    use["room"] = st.sampled_from(rooms)
    who = {"patient": st.sampled_from(patients)} if patients else {}
    return part(
        {
            "bridge": st.just("br"),
            "native": st.just(f"0x{n:04x}"),
            "model": st.just("zigbee2mqtt/sensor"),
            "class": words(DeviceClass),
        },
        {
            "life": words(DeviceLife),
            "expect_every": spans,
            "proven_at": moments,
            "used": st.lists(part(use, who), max_size=1),
        },
    )


def _template() -> st.SearchStrategy[Any]:
    triggers = st.lists(part({"kind": words(TriggerKind)}, {"within": spans}), max_size=2)
    days = some(list(WEEKDAYS), min_size=1)
    return part(
        {"version": st.integers(1, 9)},
        {
            "title": names,
            "routine": names,
            "triggers": triggers,
            "call_type": words(CallType),
            "combine": words(Combine),
            "unless": triggers,
            "window": part({"since": clock, "until": clock}, {"weekdays": days}),
            "delay": spans,
            "priority": word_names(Priority),
            "ends_by_itself": st.sampled_from(["true", "false"]),
            "text": texts,
            "least_intrusive": texts,
        },
    )


def _rule(
    patients: list[str], devices: list[str], rooms: list[str], ladders: list[str]
) -> st.SearchStrategy[Any]:
    narrow: dict[str, Any] = {"room": st.sampled_from(rooms), "within": spans}
    if devices:
        narrow["device"] = st.sampled_from(devices)
    triggers = st.lists(part({"kind": words(TriggerKind)}, narrow), min_size=1, max_size=3)
    days = some(list(WEEKDAYS), min_size=1)
    optional: dict[str, Any] = {
        "combine": words(Combine),
        "unless": triggers,
        "window": part({"since": clock, "until": clock}, {"weekdays": days}),
        "delay": spans,
        "priority": word_names(Priority),
        "ends_by_itself": st.sampled_from(["true", "false"]),
        "text": texts,
        "decided_by": names,
        "valid_from": moments,
        "version": st.integers(1, 9),
    }
    if ladders:
        optional["ladder"] = st.sampled_from(ladders)
    return part(
        {
            "patient": st.sampled_from(patients),
            "need": texts,
            "triggers": triggers,
            "call_type": words(CallType),
            "state": words(RuleState),
            "basis": words(Basis),
            "review_by": st.dates(date(2026, 1, 1), date(2027, 1, 1)).map(date.isoformat),
        },
        optional,
    )


def written(made: dict[str, Any]) -> str:
    stream = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.dump(made, stream)
    return stream.getvalue()


def again(file: HouseFile) -> HouseFile:
    return parse(export(file.plan(3), Names(file.names()), file.logins()), "exported.yaml")


def refusal(text: str) -> HouseFileError | None:
    try:
        parse(text).plan(1)
    except HouseFileError as error:
        return error
    return None


@settings(
    max_examples=30,  # each is a whole house, half a second of a busy machine
    deadline=None,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)
@given(made=houses())
def test_a_house_that_is_exported_and_imported_is_the_same_house(made: dict[str, Any]) -> None:
    first = parse(written(made))
    second = again(first)

    assert second.plan(3) == first.plan(3)
    assert list(second.plan(3).rooms) == list(first.plan(3).rooms)
    assert set(second.names()) == set(first.names())
    assert second.logins() == first.logins()


@pytest.mark.parametrize("name", ["solvik.yaml", "small.yaml"])
def test_the_shipped_houses_come_back_as_they_were(name: str) -> None:
    first = load(HOUSES / name)
    second = again(first)

    assert second.plan(3) == first.plan(3)
    assert second.names() == first.names()
    assert export(second.plan(3), Names(second.names()), second.logins()) == export(
        first.plan(3), Names(first.names()), first.logins()
    )


def test_without_names_an_export_holds_ids_in_their_place() -> None:
    text = export(load(HOUSES / "small.yaml").plan(1), Names())

    assert "Nordlykt" not in text
    assert parse(text).plan(1) == load(HOUSES / "small.yaml").plan(1)


@given(seconds=st.integers(0, 10_000_000))
def test_a_duration_is_read_as_it_was_written(seconds: int) -> None:
    assert duration(written_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_is_a_house_or_is_refused_with_a_sentence(text: str) -> None:
    refused = refusal(text)

    assert refused is None or (refused.problems and all(one.text for one in refused.problems))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_house_file_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    text = (HOUSES / "small.yaml").read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 30))
    put = data.draw(st.text(max_size=10))
    refused = refusal(text[:start] + put + text[start + cut :])

    assert refused is None or refused.problems


def test_times_of_day_keep_their_minutes() -> None:
    file = load(HOUSES / "solvik.yaml")
    windows = [rule.window for rule in again(file).plan(1).rules if rule.window]

    assert time(22, 30) in {window.since for window in windows}
