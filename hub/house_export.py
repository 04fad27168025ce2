"""From plan and names back to the text of a house file. Importing it gives the same plan."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from hub.house_file import WEEKDAYS, written_duration
from hub.names import Named, Names
from routing.plan import (
    Alias,
    Assignment,
    CallPolicy,
    Device,
    Ladder,
    PlaceBasis,
    Plan,
    Room,
    Rung,
    Shift,
    Staff,
    Stay,
    Target,
    Trigger,
    Window,
)

Fields = dict[str, Any]


def export(plan: Plan, names: Names, logins: Mapping[str, str] | None = None) -> str:
    """Write the plan and the names as a house file. With `Names()` it holds no names.

    A patient without a stay is in no plan: such names alone are written from `names`.
    """
    return _text(sections_of(plan, names, logins))


def sections_of(plan: Plan, names: Names, logins: Mapping[str, str] | None = None) -> Fields:
    """Return what `export` writes, as plain fields: what `HouseFile` reads."""
    writer = _Writer(plan, names, logins or {})
    return {name: part for name, part in writer.sections().items() if part}


def _text(sections: Fields) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 96
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(sections, stream)
    return stream.getvalue()


class _Writer:
    """One export: the plan, the names and the house's zone, which most parts need."""

    def __init__(self, plan: Plan, names: Names, logins: Mapping[str, str]) -> None:
        self.plan = plan
        self.names = names
        self.logins = logins
        self.zone = ZoneInfo(plan.timezone)

    def sections(self) -> Fields:
        plan, names = self.plan, self.names
        beds: dict[str, list[str]] = {}
        for bed in plan.beds.values():
            beds.setdefault(bed.room, []).append(bed.id)
        return {
            "house": {
                "id": _str(plan.house),
                "name": _str(names.house(plan.house)),
                "timezone": plan.timezone,
            },
            "units": {_str(unit): {"name": _str(names.unit(unit))} for unit in plan.units},
            "rooms": {
                _str(room.id): self._room(room, beds.get(room.id, []))
                for room in plan.rooms.values()
            },
            "staff": {_str(person.id): self._staff(person) for person in plan.staff.values()},
            "patients": self._patients(),
            "bridges": {
                _str(bridge.id): self._filled(bridge, leave=("id",))
                for bridge in plan.bridges.values()
            },
            "devices": {_str(d.id): self._device(d) for d in plan.devices.values()},
            "handsets": {
                _str(handset.id): {"name": _str(names.handset(handset.id))}
                | self._filled(handset, leave=("id",))
                for handset in plan.handsets.values()
            },
            "ladders": {
                _str(ladder.id): self._ladder(ladder) for ladder in plan.ladders.values()
            },
            "policies": {str(kind): self._policy(p) for kind, p in plan.policies.items()},
            "templates": {
                _str(one.id): self._filled(one, leave=("id",)) for one in plan.templates
            },
            "rules": {_str(rule.id): self._filled(rule, leave=("id",)) for rule in plan.rules},
            "shifts": {_str(shift.id): self._shift(shift) for shift in plan.shifts},
        }

    def _room(self, room: Room, beds: list[str]) -> Fields:
        return self._filled(room, leave=("id",)) | (
            {"beds": [_str(bed) for bed in beds]} if beds else {}
        )

    def _named(self, kind: Named, id_: str) -> Fields:
        short = self.names.short(kind, id_)
        return {"name": _str(self.names.full(kind, id_)), "short": _str(short)}

    def _staff(self, person: Staff) -> Fields:
        login = self.logins.get(person.id)
        return (
            self._named(Named.STAFF, person.id)
            | self._filled(person, leave=("id",))
            | ({"login": _str(login)} if login else {})
        )

    def _patients(self) -> Fields:
        stays: dict[str, list[Stay]] = {}
        for stay in self.plan.stays:
            stays.setdefault(stay.patient, []).append(stay)
        for patient in self.names.known()[Named.PATIENT]:
            stays.setdefault(patient, [])
        return {
            _str(patient): self._named(Named.PATIENT, patient)
            | ({"stays": [self._filled(s, leave=("patient",)) for s in own]} if own else {})
            for patient, own in stays.items()
        }

    def _device(self, device: Device) -> Fields:
        written = self._filled(device, leave=("id",))
        written["class"] = written.pop("device_class")
        used = [use for use in self.plan.assignments if use.device == device.id]
        return written | ({"used": [self._use(use) for use in used]} if used else {})

    def _use(self, use: Assignment) -> Fields:
        return self._filled(use, leave=("device",))

    def _ladder(self, ladder: Ladder) -> Fields:
        return {
            "steps": [self._value(rung) for rung in ladder.rungs],
            "failsafe": self._value(ladder.failsafe),
        } | self._filled(ladder, leave=("id", "rungs", "failsafe"))

    def _policy(self, policy: CallPolicy) -> Fields:
        # In full, also what equals today's default: a later default changes no house.
        written = {
            f.name: self._value(getattr(policy, f.name))
            for f in fields(policy)
            if f.name != "type"
        }
        never = {"present_within": "0s"} if policy.present_within is None else {}
        return written | never

    def _shift(self, shift: Shift) -> Fields:
        window: Fields = self._value(shift.window)
        return window | self._filled(shift, leave=("id", "window"))

    def _filled(self, part: Any, *, leave: tuple[str, ...]) -> Fields:
        """Write a part's fields, without those that still have their default."""
        written: Fields = {}
        for f in fields(part):
            value = getattr(part, f.name)
            if f.name not in leave and (f.default is MISSING or value != f.default):
                written[f.name] = self._value(value)
        return written

    def _value(self, value: Any) -> Any:  # noqa: PLR0911 (one line for each kind of value)
        match value:
            case tuple():
                return [self._value(item) for item in value]
            case Target(kind, named, unit):
                within = "" if unit is None else f"@unit:{unit}" if unit else "@unit"
                return _str(f"{kind}:{named}{within}" if named else str(kind))
            case Rung(targets, patience):
                ring = [self._value(to) for to in targets]
                return {"ring": ring, "patience": written_duration(patience)}
            case Trigger() | Alias() | PlaceBasis():
                return self._filled(value, leave=())
            case Window(since, until, weekdays):
                days = (
                    {} if len(weekdays) == 7 else {"weekdays": [WEEKDAYS[d] for d in weekdays]}
                )
                return {"since": self._value(since), "until": self._value(until), **days}
            case datetime():
                return _str(value.astimezone(self.zone).isoformat())
            case _:
                return _plain(value)


def _plain(value: Any) -> Any:  # noqa: PLR0911 (one line for each kind of value)
    match value:
        case timedelta():
            return written_duration(value)
        case time():
            return _str(value.strftime("%H:%M"))
        case date():
            return _str(value.isoformat())
        case IntEnum():
            return value.name.lower()
        case StrEnum():
            return str(value)
        case str():
            return _str(value)
        case _:
            return value


_NOT_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def _str(value: str) -> str:
    """Quote what another YAML reader might take for a number, a date or an empty value."""
    if value.isidentifier() and value.casefold() not in _NOT_WORDS:
        return value
    return DoubleQuotedScalarString(value)
