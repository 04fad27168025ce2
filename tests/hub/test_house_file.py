"""The house file: what it becomes, and how a mistake is told."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from devices.catalogue import load as catalogue
from devices.registry import Registry
from hub.house import HouseFile, HouseFileError, export, load, parse, schema
from hub.houses import enrolled
from hub.names import Named, Names
from routing.defaults import LADDERS
from routing.ids import BedId, DeviceId, HouseId, LadderId, RoomId, UnitId
from routing.plan import CallType, Plan, Priority, RoomKind, RuleState, Target, TargetKind
from routing.readings import DeviceClass

HOUSES = Path(__file__).parents[2] / "simulators" / "houses"
LEVELS = "student, assistant, health_worker, nurse"
A_DURATION = "expected a duration like 60s, 10min, 24h or 1h30min"
SMALLEST = "house: { id: small }\nunits: { nord: { name: Nord } }\n"


LADDER = (
    "ladders: { l: { steps: [{ ring: [%s], patience: %s }],"
    " failsafe: { ring: [%s], patience: 1s } } }"
)
DEVICE = "devices: { d: { bridge: b, native: '1', model: %s, class: alarm } }"
NURSE = "{ name: A, role: nurse, competence: nurse, units: [nord], login: x }"


def told(text: str) -> list[str]:
    """Return what is said about a file that must be refused."""
    with pytest.raises(HouseFileError) as refused:
        parse(text, "x.yaml")
    return [problem.sentence("x.yaml") for problem in refused.value.problems]


@pytest.fixture(scope="module")
def solvik() -> HouseFile:
    return load(HOUSES / "solvik.yaml")


# --- What a file becomes ------------------------------------------------------------------


def test_solvik_has_two_units_24_bedrooms_and_a_patient_in_each(solvik: HouseFile) -> None:
    plan = solvik.plan(1)
    bedrooms = [room for room in plan.rooms.values() if room.kind is RoomKind.BEDROOM]

    assert list(plan.units) == ["nord", "sor"]
    assert len(bedrooms) == 24
    assert len(plan.stays) == 24
    assert {bed.room for bed in plan.beds.values()} == {room.id for room in bedrooms}


def test_every_bedroom_of_solvik_has_a_bathroom_with_a_call_button(solvik: HouseFile) -> None:
    plan = solvik.plan(1)
    bathrooms = {room.bathroom_of: room.id for room in plan.rooms.values() if room.bathroom_of}
    buttons = {use.room for use in plan.assignments if use.purpose == "help" and use.room}

    assert set(bathrooms) == {r.id for r in plan.rooms.values() if r.kind is RoomKind.BEDROOM}
    assert buttons == set(bathrooms.values())


def test_the_rules_of_solvik_stand_on_a_basis_and_have_a_review_date(solvik: HouseFile) -> None:
    rules = solvik.plan(1).rules

    assert {rule.state for rule in rules} == {RuleState.ACTIVE, RuleState.TRIAL}
    assert all(rule.basis and rule.review_by and not rule.problems() for rule in rules)
    kinds = {rule.call_type for rule in rules}
    assert kinds >= {CallType.BED_EXIT, CallType.MOTION, CallType.DOOR, CallType.WANDER}


def test_every_device_of_solvik_can_be_understood(solvik: HouseFile) -> None:
    plan = solvik.plan(1)
    registry = Registry(plan.bridges.values(), enrolled(plan), ())

    assert "application/+/device/24e1be11e5000001/event/+" in registry.alarm_topics()
    assert {device.model for device in plan.devices.values()} <= set(catalogue())


def test_a_plan_holds_no_name_of_a_person(solvik: HouseFile) -> None:
    people = [name for name in solvik.names() if name.kind in {Named.PATIENT, Named.STAFF}]
    words = {word for name in people for word in name.name.split()}

    assert len(people) == 24 + 19
    assert not [text for text in _texts(solvik.plan(1)) for word in words if word in text]


def _texts(part: Any) -> list[str]:
    match part:
        case str():
            return [part]
        case dict():
            return [text for pair in part.items() for item in pair for text in _texts(item)]
        case tuple():
            return [text for item in part for text in _texts(item)]
        case _ if is_dataclass(part):
            return [text for f in fields(part) for text in _texts(getattr(part, f.name))]
        case _:
            return []


def test_a_small_house_becomes_a_plan() -> None:
    plan = load(HOUSES / "small.yaml").plan(7)

    assert (plan.house, plan.version, plan.timezone) == (HouseId("small"), 7, "Europe/Oslo")
    assert plan.beds[BedId("101-1")].room == RoomId("101")
    assert plan.devices[DeviceId("wrist-101")].device_class is DeviceClass.ALARM
    assert plan.devices[DeviceId("wrist-101")].expect_every == timedelta(hours=25)
    assert plan.stays[0].since == datetime(2026, 1, 5, 9, tzinfo=UTC)  # 10:00 in Oslo
    (rule,) = plan.rules
    assert rule.delay == timedelta(minutes=10)
    assert rule.window is not None
    assert (rule.window.since, rule.window.until) == (time(22), time(7))


def test_a_house_that_decides_no_ladder_has_the_default_ones() -> None:
    plan = parse(SMALLEST).plan(1)

    assert plan.ladders == LADDERS
    assert set(plan.policies) == set(CallType)
    assert all(policy.ladder in plan.ladders for policy in plan.policies.values())


def test_a_ladder_and_a_policy_of_the_file_take_the_defaults_place() -> None:
    plan = parse(
        SMALLEST
        + "ladders: { quick: { steps: [{ ring: ['unit:nord'], patience: 20s }],"
        + " failsafe: { ring: [house, 'role:leader'], patience: 1min30s } } }\n"
        + "policies: { patient: { ladder: quick, priority: urgent } }\n"
    ).plan(1)

    quick = plan.ladders[LadderId("quick")]
    assert quick.rungs[0].targets == (Target(TargetKind.UNIT, "nord"),)
    assert quick.failsafe.patience == timedelta(seconds=90)
    assert plan.policies[CallType.PATIENT].ladder == "quick"
    assert plan.policies[CallType.PATIENT].priority is Priority.URGENT
    assert plan.policies[CallType.PATIENT].arrive_within == timedelta(minutes=5)


def test_a_competence_is_asked_for_in_the_house_the_calls_unit_or_a_named_one() -> None:
    said = ["competence:nurse", "competence:nurse@unit", "role:technician@unit:nord"]
    steps = ", ".join(f"'{one}'" for one in said)
    file = parse(SMALLEST + LADDER % (steps, "20s", "house") + "\n")

    assert file.plan(1).ladders[LadderId("l")].rungs[0].targets == (
        Target(TargetKind.COMPETENCE, "nurse"),
        Target(TargetKind.COMPETENCE, "nurse", UnitId("")),
        Target(TargetKind.ROLE, "technician", UnitId("nord")),
    )
    written = export(file.plan(1), Names(file.names()))
    assert all(one in written for one in said)


def test_numbers_in_places_of_names_are_what_they_look_like() -> None:
    plan = parse(SMALLEST + "rooms: { 0101: { unit: nord, floor: 1, beds: [1] } }\n").plan(1)

    room = plan.rooms[RoomId("0101")]
    assert (room.number, room.floor, list(plan.beds)) == ("0101", "1", ["1"])


def test_a_short_name_is_made_where_none_is_given() -> None:
    names = Names(parse(SMALLEST + "patients: { p: { name: Kari Nordlykt } }\n").names())

    assert names.patient("p") == "Kari N."
    assert names.patient("q") == "q"
    assert names.unit("nord") == "Nord"


# --- How mistakes are told ----------------------------------------------------------------


def test_several_mistakes_are_told_at_once_each_with_its_line() -> None:
    assert told(
        """house: { id: small, timezone: Europe/Oslo }
units:
  nord: { name: Nord, flor: 1 }
rooms:
  "101": { unit: nord, kind: kitchen }
staff:
  a: { name: A, role: nurse, competence: high, units: [nord] }
rules:
  r:
    patient: p
    need: x
    triggers: [{ kind: bed_exit }]
    call_type: bed_exit
    state: draft
    delay: soon
    window: { since: 25:00, until: "07:00" }
"""
    ) == [
        "x.yaml:3: units.nord.flor: unknown field; expected one of name",
        f"x.yaml:5: rooms.101.kind: expected one of {', '.join(RoomKind)}, got 'kitchen'",
        f"x.yaml:7: staff.a.competence: expected one of {LEVELS}, got 'high'",
        f"x.yaml:15: rules.r.delay: {A_DURATION}, got 'soon'",
        "x.yaml:16: rules.r.window.since: expected a time of day like \"22:00\", got '25:00'",
    ]


def test_a_wrong_reference_is_told_beside_a_wrong_word_and_nothing_false_is() -> None:
    assert told(
        """house: { id: small }
units: { nord: }
rooms:
  "1": { unit: nord, beds: [b1], kind: kitchen }
  "2": { unit: sor }
patients:
  p: { name: P Q, stays: [{ bed: b1, since: 2026-01-01 }, { bed: b9, since: 2025-01-01 }] }
handsets: { t: { unit: vest } }
"""
    ) == [
        f"x.yaml:4: rooms.1.kind: expected one of {', '.join(RoomKind)}, got 'kitchen'",
        "x.yaml:5: rooms.2.unit: no unit 'sor'; known: nord",
        "x.yaml:7: patients.p.stays.2.bed: no bed 'b9'; none is defined",
        "x.yaml:7: patients.p.stays.1.since: p has another bed then (patients.p.stays.2)",
        "x.yaml:8: handsets.t.unit: no unit 'vest'; known: nord",
    ]


def test_a_misspelled_field_is_answered_with_the_right_one() -> None:
    (said,) = told("house: { id: small, timezon: Europe/Oslo }\nunits: { nord: }\n")

    assert said == "x.yaml:1: house.timezon: unknown field; did you mean 'timezone'?"


def test_a_wrong_reference_names_what_would_have_been_right() -> None:
    text = SMALLEST.replace("nord:", "sor:") + "rooms:\n  '204': { unit: nord }\n"

    assert told(text) == ["x.yaml:4: rooms.204.unit: no unit 'nord'; known: sor"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("handsets: { t: { unit: sor } }", "handsets.t.unit: no unit 'sor'; known: nord"),
        (
            "rooms: { a: { unit: nord, kind: bathroom, bathroom_of: b } }",
            "rooms.a.bathroom_of: no room 'b'; known: a",
        ),
        (
            "patients: { p: { name: P Q, stays: [{ bed: b, since: 2026-01-01 }] } }",
            "patients.p.stays.1.bed: no bed 'b'; none is defined",
        ),
        (
            "policies: { patient: { ladder: none } }",
            "policies.patient.ladder: no ladder 'none'; known: ",
        ),
        (
            DEVICE % "zigbee2mqtt/sensor",
            "devices.d.bridge: no bridge 'b'; none is defined",
        ),
        (
            "bridges: { b: { ecosystem: telepathy, base_topic: t } }",
            "bridges.b.ecosystem: no ecosystem 'telepathy'; known: zigbee2mqtt",
        ),
        (
            (
                "bridges: { b: { ecosystem: zigbee2mqtt, base_topic: t } }\n"
                + DEVICE % "zigbee2mqtt/senor"
            ),
            (
                "devices.d.model: no model 'zigbee2mqtt/senor' in devices/models; near: "
                "zigbee2mqtt/sensor"
            ),
        ),
        (
            (
                "bridges: { b: { ecosystem: chirpstack, base_topic: t } }\n"
                + (DEVICE % "dragino/trackerd")
                .replace("safety", "alarm")
                .replace("comfort", "alarm")
            ),
            "devices.d.model: 'dragino/trackerd' is experimental (",
        ),
        (
            LADDER % ("'role:boss'", "1s", "house"),
            "ladders.l.steps.1.ring.1: no role 'boss'; known: carer",
        ),
        (
            LADDER % ("'competence:nurse@unit:sor'", "1s", "house"),
            "ladders.l.steps.1.ring.1: no unit 'sor'; known: nord",
        ),
        (
            LADDER % ("'competence:nurse@nord'", "1s", "house"),
            "ladders.l.steps.1.ring.1: after competence:nurse@ expected unit, or unit:ID",
        ),
        (
            LADDER % ("'role:@unit'", "1s", "house"),
            "ladders.l.steps.1.ring.1: role needs a value",
        ),
        (
            LADDER % ("house", "1s", "assigned"),
            "ladders.l.failsafe.ring: reaches only the call's own carers",
        ),
        (
            LADDER % ("house", "0s", "house"),
            "ladders.l.steps.1.patience: a step of 0s",
        ),
        (
            "staff: { s: { name: S, role: student, competence: nurse, units: [nord] } }",
            "staff.s.competence: role and competence disagree",
        ),
        (
            f"staff: {{ a: {NURSE}, b: {NURSE} }}",
            "staff.b.login: 'x' is the login of a too",
        ),
    ],
)
def test_what_does_not_hold_together_is_told(more: str, said: str) -> None:
    (sentence,) = told(SMALLEST + more + "\n")

    assert sentence.partition(": ")[2].startswith(said)
    assert sentence.startswith(("x.yaml:3", "x.yaml:4"))


RULE = """patients: { p: { name: Kari Nordlykt } }
rules:
  r: { patient: p, need: x, triggers: [{ kind: bed_exit }], call_type: bed_exit, state: %s%s }
"""


@pytest.mark.parametrize("state", ["active", "trial"])
def test_a_rule_without_basis_and_review_date_cannot_come_in_by_the_file(state: str) -> None:
    here = f"x.yaml:5: rules.r: cannot be {state}"

    assert told(SMALLEST + RULE % (state, "")) == [
        f"{here}: no legal basis: record consent or decision first",
        f"{here}: no review date: set one, 4 weeks ahead is usual, 12 at most",
    ]


def test_a_draft_needs_neither_basis_nor_review_date() -> None:
    assert parse(SMALLEST + RULE % ("draft", "")).plan(1).rules[0].state is RuleState.DRAFT


def test_the_patients_name_may_not_stand_where_the_journal_would_keep_it() -> None:
    text = SMALLEST + RULE % ("draft", ", text: Kari er ute av seng")

    (said,) = told(text)
    assert said.startswith("x.yaml:5: rules.r.text: holds the name 'Kari': ")


@pytest.mark.parametrize("number", ["01019012345", "010190 12345"])
def test_what_looks_like_an_identity_number_is_refused(number: str) -> None:
    (said,) = told(SMALLEST + f"patients: {{ p: {{ name: 'Kari N {number}' }} }}\n")

    assert "looks like an identity number" in said


def test_one_bed_holds_one_patient_at_a_time() -> None:
    text = (
        SMALLEST
        + """rooms: { "1": { unit: nord, beds: [b] } }
patients:
  p: { name: P Q, stays: [{ bed: b, since: 2026-01-01, until: 2026-02-01 }] }
  q: { name: Q R, stays: [{ bed: b, since: %s }] }
"""
    )
    parse(text % "2026-02-01")

    (said,) = told(text % "2026-01-31")
    assert said.startswith(
        "x.yaml:6: patients.q.stays.1.since: bed 'b' is somebody else's then"
    )
    assert "patients.p.stays.1" in said


def test_a_device_has_one_wearer_at_a_time() -> None:
    text = (
        SMALLEST
        + """patients: { p: { name: P Q }, q: { name: Q R } }
bridges: { z: { ecosystem: zigbee2mqtt, base_topic: z } }
devices:
  d: { bridge: z, native: "1", model: zigbee2mqtt/sensor, class: alarm, used: [
    { purpose: help, patient: p, since: 2026-01-01, until: 2026-02-01 },
    { purpose: help, patient: q, since: %s } ] }
"""
    )
    parse(text % "2026-02-01")

    (said,) = told(text % "2026-01-31")
    assert said.startswith("x.yaml:8: devices.d.used.2.since: d is in another use then")


@pytest.mark.parametrize(
    ("moment", "what"),
    [("2026-03-29T02:30", "does not exist"), ("2026-10-25T02:30", "comes twice")],
)
def test_a_time_that_the_clock_change_makes_unclear_needs_an_offset(
    moment: str, what: str
) -> None:
    text = (
        SMALLEST
        + 'rooms: { "1": { unit: nord, beds: [b] } }\n'
        + "patients: { p: { name: P Q, stays: [{ bed: b, since: '%s' }] } }\n"
    )

    (said,) = told(text % moment)
    assert f"{what} in Europe/Oslo" in said
    stay = parse(text % f"{moment}+01:00").plan(1).stays[0]
    assert stay.since == datetime.fromisoformat(f"{moment}+01:00")


# --- Files that are no house files --------------------------------------------------------


def test_an_empty_file_is_told_where_to_begin() -> None:
    for text in ("", "# nothing\n", "---\n"):
        assert told(text) == [
            "x.yaml: the file is empty: start from simulators/houses/small.yaml"
        ]


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    bomb = "a: &a [x, x]\n" + "\n".join(f"b{n}: &b{n} [*a, *a]" for n in range(50))

    assert told(bomb) == ["x.yaml:1: anchors and aliases (& *) are refused"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("house: { id: a }\nhouse: { id: b }\n", "house: given twice, first on line 1"),
        ("!!python/object/apply:os.system [ls]", "the tag"),
        ("[" * 40, "nested deeper than 12"),
        ("house: [", "not YAML"),
        ("house: {id: a}\n---\nhouse: {id: b}\n", "a second document"),
        ("- house\n", "expected sections"),
        ("? [a]\n: b\n", "a key must be a plain word"),
        ("a: \x07\n", "not YAML"),
        ("x" * 2_000_001, "larger than"),
    ],
)
def test_what_is_no_plain_yaml_is_refused(text: str, said: str) -> None:
    sentences = told(text)

    assert any(said in sentence for sentence in sentences)


def test_a_key_given_twice_is_refused_also_deep_inside() -> None:
    assert told(SMALLEST + "rooms:\n  a: { unit: nord }\n  a: { unit: nord }\n") == [
        "x.yaml:5: rooms.a: given twice, first on line 4: keep one of them"
    ]


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("house:\n  name: Blåklokke".encode("latin-1"))

    with pytest.raises(HouseFileError, match=r"latin\.yaml:2: is not UTF-8"):
        load(latin)
    with pytest.raises(HouseFileError, match="No such file") as refused:
        load(tmp_path / "none.yaml")
    assert refused.value.unreadable


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(10**9)

    with pytest.raises(HouseFileError, match="too large"):
        load(huge)


# --- The schema ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["solvik.yaml", "small.yaml"])
def test_the_shipped_houses_pass_the_json_schema_as_any_yaml_reader_reads_them(
    name: str,
) -> None:
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    data = YAML(typ="safe", pure=True).load((HOUSES / name).read_text(encoding="utf-8"))

    found = list(jsonschema.Draft202012Validator(made).iter_errors(_as_json(data)))
    assert [f"{error.json_path}: {error.message}" for error in found] == []


def _as_json(value: Any) -> Any:
    """YAML knows dates; JSON, and an editor that checks it, has them as text."""
    match value:
        case dict():
            return {str(key): _as_json(item) for key, item in value.items()}
        case list():
            return [_as_json(item) for item in value]
        case bool() | int() | str() | None:
            return value
        case _:
            return str(value)


def test_the_schema_refuses_what_the_types_refuse() -> None:
    validator = jsonschema.Draft202012Validator(schema())

    assert not validator.is_valid({"house": {"id": "a"}, "units": {"n": {}}, "extra": 1})
    assert not validator.is_valid({"house": {"id": "a b"}, "units": {"n": {}}})
    assert validator.is_valid({"house": {"id": "a"}, "units": {"n": {}}})


def test_a_plan_version_is_the_callers(solvik: HouseFile) -> None:
    first, second = solvik.plan(1), solvik.plan(2)

    assert isinstance(first, Plan)
    assert (first.version, second.version) == (1, 2)
    assert first.rules == second.rules
