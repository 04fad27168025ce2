"""The sentences a person reads, made from the decision's own record, never guessed later.

    sentence(because, "nb", names, plan)          «Tilkalling, rom 204»
    why_line(call, "nb", names, plan)             the card's WHY: «Trykket 4 ganger»
    why_ring(because, "per", "nb", names, plan)   «Du fikk anropet: primærkontakt. Anne F.: …»
    who_was_considered(because, ...)              one line a person, chosen or passed over

Facts are those that `routing` records (patient, room, device, bridge, staff or by, pressed,
until or due, last_heard or since, priority, outcome, reason, detail, fault, code, why), absent
ones are left out. The caller may add what stands beside the decision (`staff=note.staff`).
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.names import Names
from hub.rule_sentences import listed, rule_line, rule_sentence
from hub.sentence_texts import (
    DETAILS,
    EXCUSES,
    MISSING,
    OUTCOMES,
    SHELL_FAULTS,
    TEXTS,
    Lang,
)
from routing.effects import Because, Considered, Reason
from routing.ids import DeviceId, RoomId, StaffId
from routing.plan import Plan, RoomKind, Rule
from routing.state import Call

__all__ = [
    "Lang",
    "place",
    "rule_line",
    "rule_sentence",
    "sentence",
    "who_was_considered",
    "why_line",
    "why_ring",
]

_HOLE = re.compile(r"\{(\w+)\}")
_ASKING = (
    Reason.HELP_PRESSED,
    Reason.PRESSED_AGAIN,
    Reason.THIRD_PRESS_UNANSWERED,
    Reason.BATHROOM_CALL,
    Reason.REPLAYED,
    Reason.LATE,
)
"""Reasons of a call that a person pressed for: a repeat press is then the news."""


def sentence(
    because: Because, lang: Lang, names: Names, plan: Plan, **known: str | None
) -> str:
    """Say why, in one sentence. `known` are facts beside the decision, as ids."""
    facts = dict(because.facts) | {name: value for name, value in known.items() if value}
    n = _n(lang)

    def fill(hole: re.Match[str]) -> str:
        said = _fact(hole[1], facts, because, lang, names, plan)
        return said or MISSING[hole[1]][n]

    text = _HOLE.sub(fill, TEXTS[because.reason][n])
    return text[:1].upper() + text[1:]


def why_line(call: Call, lang: Lang, names: Names, plan: Plan) -> str:
    """Return the card's WHY: what happened, in a few words, without a patient's name."""
    because = call.because
    known = {
        "room": call.room,
        "device": call.device,
        "bridge": call.bridge,
        "staff": call.asked_by,
        "pressed": str(call.pressed),
        "fault": call.fault,
        "priority": str(int(call.priority)),
    }
    if call.pressed > 1 and because.reason in _ASKING:
        because = Because(Reason.PRESSED_AGAIN, facts=because.facts)
    said = sentence(because, lang, names, plan, **known)
    if call.late and because.reason is not Reason.LATE:
        said = f"{said} ({('forsinket', 'late')[_n(lang)]})"
    return said


def why_ring(because: Because, staff: StaffId, lang: Lang, names: Names, plan: Plan) -> str:
    """Say to one person why this telephone rang, and why it was not somebody else."""
    n = _n(lang)
    mine = next((one for one in because.considered if one.staff == staff and one.chosen), None)
    if mine is None:
        return sentence(because, lang, names, plan)
    said = f"{('Du fikk anropet', 'You got the call')[n]}: {TEXTS[mine.reason][n]}."
    passed = [_verdict(one, lang, names) for one in because.considered if not one.chosen]
    others = [
        names.staff(one.staff)
        for one in because.considered
        if one.chosen and one.staff != staff
    ]
    if others:
        said += (
            f" {('Ringer også', 'Also ringing')[n]}: {listed(_once(others), lang).rstrip('.')}."
        )
    if passed:
        said += f" {('Forbigått', 'Passed over')[n]}: {'; '.join(_once(passed))}."
    return said


def who_was_considered(because: Because, lang: Lang, names: Names) -> list[str]:
    """Return one line for each person thought of: chosen or passed over, and why."""
    n = _n(lang)
    words = (("ringes", "rung"), ("forbigått", "passed over"))
    return [
        f"{names.staff(one.staff)}: {words[not one.chosen][n]}, {TEXTS[one.reason][n]}"
        for one in because.considered
    ]


def place(room: str | None, lang: Lang, plan: Plan) -> str:
    """Say a room as the door says it: «rom 204», «badet til rom 204», «Korridor Nord»."""
    found = plan.rooms.get(RoomId(room)) if room else None
    if found is None:
        return ""
    own = plan.rooms.get(found.bathroom_of) if found.bathroom_of else None
    if found.kind is RoomKind.BATHROOM and own:
        return (f"badet til rom {own.number}", f"the bathroom of room {own.number}")[_n(lang)]
    if found.kind is RoomKind.BEDROOM:
        return f"{('rom', 'room')[_n(lang)]} {found.number}"
    return found.number


def _n(lang: Lang) -> int:
    return 0 if lang == "nb" else 1


def _once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _verdict(one: Considered, lang: Lang, names: Names) -> str:
    return f"{names.staff(one.staff)} ({TEXTS[one.reason][_n(lang)]})"


def _fact(
    hole: str, facts: dict[str, str], because: Because, lang: Lang, names: Names, plan: Plan
) -> str:
    match hole:
        case "place":
            return place(facts.get("room"), lang, plan)
        case "patient":
            return names.patient(facts["patient"]) if "patient" in facts else ""
        case "who":
            who = facts.get("staff") or facts.get("by")
            return names.staff(who) if who else ""
        case "device":
            return _device(facts.get("device"), lang, plan)
        case "rule":
            return _rule(because, lang, plan)
        case _:
            return _value(hole, facts, lang, plan)


def _value(hole: str, facts: dict[str, str], lang: Lang, plan: Plan) -> str:
    match hole:
        case "count":
            return facts.get("pressed", "")
        case "until":
            return _clock(facts.get("until") or facts.get("due", ""), plan, "%H:%M")
        case "heard":
            return _clock(
                facts.get("last_heard") or facts.get("since", ""), plan, "%d.%m. %H:%M"
            )
        case "outcome" | "excuse" | "detail":
            return _coded(hole, facts, lang)
        case _:
            return facts.get(hole, "")


def _coded(hole: str, facts: dict[str, str], lang: Lang) -> str:
    """Put a code into words; one that is not in the list is shown as it is."""
    n = _n(lang)
    match hole:
        case "outcome":
            known = {str(outcome): words for outcome, words in OUTCOMES.items()}
            said = known[facts["outcome"]][n] if facts.get("outcome") in known else ""
            reason = facts.get("reason", "")
            return f"{said} ({reason})" if said and reason else said
        case "excuse":
            return EXCUSES.get(facts.get("reason", ""), ("", ""))[n]
        case _:
            codes = (facts.get(name, "") for name in ("fault", "why", "code"))
            code = next((code for code in codes if code), "")
            if code in DETAILS:
                return DETAILS[code][n]
            return _of_the_shell(code, facts.get("detail", ""), lang)


def _of_the_shell(code: str, detail: str, lang: Lang) -> str:
    """Say a fault that the shell told of; `code` may end in `:` and which one it is."""
    kind, _, which = code.partition(":")
    kind = "performer" if kind.startswith("performer_") else kind
    words = SHELL_FAULTS.get(kind) if lang == "nb" else None
    if words is None:
        return detail or code
    return f"{words} ({which})" if which else words


def _device(device: str | None, lang: Lang, plan: Plan) -> str:
    """Name a device with its room where it has one: a technician goes there."""
    if device is None:
        return ""
    rooms = [use.room for use in plan.assignments if use.device == DeviceId(device)]
    where = place(next((room for room in reversed(rooms) if room), None), lang, plan)
    return f"{device} ({where})" if where else device


def _rule(because: Because, lang: Lang, plan: Plan) -> str:
    rule: Rule | None = next((one for one in plan.rules if one.id == because.rule), None)
    # A rule that the plan no longer has is named by its id: the record is older than the plan.
    return rule_line(rule, plan, lang) if rule else because.rule or ""


def _clock(moment: str, plan: Plan, form: str) -> str:
    try:
        return datetime.fromisoformat(moment).astimezone(ZoneInfo(plan.timezone)).strftime(form)
    except ValueError:
        return ""
