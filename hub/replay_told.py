"""A what-if as a person reads it and as a script does. Nothing is decided here."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from hub.coverage_text import CALL_TYPES_SAID
from hub.names import Names
from hub.replay_supposed import told as supposed_told
from hub.replay_worlds import Assumed, Course, FirstDifference, Pair, WhatIf
from hub.sentence_texts import MOVES, Lang
from hub.sentences import sentence
from hub.why import OF_BOOKED
from routing.effects import Answer, Book, Effect, Note, Reply, Ring, Send, Withdraw
from routing.index import index_of

LISTED = 40
"""Lines of each kind for a person; a script gets all."""


def as_json(found: WhatIf, names: Names, lang: Lang = "nb") -> dict[str, Any]:
    """Return a what-if for a script; its sentences are in `lang`."""
    pairs, first = found.calls, found.first
    return {
        "house": found.plan.house,
        "what_if": supposed_told(found.supposed, names, lang),
        "since": _iso(found.since),
        "until": _iso(found.until),
        "rows": found.rows,
        "rows_decided_otherwise_now": found.otherwise_now,
        "stopped": found.stopped,
        "first_difference": None if first is None else _first(first, found, (lang, names)),
        "was": _figures([one.was for one in pairs if one.was]),
        "would_be": _figures([one.would for one in pairs if one.would]),
        "calls": [_pair(one) for one in pairs],
        "assumed": [_assumed(one) for one in found.assumed],
    }


def lines(found: WhatIf, names: Names, lang: Lang = "nb") -> list[str]:
    """Return a what-if as a person reads it at a prompt."""
    told, words = as_json(found, names, lang), _Words(lang, names, index_of(found.plan).zone)
    say = words.say
    span = f"{words.clock(found.since)} – {words.clock(found.until)}"
    supposed = f" {say('og', 'and')} ".join(told["what_if"])
    said = [
        f"{found.plan.house}, {span}, {found.rows} {say('rader', 'rows')}",
        f"{say('Hva om', 'What if')} {supposed}?",
    ]
    if found.otherwise_now:
        said.append(
            say(
                f"! dette programmet avgjør {found.otherwise_now} rader annerledes enn det som "
                "er lagret: `bjelle replay` sier den første",
                f"! this program decides {found.otherwise_now} rows otherwise than was "
                "recorded: `bjelle replay` names the first",
            )
        )
    if found.stopped:
        said.append(f"! {say('den slutter før tiden', 'it ends early')}: {found.stopped}")
    if found.first is None:
        nobody = "Nobody would have noticed a difference."
        return [*said, say("Ingen ville merket noen forskjell.", nobody)]
    return [*said, *_differing(found, told, words)]


@dataclass(frozen=True, slots=True)
class _Words:
    """The language, who is who, and the house's clock."""

    lang: Lang
    names: Names
    zone: ZoneInfo

    def say(self, nb: str, en: str) -> str:
        return nb if self.lang == "nb" else en

    def clock(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    @property
    def was(self) -> str:
        return self.say("var", "was")

    @property
    def would_be(self) -> str:
        return self.say("ville vært", "would be")


def _differing(found: WhatIf, told: dict[str, Any], words: _Words) -> list[str]:
    first, say = told["first_difference"], words.say
    assert found.first is not None
    head = say("Første forskjell", "First difference")
    row = say("rad", "row")
    said = ["", f"{head}: {words.clock(found.first.at)}, {row} {found.first.seq}"]
    for key, name in (("was", words.was), ("would_be", words.would_be)):
        shown = first[key] or [say("ingenting", "nothing")]
        said += [f"  {name + ':':<12}{one}" for one in shown]
    said += ["", *_table(told, words)]
    differing = [one for one in found.calls if not one.same]
    if differing:
        said += ["", say("Anrop som går annerledes:", "Calls that go otherwise:")]
        said += [_line(one, words) for one in differing[:LISTED]]
        said += _more(len(differing), words)
    if found.assumed:
        count = len(found.assumed)
        not_possible = sum(not one.possible for one in found.assumed)
        said += ["", _assumed_head(count, not_possible, words)]
        said += [_answer_line(one, words) for one in found.assumed[:LISTED]]
        said += _more(count, words)
    return said


def _assumed_head(count: int, not_possible: int, words: _Words) -> str:
    return words.say(
        f"{count} svar er antatt: gitt i verden slik den var etter den første forskjellen, "
        f"eller tenkt; {not_possible} av dem er ikke mulige her:",
        f"{count} answers are assumed: given in the world that was after the first difference, "
        f"or supposed; {not_possible} of them not possible here:",
    )


def _more(count: int, words: _Words) -> list[str]:
    if count <= LISTED:
        return []
    return [f"  … {words.say('og', 'and')} {count - LISTED} {words.say('til', 'more')}: --json"]


def _table(told: dict[str, Any], words: _Words) -> list[str]:
    say = words.say
    rows = (
        (say("anrop", "calls"), "calls", str),
        (say("ring på en telefon", "rings of a telephone"), "rings", str),
        (say("trinn opp stigen", "steps climbed"), "steps_climbed", str),
        (say("nådde siste utvei", "reached the failsafe"), "failsafe", str),
        (say("median til tatt", "median until taken"), "median_to_taken_s", _seconds),
        (say("lengste til tatt", "longest until taken"), "longest_to_taken_s", _seconds),
        (say("ingen kjent som tok", "nobody known to take"), "not_taken", str),
        (say("hviler på antatte svar", "rest on assumed answers"), "assumed", str),
    )
    was, would = told["was"], told["would_be"]
    said = [f"  {'':<24}{words.was:>10}{words.would_be:>12}"]
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


_Known = tuple[Lang, Names]


def _first(first: FirstDifference, found: WhatIf, known: _Known) -> dict[str, Any]:
    """Return what the two worlds did, without what both did."""

    def said(effects: tuple[Effect, ...], other: tuple[Effect, ...]) -> list[str]:
        told = [_effect(one, found, known) for one in other]
        mine = [_effect(one, found, known) for one in effects]
        return [line for line in mine if line and line not in told]

    return {
        "row": first.seq,
        "at": _iso(first.at),
        "was": said(first.was, first.would),
        "would_be": said(first.would, first.was),
    }


def _effect(  # noqa: PLR0911 - one row for each
    effect: Effect, found: WhatIf, known: _Known
) -> str:
    lang, names = known
    n = int(lang == "en")

    def why(one: Ring | Send | Note | Book) -> str:
        return sentence(one.because, lang, names, found.plan)

    match effect:
        case Ring():
            who = names.staff(effect.staff)
            rings = (f"ring hos {who} for {effect.call}", f"ring {who} for {effect.call}")
            return f"{rings[n]}: {why(effect)}"
        case Withdraw():
            on = f"{effect.handset} ({effect.call})"
            return (f"slutt å ringe på {on}", f"stop ringing on {on}")[n]
        case Send():
            way = f"{effect.channel} ({effect.call}): {why(effect)}"
            return (f"send over {way}", f"send over {way}")[n]
        case Note():
            return f"{effect.call} {MOVES[effect.move][n].lower()}: {why(effect)}"
        case Book():
            to = OF_BOOKED[effect.to][n].replace("{call}", effect.call or "")
            return f"{to}: {why(effect)}"
        case Answer():
            told = ("si til pasienten", "tell the patient")[n]
            return f"{told} ({effect.call}): {effect.kind}"
        case Reply():
            yes = (("ja", "yes") if effect.ok else ("nei", "no"))[n]
            return (f"svar på et trykk: {yes}", f"answer a tap: {yes}")[n]
        case _:
            return ""


def _line(pair: Pair, words: _Words) -> str:
    course, say = pair.would or pair.was, words.say
    assert course is not None
    call = course.call
    where = say("ukjent rom", "no room")
    if call.room:
        where = f"{say('rom', 'room')} {call.room}"
    kind = CALL_TYPES_SAID[call.type][int(words.lang == "en")]
    head = f"  {words.clock(call.opened_at)}  {call.id}  {kind}, {where}:"
    if pair.was is None:
        only = say("bare her", "only here")
        nobody = say("ingens svar er kjent", "nobody's answer is known")
        return f"{head} {only}, {_went(course, words)}; {nobody}"
    was = _went(pair.was, words)
    if pair.would is None:
        return f"{head} {words.was}, {was}; {say('ville ikke vært', 'would not be')}"
    return f"{head} {words.was} {was}; {words.would_be} {_went(pair.would, words)}"


def _went(course: Course, words: _Words) -> str:
    waited, say = course.to_taken(), words.say
    taken = say("ikke tatt", "not taken")
    if waited is not None:
        taken = f"{say('tatt etter', 'taken after')} {_seconds(_s(waited))}"
    assumed = f" ({say('antatt', 'assumed')})" if course.assumed else ""
    step = say("trinn", "step")
    return f"{taken}{assumed}, {course.rings} {say('ring', 'rings')}, {step} {course.rungs + 1}"


def _s(length: timedelta) -> float:
    return length.total_seconds()


_ANSWERS: dict[str, tuple[str, str]] = {
    "CallTaken": ("tok", "took"),
    "CallDeclined": ("kunne ikke ta", "declined"),
    "CallHandedOver": ("overførte", "handed over"),
    "Arrived": ("kom frem til", "arrived at"),
    "Left": ("gikk fra", "left"),
    "CallClosed": ("avsluttet", "closed"),
    "TakeUndone": ("angret", "undid"),
    "HelpAsked": ("ba om hjelp", "asked for help"),
    "PauseSet": ("satte pause", "set a pause"),
    "PauseEnded": ("avsluttet pausen", "ended the pause"),
}
"""What somebody answered, by the event's name."""


def _answer_line(one: Assumed, words: _Words) -> str:
    say = words.say
    here = one.would or say("intet slikt anrop", "no such call")
    on = "" if one.was == one.would else f" ({say('her', 'here')} {here})"
    call = f" {one.was or one.would}{on}" if one.was or one.would else ""
    no = "" if one.possible else say(", ikke mulig her", ", not possible here")
    row = f"{say('rad', 'row')} {one.seq}" if one.seq else say("tenkt", "supposed")
    did = _ANSWERS[one.what][int(words.lang == "en")]
    who = words.names.staff(one.staff)
    assumed = say("antatt", "assumed")
    return f"  {assumed}  {words.clock(one.at)}  {who} {did}{call} ({row}{no})"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
