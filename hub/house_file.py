"""The house file's types: a whole care house as one YAML. The JSON Schema is made from these.

Written for people: sections keyed by id, durations as `60s`, `10min`, `24h`, times of day as
`"22:00"`, moments in the house's own time zone. Personal names stand only in the `name` and
`short` fields; `hub.house` keeps them apart from the plan.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic import WithJsonSchema as Schema

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
    TargetKind,
    TriggerKind,
)
from routing.readings import DeviceClass

UNITS_OF_TIME = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Ids stand in topics and addresses: no blank, slash, plus, hash or national letter."""

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)min)?(?:(\d+)s)?")
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_TARGETS_OF_THEIR_OWN = (TargetKind.ASSIGNED, TargetKind.BACKUP, TargetKind.HOUSE)
WITHIN_A_UNIT = (TargetKind.COMPETENCE, TargetKind.ROLE)
"""Asked for in the whole house, or with `@unit` in one unit."""
_UNIT_OF_TARGET = re.compile(r"unit(:.+)?")


def duration(text: Any) -> Any:
    """Read `60s`, `10min`, `24h`, `7d` or a sum of them, largest first: `1h30min`."""
    if isinstance(text, timedelta):
        return text
    match = _DURATION.fullmatch(str(text).replace(" ", ""))
    if not match or not any(match.groups()):
        raise ValueError("expected a duration like 60s, 10min, 24h or 1h30min")
    seconds = zip(match.groups(), UNITS_OF_TIME.values(), strict=True)
    try:
        return timedelta(seconds=sum(int(number or 0) * size for number, size in seconds))
    except OverflowError:
        raise ValueError("expected a duration that a person will live to see end") from None


def written_duration(length: timedelta) -> str:
    """Write a duration as the file has it, in the largest unit that fits: 25h, 90s."""
    seconds = int(length.total_seconds())
    size = next((s for s in UNITS_OF_TIME.items() if seconds and not seconds % s[1]), ("s", 1))
    return f"{seconds // size[1]}{size[0]}"


def _time_of_day(text: Any) -> Any:
    match = _TIME_OF_DAY.fullmatch(str(text))
    if not match:
        raise ValueError('expected a time of day like "22:00"')
    return time(int(match[1]), int(match[2]))


def _moment(text: Any) -> Any:
    try:
        return text if isinstance(text, datetime) else datetime.fromisoformat(str(text))
    except ValueError:
        raise ValueError(
            "expected a moment like 2026-11-02T10:00, in the house's time"
        ) from None


def _day(text: Any) -> Any:
    try:
        return text if isinstance(text, date) else date.fromisoformat(str(text))
    except ValueError:
        raise ValueError("expected a date like 2026-12-14") from None


def _weekday(text: Any) -> Any:
    if text in WEEKDAYS:
        return WEEKDAYS.index(text)
    raise ValueError(f"expected one of {', '.join(WEEKDAYS)}")


Number = TypeVar("Number", bound=IntEnum)


def _words(kind: type[IntEnum]) -> list[str]:
    return [member.name.lower() for member in kind]


def _by_word(kind: type[Number]) -> BeforeValidator:
    def read(text: Any) -> Any:
        if isinstance(text, kind):
            return text
        if text not in _words(kind):
            raise ValueError(f"expected one of {', '.join(_words(kind))}")
        return kind[str(text).upper()]

    return BeforeValidator(read)


def _target(text: Any) -> Any:
    word, _, value = str(text).partition(":")
    kinds = [str(kind) for kind in TargetKind]
    if word not in kinds:
        raise ValueError(f"expected one of {', '.join(kinds)}, with :value where it needs one")
    kind = TargetKind(word)
    within = ("", "", "")
    if kind in WITHIN_A_UNIT:
        within = value.partition("@")
        value = within[0]
    if kind in _TARGETS_OF_THEIR_OWN and value:
        raise ValueError(f"{word} takes no value: it is the call's own")
    if kind not in {*_TARGETS_OF_THEIR_OWN, TargetKind.UNIT} and not value:
        raise ValueError(f"{word} needs a value, as in {word}:NAME")
    if within[1] and not _UNIT_OF_TARGET.fullmatch(within[2]):
        raise ValueError(f"after {word}:{value}@ expected unit, or unit:ID")
    return str(text)


_DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^(\d+d)?(\d+h)?(\d+min)?(\d+s)?$",
    "minLength": 2,
}
_TEXT_OR_NUMBER = {"type": ["string", "integer"]}

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Key = Annotated[str, Field(pattern=ID_PATTERN), Schema(_TEXT_OR_NUMBER)]
"""An id where it is used: `room: 101` is as good as `room: "101"`."""
Line = Annotated[str, Field(max_length=120, pattern=r"^[^\r\n]*$")]
Text = Annotated[str, Field(max_length=500)]
Label = Annotated[str, Field(max_length=40, pattern=r"^[^\r\n]*$"), Schema(_TEXT_OR_NUMBER)]
Duration = Annotated[timedelta, BeforeValidator(duration), Schema(_DURATION_SCHEMA)]
TimeOfDay = Annotated[
    time,
    BeforeValidator(_time_of_day),
    Schema({"type": "string", "pattern": _TIME_OF_DAY.pattern}),
]
Moment = Annotated[datetime, BeforeValidator(_moment), Schema({"type": "string"})]
Day = Annotated[date, BeforeValidator(_day), Schema({"type": "string", "format": "date"})]
Weekday = Annotated[int, BeforeValidator(_weekday), Schema({"enum": list(WEEKDAYS)})]
PriorityWord = Annotated[Priority, _by_word(Priority), Schema({"enum": _words(Priority)})]
CompetenceWord = Annotated[
    Competence, _by_word(Competence), Schema({"enum": _words(Competence)})
]
TargetText = Annotated[
    str,
    BeforeValidator(_target),
    Schema({"type": "string", "pattern": f"^({'|'.join(TargetKind)})(:.+)?$"}),
]


class Part(BaseModel):
    """A part of the file: unknown fields are refused, an empty value is as good as none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, data: Any) -> Any:
        if data is None:
            return {}
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


class HousePart(Part):
    """The house itself."""

    id: Id
    name: Line = ""
    timezone: str = "Europe/Oslo"
    """IANA name. Windows, days and figures follow it."""


class UnitPart(Part):
    """A ward (avdeling)."""

    name: Line = ""


class RoomPart(Part):
    """A room; `number` is what stands on the door, by default its id."""

    unit: Key
    number: Label = ""
    kind: RoomKind = RoomKind.BEDROOM
    floor: Label = ""
    bathroom_of: Key | None = None
    """The bedroom that this bathroom belongs to."""
    beds: list[Key] = []
    """Ids of the bed places in it."""


class PlacePart(Part):
    """On which legal basis the patient's place is followed. Left out: only during a call."""

    basis: Basis
    review_by: Day
    reference: Line = ""
    decided_by: Line = ""


class StayPart(Part):
    """A patient's stay: in which bed, from when (`since`) to when (`until`, not included)."""

    bed: Key
    since: Moment
    until: Moment | None = None
    offer: AlarmOffer = AlarmOffer.NOT_OFFERED
    profile: Profile = Profile.ORDINARY
    isolation: Line = ""
    goal: Text = ""
    note: Text = ""
    assigned: list[Key] = []
    backup: list[Key] = []
    practice_until: Moment | None = None
    """Presses before this are practice (øvelse): the real way, out of the figures."""
    place: PlacePart | None = None


class PatientPart(Part):
    """A patient: the name, kept apart from everything else, and the stays."""

    name: Line
    short: Line = ""
    """What the telephone shows; by default the first name and an initial."""
    stays: list[StayPart] = []


class BridgePart(Part):
    """What carries devices to the hub."""

    ecosystem: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
    """`zigbee2mqtt`, `chirpstack`, …: names a codec in `devices`."""
    base_topic: Annotated[str, Field(min_length=1, pattern=r"^[^#+$][^#+]*$")]
    expect_every: Duration | None = None


class UsePart(Part):
    """Whose a device is, from when to when: a patient wears it, or it stands in a room."""

    purpose: Purpose
    since: Moment
    until: Moment | None = None
    patient: Key | None = None
    room: Key | None = None


class AliasPart(Part):
    """Another id that the same device shows itself under; `bridge`: by default the device's."""

    native: Annotated[str, Field(min_length=1, max_length=128), Schema(_TEXT_OR_NUMBER)]
    bridge: Key | None = None


class DevicePart(Part):
    """A device as enrolled."""

    bridge: Key
    native: Annotated[str, Field(min_length=1, max_length=128), Schema(_TEXT_OR_NUMBER)]
    """The ecosystem's own stable id: ieee address, DevEUI, MAC."""
    model: Annotated[str, Field(min_length=1)]
    """A model of devices/models, as `ecosystem/name`."""
    device_class: DeviceClass = Field(alias="class")
    life: DeviceLife = DeviceLife.ACTIVE
    expect_every: Duration | None = None
    """Longest silence that is not a fault. None: not supervised, and shown as that."""
    proven_at: Moment | None = None
    aliases: list[AliasPart] = []
    used: list[UsePart] = []


class StaffPart(Part):
    """Somebody who works here. PINs and passwords are never in the file."""

    name: Line
    short: Line = ""
    role: Role
    competence: CompetenceWord
    units: Annotated[list[Key], Field(min_length=1)]
    login: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$")] | None = None


class HandsetPart(Part):
    """A telephone. It is enrolled with a code on the telephone itself."""

    name: Line = ""
    unit: Key | None = None


class StepPart(Part):
    """A step of a ladder: who rings, and how long until the next."""

    ring: Annotated[list[TargetText], Field(min_length=1)]
    """`assigned`, `backup`, `unit`, `unit:ID`, `house`, `competence:nurse`, `role:leader`,
    `staff:ID`, `channel:NAME`; within the call's own unit, or a named one:
    `competence:nurse@unit`, `role:technician@unit:ID`."""
    patience: Duration


class LadderPart(Part):
    """Steps, then a failsafe that repeats until a person acts."""

    steps: Annotated[list[StepPart], Field(min_length=1)]
    failsafe: StepPart
    responders: Annotated[int, Field(ge=1, le=20)] = 1
    version: Annotated[int, Field(ge=1)] = 1


class PolicyPart(Part):
    """What the house decided for one call type; what is left out is the default."""

    priority: PriorityWord | None = None
    ladder: Key | None = None
    arrive_within: Duration | None = None
    respond_within: Duration | None = None
    close_competence: CompetenceWord | None = None
    cancel_in_room: bool | None = None
    present_within: Duration | None = None
    """Somebody there this long is asked whether it is done; then the call opens again. `0s`:
    never."""


class TriggerPart(Part):
    """One condition of a rule."""

    kind: TriggerKind
    device: Key | None = None
    room: Key | None = None
    within: Duration | None = None


class WindowPart(Part):
    """Local time of day, over midnight when `until` is not after `since`."""

    since: TimeOfDay
    until: TimeOfDay
    weekdays: Annotated[list[Weekday], Field(min_length=1)] = [0, 1, 2, 3, 4, 5, 6]
    """The days on which the window begins."""


class RulePart(Part):
    """A patient's own sensor rule. Without basis and review date it cannot be active."""

    patient: Key
    need: Text
    """Why, in the patient's words."""
    triggers: list[TriggerPart]
    call_type: CallType
    state: RuleState
    combine: Combine = Combine.ANY
    unless: list[TriggerPart] = []
    window: WindowPart | None = None
    delay: Duration = timedelta(0)
    priority: PriorityWord | None = None
    ladder: Key | None = None
    ends_by_itself: bool = False
    text: Line = ""
    basis: Basis | None = None
    basis_reference: Line = ""
    least_intrusive: Text = ""
    decided_by: Line = ""
    review_by: Day | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    template: Line = ""
    deviation: Text = ""
    version: Annotated[int, Field(ge=1)] = 1


class TemplatePart(Part):
    """What rules have in common. A rule names it as `template: ID@VERSION`.

    What a rule leaves out is the template's; where it differs it says why in `deviation`.
    Raise `version` with every change, and keep the file's `templates` equal in all houses.
    """

    version: Annotated[int, Field(ge=1)]
    title: Line = ""
    routine: Line = ""
    """The routine's id where the municipality keeps its routines."""
    triggers: list[TriggerPart] | None = None
    call_type: CallType | None = None
    combine: Combine | None = None
    unless: list[TriggerPart] | None = None
    window: WindowPart | None = None
    delay: Duration | None = None
    priority: PriorityWord | None = None
    ends_by_itself: bool | None = None
    text: Line | None = None
    least_intrusive: Text | None = None


class ShiftPart(Part):
    """A planned shift: whoever begins it signs in, at the latest `grace` after its start."""

    since: TimeOfDay
    until: TimeOfDay
    weekdays: Annotated[list[Weekday], Field(min_length=1)] = [0, 1, 2, 3, 4, 5, 6]
    """The days on which the shift begins."""
    units: list[Key] = []
    """Left out: every unit."""
    grace: Duration = timedelta(minutes=15)
    """Nobody signed in this long after the start: a fault, and the old shift stays."""


class Sections(Part):
    """A whole care house. The order of the sections is the order of dependence."""

    house: HousePart
    units: Annotated[dict[Id, UnitPart], Field(min_length=1)]
    rooms: dict[Id, RoomPart] = {}
    staff: dict[Id, StaffPart] = {}
    patients: dict[Id, PatientPart] = {}
    bridges: dict[Id, BridgePart] = {}
    devices: dict[Id, DevicePart] = {}
    handsets: dict[Id, HandsetPart] = {}
    ladders: dict[Id, LadderPart] = {}
    """Left out: the default ladders of routing/defaults.py."""
    policies: dict[CallType, PolicyPart] = {}
    """Left out: the default call types of routing/defaults.py."""
    templates: dict[Id, TemplatePart] = {}
    """What the rules of this and other houses have in common."""
    rules: dict[Id, RulePart] = {}
    shifts: dict[Id, ShiftPart] = {}
    """Left out: nobody is waited for at a change of shift."""

    @model_validator(mode="before")
    @classmethod
    def _rules_from_templates(cls, data: Any) -> Any:
        """Fill what a rule leaves out from the template that it names."""
        if not isinstance(data, dict) or not isinstance(data.get("rules"), dict):
            return data
        templates = data.get("templates")
        if not isinstance(templates, dict):
            return data
        rules = {name: _filled(rule, templates) for name, rule in data["rules"].items()}
        return {**data, "rules": rules}


OWN_OF_TEMPLATE = ("version", "title", "routine")
"""Fields of a template that say what it is; the others are the rule's."""


def template_named(text: str) -> tuple[str, int] | None:
    """Read `night-bed@2`: a template's id and version."""
    name, _, version = text.partition("@")
    return (name, int(version)) if name and version.isdecimal() else None


def _filled(rule: Any, templates: dict[Any, Any]) -> Any:
    named = template_named(str(rule.get("template", ""))) if isinstance(rule, dict) else None
    found = templates.get(named[0]) if named else None
    if named is None or not isinstance(found, dict):
        return rule
    if str(found.get("version")) != str(named[1]):  # a file's numbers are text still
        return rule
    own = {name: part for name, part in found.items() if name not in OWN_OF_TEMPLATE}
    return {**own, **{name: part for name, part in rule.items() if part is not None}}


def known(ids: Iterable[str]) -> str:
    """Name some ids that would have been right: `known: nord, sor`."""
    listed = list(ids)
    if not listed:
        return "none is defined"
    return "known: " + ", ".join(listed[:8]) + (", …" if len(listed) > 8 else "")
