"""What the types cannot see: references, overlaps, law, and names where no name may stand."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel

from devices.catalogue import load as catalogue
from devices.registry import MAKERS
from hub.house_file import (
    LadderPart,
    RulePart,
    Sections,
    StayPart,
    StepPart,
    UsePart,
    known,
    template_named,
)
from hub.house_plan import ladders_of, moment, rule, target, template
from hub.house_templates import deviating
from hub.house_yaml import Path, dotted
from routing.plan import Basis, Competence, Purpose, Role, RoomKind, RuleState, TargetKind
from routing.readings import DeviceClass

Found = Iterator[tuple[Path, str]]

_IDENTITY_NUMBER = re.compile(r"(?<!\d)\d{6}[ .-]?\d{5}(?!\d)")
_FOREVER = datetime.max.replace(tzinfo=UTC)


def problems(sections: Sections) -> Found:
    """Find everything that is wrong with a file whose parts are each well formed."""
    try:
        zone = ZoneInfo(sections.house.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        name = sections.house.timezone
        yield ("house", "timezone"), f"no time zone '{name}': use a name like Europe/Oslo"
        return
    yield from _no_identity_numbers(sections)
    yield from _places(sections)
    yield from _staff(sections)
    yield from _ladders(sections)
    yield from _patients(sections)
    yield from _devices(sections)
    yield from _handsets(sections)
    yield from _shifts(sections)
    yield from _rules(sections)
    yield from _templates(sections)
    yield from _no_names_in_the_plan(sections)
    unreadable = list(_unreadable_moments(sections, zone))
    yield from unreadable
    if not unreadable:
        yield from _overlaps(sections, zone)
        yield from _rule_problems(sections, zone)
        yield from _deviations(sections, zone)


def _missing(path: Path, what: str, name: str | None, among: Collection[str]) -> Found:
    if name and name not in among:
        yield path, f"no {what} '{name}'; {known(among)}"


def _beds(sections: Sections) -> dict[str, str]:
    return {bed: room for room, part in sections.rooms.items() for bed in part.beds}


# --- Places ----------------------------------------------------------------------------------


def _places(sections: Sections) -> Found:
    seen: dict[str, str] = {}
    for name, room in sections.rooms.items():
        here = ("rooms", name)
        yield from _missing((*here, "unit"), "unit", room.unit, sections.units)
        yield from _missing((*here, "bathroom_of"), "room", room.bathroom_of, sections.rooms)
        if room.bathroom_of and room.kind is not RoomKind.BATHROOM:
            yield (
                (*here, "bathroom_of"),
                f"only a bathroom has this, and {name} is a {room.kind}",
            )
        for n, bed in enumerate(room.beds):
            if bed in seen:
                yield (*here, "beds", n), f"bed '{bed}' stands in room {seen[bed]} already"
            seen[bed] = name


def _handsets(sections: Sections) -> Found:
    for name, handset in sections.handsets.items():
        yield from _missing(("handsets", name, "unit"), "unit", handset.unit, sections.units)


def _shifts(sections: Sections) -> Found:
    for name, shift in sections.shifts.items():
        for n, unit in enumerate(shift.units):
            yield from _missing(("shifts", name, "units", n), "unit", unit, sections.units)


# --- People ----------------------------------------------------------------------------------


def _staff(sections: Sections) -> Found:
    logins: dict[str, str] = {}
    for name, person in sections.staff.items():
        here = ("staff", name)
        for n, unit in enumerate(person.units):
            yield from _missing((*here, "units", n), "unit", unit, sections.units)
        if person.login in logins:
            yield (
                (*here, "login"),
                f"'{person.login}' is the login of {logins[person.login]} too",
            )
        if person.login:
            logins[person.login] = name
        student = (person.role is Role.STUDENT, person.competence is Competence.STUDENT)
        if any(student) and not all(student):
            yield (
                (*here, "competence"),
                "role and competence disagree: student in both, or none",
            )


def _patients(sections: Sections) -> Found:
    beds = _beds(sections)
    for name, patient in sections.patients.items():
        for n, stay in enumerate(patient.stays):
            here = ("patients", name, "stays", n)
            yield from _missing((*here, "bed"), "bed", stay.bed, beds)
            if stay.place and stay.place.basis is Basis.STAFF_ONLY:
                text = "a place is the patient's own: consent, decision_4_6a or chapter_4a"
                yield (*here, "place", "basis"), text
            for field in ("assigned", "backup"):
                for m, person in enumerate(getattr(stay, field)):
                    path = (*here, field, m)
                    yield from _missing(path, "member of staff", person, sections.staff)
                    known_person = sections.staff.get(person)
                    if (
                        known_person
                        and known_person.role is Role.STUDENT
                        and field == "assigned"
                    ):
                        yield path, f"{person} is a student, who never carries a call alone"


# --- Devices ---------------------------------------------------------------------------------


def _devices(sections: Sections) -> Found:
    natives: dict[tuple[str, str], str] = {}
    for name, device in sections.devices.items():
        here = ("devices", name)
        yield from _missing((*here, "bridge"), "bridge", device.bridge, sections.bridges)
        yield from _model((*here, "model"), device.model, device.device_class)
        yield from _native((*here, "native"), name, device.bridge, device.native, natives)
        for n, alias in enumerate(device.aliases):
            at, bridge = (*here, "aliases", n), alias.bridge or device.bridge
            yield from _missing((*at, "bridge"), "bridge", alias.bridge, sections.bridges)
            yield from _native((*at, "native"), name, bridge, alias.native, natives)
        for n, use in enumerate(device.used):
            yield from _use(sections, (*here, "used", n), use)
    topics: dict[str, str] = {}
    for name, bridge in sections.bridges.items():
        here = ("bridges", name)
        yield from _missing((*here, "ecosystem"), "ecosystem", bridge.ecosystem, MAKERS)
        if bridge.base_topic in topics:
            text = (
                f"'{bridge.base_topic}' is the topic of bridge {topics[bridge.base_topic]} too"
            )
            yield (*here, "base_topic"), text
        topics[bridge.base_topic] = name


def _native(
    path: Path, name: str, bridge: str, native: str, natives: dict[tuple[str, str], str]
) -> Found:
    key = (bridge, native.lower())
    if key in natives:
        yield path, f"'{native}' is {natives[key]} already on bridge {bridge}"
    natives[key] = name


def _model(path: Path, name: str, device_class: DeviceClass) -> Found:
    """A device of a model that nobody knows would be heard and never understood.

    One whose table nobody has checked may miss the press, so it cannot be somebody's alarm.
    """
    models = catalogue()
    if name in models and models[name].experimental and device_class is DeviceClass.ALARM:
        source = models[name].source
        text = (
            f"'{name}' is experimental ({source}), so it cannot be class alarm: "
            "choose another device for help, or class safety or comfort for this one"
        )
        yield path, text
    if name not in models:
        near = difflib.get_close_matches(name, models, n=3) or list(models)[:3]
        yield path, f"no model '{name}' in devices/models; near: {', '.join(near)}"


def _use(sections: Sections, here: Path, use: UsePart) -> Found:
    yield from _missing((*here, "patient"), "patient", use.patient, sections.patients)
    yield from _missing((*here, "room"), "room", use.room, sections.rooms)
    if not use.patient and not use.room and use.purpose is not Purpose.STAFF:
        yield here, "belongs to nobody and nowhere: give a patient, a room, or both"
    if use.purpose is Purpose.RECEIVER and use.patient:
        yield (*here, "patient"), "a receiver is worn by nobody: give the room it stands in"


# --- Ladders and policies --------------------------------------------------------------------


def _ladders(sections: Sections) -> Found:
    for name, ladder in sections.ladders.items():
        yield from _ladder(sections, ("ladders", name), ladder)
    ladders = ladders_of(sections)
    for kind, policy in sections.policies.items():
        yield from _missing(("policies", str(kind), "ladder"), "ladder", policy.ladder, ladders)


def _ladder(sections: Sections, here: Path, ladder: LadderPart) -> Found:
    for n, step in enumerate(ladder.steps):
        yield from _step(sections, (*here, "steps", n), step)
    yield from _step(sections, (*here, "failsafe"), ladder.failsafe)
    if not any(target(text).kind not in _OF_THE_CALL for text in ladder.failsafe.ring):
        text = "reaches only the call's own carers: add house, a role, a person or a channel"
        yield (*here, "failsafe", "ring"), text


_OF_THE_CALL = (TargetKind.ASSIGNED, TargetKind.BACKUP)


def _step(sections: Sections, here: Path, step: StepPart) -> Found:
    if not step.patience:
        yield (*here, "patience"), "a step of 0s would be passed before anybody hears it"
    words = {
        TargetKind.UNIT: ("unit", list(sections.units)),
        TargetKind.STAFF: ("member of staff", list(sections.staff)),
        TargetKind.ROLE: ("role", [str(role) for role in Role]),
        TargetKind.COMPETENCE: ("competence", [level.name.lower() for level in Competence]),
    }
    for n, text in enumerate(step.ring):
        to = target(text)
        if to.kind in words:
            what, among = words[to.kind]
            yield from _missing((*here, "ring", n), what, to.value, among)
        if to.unit:
            yield from _missing((*here, "ring", n), "unit", to.unit, sections.units)


# --- Rules -----------------------------------------------------------------------------------


def _rules(sections: Sections) -> Found:
    ladders = ladders_of(sections)
    for name, part in sections.rules.items():
        here = ("rules", name)
        yield from _missing((*here, "patient"), "patient", part.patient, sections.patients)
        yield from _missing((*here, "ladder"), "ladder", part.ladder, ladders)
        for field in ("triggers", "unless"):
            for n, trigger in enumerate(getattr(part, field)):
                path = (*here, field, n)
                yield from _missing(
                    (*path, "device"), "device", trigger.device, sections.devices
                )
                yield from _missing((*path, "room"), "room", trigger.room, sections.rooms)


def _rule_problems(sections: Sections, zone: ZoneInfo) -> Found:
    """A rule without basis and review date cannot be active by this door either."""
    for name, part in sections.rules.items():
        for text in rule(name, part, zone).problems():
            yield ("rules", name), f"cannot be {part.state}: {text}"
        since, until = part.valid_from, part.valid_until
        if since and until and moment(until, zone) <= moment(since, zone):
            yield ("rules", name, "valid_until"), "is not after valid_from"


# --- Templates -------------------------------------------------------------------------------


def _templates(sections: Sections) -> Found:
    """A template is every house's: it names nothing that stands in one of them."""
    for name, part in sections.templates.items():
        for field in ("triggers", "unless"):
            for n, trigger in enumerate(getattr(part, field) or ()):
                if trigger.device or trigger.room:
                    text = "names a device or room: those are the rule's, not the template's"
                    yield ("templates", name, field, n), text
    for name, part in sections.rules.items():
        if part.template:
            yield from _template_of(sections, ("rules", name, "template"), part.template)


def _template_of(sections: Sections, path: Path, text: str) -> Found:
    named = template_named(text)
    among = [f"{name}@{one.version}" for name, one in sections.templates.items()]
    if named is None:
        yield path, f"expected a template and its version, as ID@1; {known(among)}"
    elif named[0] not in sections.templates:
        yield path, f"no template '{named[0]}' in `templates`; {known(among)}"
    elif named[1] > sections.templates[named[0]].version:
        yield path, f"there is no version {named[1]} of {named[0]} here; {known(among)}"


def _deviations(sections: Sections, zone: ZoneInfo) -> Found:
    """A rule that differs from its template says why, by every door."""
    templates = {name: template(name, part) for name, part in sections.templates.items()}
    for name, part in sections.rules.items():
        named = template_named(part.template)
        found = templates.get(named[0]) if named else None
        if named is None or found is None or found.version != named[1] or part.deviation:
            continue
        fields = deviating(rule(name, part, zone), found)
        if fields and part.state is not RuleState.ENDED:
            differs = f"differs from {part.template} in {', '.join(fields)}"
            text = f"{differs}: write here why this patient needs it so, or follow the template"
            yield ("rules", name, "deviation"), text


# --- Time ------------------------------------------------------------------------------------


def _written(sections: Sections) -> Iterator[tuple[Path, datetime | None]]:
    for name, patient in sections.patients.items():
        for n, stay in enumerate(patient.stays):
            yield ("patients", name, "stays", n, "since"), stay.since
            yield ("patients", name, "stays", n, "until"), stay.until
            yield ("patients", name, "stays", n, "practice_until"), stay.practice_until
    for name, device in sections.devices.items():
        yield ("devices", name, "proven_at"), device.proven_at
        for n, use in enumerate(device.used):
            yield ("devices", name, "used", n, "since"), use.since
            yield ("devices", name, "used", n, "until"), use.until
    for name, part in sections.rules.items():
        yield ("rules", name, "valid_from"), part.valid_from
        yield ("rules", name, "valid_until"), part.valid_until


def _unreadable_moments(sections: Sections, zone: ZoneInfo) -> Found:
    for path, written in _written(sections):
        if written:
            try:
                moment(written, zone)
            except (ValueError, OverflowError) as error:
                yield path, str(error)


@dataclass(frozen=True, slots=True)
class _Interval:
    since: datetime
    until: datetime
    path: Path
    whose: str
    purpose: str = ""

    def excludes(self, other: Self) -> bool:
        """Tell whether both cannot be true of one bed or one device."""
        return self.purpose == other.purpose or self.whose != other.whose


def _overlaps(sections: Sections, zone: ZoneInfo) -> Found:
    """One patient a bed, one bed a patient, one wearer a device, at any moment."""

    def interval(part: StayPart | UsePart, path: Path, whose: str, purpose: str) -> _Interval:
        until = moment(part.until, zone) if part.until else _FOREVER
        return _Interval(moment(part.since, zone), until, path, whose, purpose)

    in_bed: dict[str, list[_Interval]] = {}
    for name, patient in sections.patients.items():
        here = ("patients", name, "stays")
        own = [interval(stay, (*here, n), name, "") for n, stay in enumerate(patient.stays)]
        yield from _backwards(own)
        yield from _clashes(own, f"{name} has another bed then")
        for n, stay in enumerate(patient.stays):
            in_bed.setdefault(stay.bed, []).append(interval(stay, (*here, n), name, name))
    for bed, intervals in in_bed.items():
        yield from _clashes(intervals, f"bed '{bed}' is somebody else's then")
    for name, device in sections.devices.items():
        uses = [
            interval(use, ("devices", name, "used", n), use.patient or "", use.purpose)
            for n, use in enumerate(device.used)
        ]
        yield from _backwards(uses)
        yield from _clashes(uses, f"{name} is in another use then: end that first")


def _backwards(intervals: Iterable[_Interval]) -> Found:
    for interval in intervals:
        if interval.until <= interval.since:
            yield (*interval.path, "until"), "is not after since"


def _clashes(intervals: Iterable[_Interval], text: str) -> Found:
    ordered = sorted(intervals, key=lambda interval: interval.since)
    for earlier, later in combinations(ordered, 2):
        if later.since < earlier.until and earlier.excludes(later):
            yield (*later.path, "since"), f"{text} ({dotted(earlier.path)})"


# --- Privacy ---------------------------------------------------------------------------------


def _texts(part: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(part, str):
        yield path, part
    elif isinstance(part, BaseModel):
        for name, info in type(part).model_fields.items():
            yield from _texts(getattr(part, name), (*path, info.alias or name))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield (*path, str(key)), str(key)
            yield from _texts(value, (*path, str(key)))
    elif isinstance(part, list):
        for n, value in enumerate(part):
            yield from _texts(value, (*path, n))


def _no_identity_numbers(sections: Sections) -> Found:
    for path, text in _texts(sections, ()):
        if path[-1] != "native" and _IDENTITY_NUMBER.search(text):
            yield path, "looks like an identity number: none belongs in this file"


def _no_names_in_the_plan(sections: Sections) -> Found:
    """The plan and the journal hold no names, so the patient's own may not stand in a text."""
    for name, patient in sections.patients.items():
        words = {word.casefold() for word in re.findall(r"\w{3,}", patient.name)}
        for n, stay in enumerate(patient.stays):
            for field in ("goal", "note", "isolation"):
                path = ("patients", name, "stays", n, field)
                yield from _holds_name(path, getattr(stay, field), words)
            if stay.place:
                path = ("patients", name, "stays", n, "place", "reference")
                yield from _holds_name(path, stay.place.reference, words)
        for rule_name, part in sections.rules.items():
            if part.patient == name:
                yield from _rule_holds_name(rule_name, part, words)


def _rule_holds_name(name: str, part: RulePart, words: set[str]) -> Found:
    for field in ("need", "text", "least_intrusive", "deviation", "basis_reference"):
        yield from _holds_name(("rules", name, field), getattr(part, field), words)


def names_in(text: str, name: str) -> list[str]:
    """Return the words of a person's name that stand in a text."""
    words = {word.casefold() for word in re.findall(r"\w{3,}", name)}
    return [word for word in re.findall(r"\w{3,}", text) if word.casefold() in words]


def _holds_name(path: Path, text: str, words: set[str]) -> Found:
    for word in re.findall(r"\w{3,}", text):
        if word.casefold() in words:
            yield (
                path,
                f"holds the name '{word}': plan and journal keep no names, say «pasienten»",
            )
            return
