"""A what-if as a person reads it and as a script does. Nothing is decided here."""

from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from hub.names import Names
from hub.replay_supposed import told as supposed_told
from hub.replay_worlds import Assumed, Course, FirstDifference, Pair, WhatIf
from hub.sentences import sentence
from routing.effects import Answer, Book, Effect, Note, Reply, Ring, Send, Withdraw
from routing.index import index_of

LISTED = 40
"""Lines of each kind for a person; a script gets all."""


def as_json(found: WhatIf, names: Names) -> dict[str, Any]:
    """Return a what-if for a script."""
    pairs = found.calls
    return {
        "house": found.plan.house,
        "what_if": supposed_told(found.supposed, names),
        "since": _iso(found.since),
        "until": _iso(found.until),
        "rows": found.rows,
        "rows_decided_otherwise_now": found.otherwise_now,
        "stopped": found.stopped,
        "first_difference": None if found.first is None else _first(found.first, found, names),
        "was": _figures([one.was for one in pairs if one.was]),
        "would_be": _figures([one.would for one in pairs if one.would]),
        "calls": [_pair(one) for one in pairs],
        "assumed": [_assumed(one) for one in found.assumed],
    }


def lines(found: WhatIf, names: Names) -> list[str]:
    """Return a what-if as a person reads it at a prompt."""
    told = as_json(found, names)
    zone = index_of(found.plan).zone
    span = f"{_clock(found.since, zone)} – {_clock(found.until, zone)}"
    said = [
        f"{found.plan.house}, {span}, {found.rows} rows",
        f"What if {' and '.join(told['what_if'])}?",
    ]
    if found.otherwise_now:
        said.append(
            f"! this program decides {found.otherwise_now} rows otherwise than was recorded: "
            "`bjelle replay` names the first"
        )
    if found.stopped:
        said.append(f"! it ends early: {found.stopped}")
    if found.first is None:
        return [*said, "Nobody would have noticed a difference."]
    first = told["first_difference"]
    said += ["", f"First difference: {_clock(found.first.at, zone)}, row {found.first.seq}"]
    said += [f"  was:      {one}" for one in first["was"]] or ["  was:      nothing"]
    said += [f"  would be: {one}" for one in first["would_be"]] or ["  would be: nothing"]
    said += ["", *_table(told)]
    differing = [one for one in found.calls if not one.same]
    if differing:
        said += ["", "Calls that go otherwise:"]
        said += [_line(one, zone) for one in differing[:LISTED]]
        said += _more(len(differing))
    if found.assumed:
        count = len(found.assumed)
        not_possible = sum(not one.possible for one in found.assumed)
        said += ["", _assumed_head(count, not_possible)]
        said += [_answer_line(one, names, zone) for one in found.assumed[:LISTED]]
        said += _more(count)
    return said


def _assumed_head(count: int, not_possible: int) -> str:
    return (
        f"{count} answers are assumed: given in the world that was after the first difference, "
        f"or supposed; {not_possible} of them not possible here:"
    )


def _more(count: int) -> list[str]:
    return [f"  … and {count - LISTED} more: --json"] if count > LISTED else []


def _table(told: dict[str, Any]) -> list[str]:
    rows = (
        ("calls", "calls", str),
        ("rings of a telephone", "rings", str),
        ("steps climbed", "steps_climbed", str),
        ("reached the failsafe", "failsafe", str),
        ("median until taken", "median_to_taken_s", _seconds),
        ("longest until taken", "longest_to_taken_s", _seconds),
        ("nobody known to take", "not_taken", str),
        ("rest on assumed answers", "assumed", str),
    )
    was, would = told["was"], told["would_be"]
    said = [f"  {'':<24}{'was':>10}{'would be':>12}"]
    said += [f"  {name:<24}{how(was[key]):>10}{how(would[key]):>12}" for name, key, how in rows]
    return said


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} s"


def _figures(courses: list[Course]) -> dict[str, Any]:
    """Return the sums over the calls of people, technical ones left out."""
    ours = [one for one in courses if not one.call.fault and not one.call.practice]
    taken = [waited.total_seconds() for one in ours if (waited := one.to_taken()) is not None]
    return {
        "calls": len(ours),
        "rings": sum(one.rings for one in ours),
        "steps_climbed": sum(one.rungs for one in ours),
        "failsafe": sum(one.failsafe for one in ours),
        "median_to_taken_s": median(taken) if taken else None,
        "longest_to_taken_s": max(taken, default=None),
        "not_taken": len(ours) - len(taken),
        "assumed": sum(one.assumed for one in ours),
        "technical": sum(bool(one.call.fault) for one in courses),
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "same": pair.same,
        "was": None if pair.was is None else _course(pair.was),
        "would_be": None if pair.would is None else _course(pair.would),
    }


def _course(course: Course) -> dict[str, Any]:
    call, waited = course.call, course.to_taken()
    return {
        "id": call.id,
        "type": str(call.type),
        "priority": int(call.priority),
        "room": call.room,
        "patient": call.patient,
        "fault": call.fault,
        "opened_at": _iso(call.opened_at),
        "rings": course.rings,
        "steps_climbed": course.rungs,
        "failsafe": course.failsafe,
        "to_taken_s": None if waited is None else waited.total_seconds(),
        "taken_at": _iso(course.taken_at),
        "present_at": _iso(course.present_at),
        "closed_at": _iso(course.closed_at),
        "assumed": course.assumed,
        "set_aside": course.set_aside,
    }


def _assumed(one: Assumed) -> dict[str, Any]:
    return {
        "row": one.seq or None,
        "at": _iso(one.at),
        "answer": one.what,
        "staff": one.staff,
        "call": one.was,
        "on_call": one.would,
        "possible": one.possible,
        "assumed": True,
    }


def _first(first: FirstDifference, found: WhatIf, names: Names) -> dict[str, Any]:
    """Return what the two worlds did, without what both did."""

    def said(effects: tuple[Effect, ...], other: tuple[Effect, ...]) -> list[str]:
        told = [_effect(one, found, names) for one in other]
        mine = [_effect(one, found, names) for one in effects]
        return [line for line in mine if line and line not in told]

    return {
        "row": first.seq,
        "at": _iso(first.at),
        "was": said(first.was, first.would),
        "would_be": said(first.would, first.was),
    }


def _effect(  # noqa: PLR0911 - one row for each
    effect: Effect, found: WhatIf, names: Names
) -> str:
    def why(one: Ring | Send | Note | Book) -> str:
        return sentence(one.because, "en", names, found.plan)

    match effect:
        case Ring():
            return f"ring {names.staff(effect.staff)} for {effect.call}: {why(effect)}"
        case Withdraw():
            return f"stop ringing on {effect.handset} for {effect.call}"
        case Send():
            return f"send over {effect.channel} for {effect.call}: {why(effect)}"
        case Note():
            return f"{effect.call} {effect.move}: {why(effect)}"
        case Book():
            return f"booked as {effect.to}: {why(effect)}"
        case Answer():
            return f"tell the patient of {effect.call}: {effect.kind}"
        case Reply():
            return f"answer a tap: {'yes' if effect.ok else 'no'}"
        case _:
            return ""


def _line(pair: Pair, zone: ZoneInfo) -> str:
    course = pair.would or pair.was
    assert course is not None
    call = course.call
    where = f"room {call.room}" if call.room else "no room"
    head = f"  {_clock(call.opened_at, zone)}  {call.id}  {call.type}, {where}:"
    if pair.was is None:
        return f"{head} only here, {_went(course)}; nobody's answer is known"
    if pair.would is None:
        return f"{head} was, {_went(pair.was)}; would not be"
    return f"{head} was {_went(pair.was)}; would be {_went(pair.would)}"


def _went(course: Course) -> str:
    waited = course.to_taken()
    taken = "not taken" if waited is None else f"taken after {_seconds(_s(waited))}"
    assumed = " (assumed)" if course.assumed else ""
    return f"{taken}{assumed}, {course.rings} rings, step {course.rungs + 1}"


def _s(length: timedelta) -> float:
    return length.total_seconds()


def _answer_line(one: Assumed, names: Names, zone: ZoneInfo) -> str:
    on = "" if one.was == one.would else f" (here {one.would or 'no such call'})"
    call = f" {one.was or one.would}{on}" if one.was or one.would else ""
    no = "" if one.possible else ", not possible here"
    who = names.staff(one.staff)
    row = f"row {one.seq}" if one.seq else "supposed"
    return f"  assumed  {_clock(one.at, zone)}  {who}: {one.what}{call} ({row}{no})"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
