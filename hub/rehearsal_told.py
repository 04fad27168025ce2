"""A rehearsal as a person reads it and as a script does: sentences, names, nothing decided."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.names import Names
from hub.rehearsal import Kept, Load, Missing, Rehearsed, Stretch, WouldCall, night_of
from hub.rule_sentences import length, rule_sentence
from hub.sentence_texts import OUTCOMES, PRIORITIES, TEXTS, Lang
from hub.sentences import sentence, why_line
from routing.events import Outcome
from routing.plan import Plan
from routing.state import Call

MISSING: dict[Missing, tuple[str, str]] = {
    Missing.HUB_DOWN: ("huben var nede", "the hub was down"),
    Missing.BROKER_AWAY: (
        "ingen forbindelse til meldingstjeneren",
        "no connection to the message broker",
    ),
    Missing.BRIDGE_AWAY: ("ingen forbindelse til {what}", "no connection to {what}"),
    Missing.DEVICE_SILENT: ("ikke hørt fra {what}", "not heard from {what}"),
    Missing.NOT_IN_USE: ("{what} var ikke i bruk", "{what} was not in use"),
    Missing.NO_DEVICE: (
        "ingen sensor hadde sagt noe om {what} ennå",
        "no sensor had yet said anything of {what}",
    ),
    Missing.PAUSED: (
        "regelen som gjelder i dag var satt på pause",
        "the version in use was paused",
    ),
    Missing.ERASED: ("journalen er slettet", "the journal was erased"),
    Missing.LOST: ("deler av journalen er tapt", "a part of the journal is lost"),
    Missing.NO_JOURNAL: ("ingen journal for denne tiden", "no journal of this time"),
}


_NO_TIME = timedelta(microseconds=1)


def as_json(told: Rehearsed, plan: Plan, names: Names, lang: Lang) -> dict[str, Any]:
    """Return a rehearsal with its sentences. Staff are named, the patient is an id."""
    return {
        "rule": told.rule.id,
        "version": told.rule.version,
        "patient": told.rule.patient,
        "sentence": rule_sentence(told.rule, plan, lang, names),
        "problems": list(told.problems),
        "since": _iso(told.since),
        "until": _iso(told.until),
        "summary": summary(told, plan, lang),
        "nights": list(_nights(told, plan)),
        "calls": [_call(call, plan, names, lang) for call in told.calls],
        "silent": [_kept(kept, told, plan, names, lang) for kept in told.silent],
        "happened": [_happened(call, plan, names, lang) for call in told.happened],
        "cannot_be_reconstructed": [_stretch(one, lang) for one in told.missing],
        "unsupervised": list(told.unsupervised),
        "rows": told.rows,
        "other_versions": list(told.other_versions),
    }


def _nights(told: Rehearsed, plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield each night, noon to noon: how often it would have called, and if all is known."""
    zone = ZoneInfo(plan.timezone)
    called = Counter(night_of(call.at, plan) for call in told.calls)
    night, last = night_of(told.since, plan), night_of(told.until - _NO_TIME, plan)
    while night <= last:
        after = night + timedelta(days=1)
        noon, next_noon = (
            datetime.combine(day, time(12), tzinfo=zone) for day in (night, after)
        )
        known = not any(one.since < next_noon and one.until > noon for one in told.missing)
        yield {"night": night.isoformat(), "calls": called[night], "known": known}
        night = after


def summary(told: Rehearsed, plan: Plan, lang: Lang) -> str:
    """Say in one sentence what the rule would have done, and how sure that is."""
    nights = len({night_of(call.at, plan) for call in told.calls})
    real = [call for call in told.happened if not call.practice]
    idle = sum(call.outcome is Outcome.NOT_NEEDED for call in real)
    lost = length(_covered(told.missing), lang, short=True) if told.missing else ""
    calls, all_ = len(told.calls), len(real)
    said = f"Ville ringt {calls} ganger, i {nights} døgn; pasienten fikk {all_} anrop"
    said = f"{said} ({idle} «ikke behov»)."
    if lang == "en":
        said = (
            f"Would have called {calls} times, in {nights} nights; the patient had {all_} calls"
        )
        said = f"{said} ({idle} «not needed»)."
    if lost:
        said += (f" {lost} kan ikke gjenskapes.", f" {lost} cannot be reconstructed.")[_n(lang)]
    return said


def _covered(missing: tuple[Stretch, ...]) -> timedelta:
    """Add up stretches that overlap once."""
    total, until = timedelta(0), datetime.min.replace(tzinfo=UTC)
    for one in sorted(missing, key=lambda one: one.since):
        total += max(timedelta(0), one.until - max(one.since, until))
        until = max(until, one.until)
    return total


def lines(told: Rehearsed, plan: Plan, names: Names, lang: Lang) -> list[str]:
    """Return the rehearsal as a person reads it at a prompt."""
    found = as_json(told, plan, names, lang)
    zone, n = ZoneInfo(plan.timezone), _n(lang)
    said = [found["sentence"], found["summary"], ""]
    said += [_line(call, zone, n) for call in found["calls"]]
    if found["silent"]:
        said += ["", ("Ville vært stille:", "Would have stayed silent:")[n]]
        said += [f"  {_clock(one['at'], zone)}  {one['why']}" for one in found["silent"]]
    if found["happened"]:
        said += ["", ("Det som skjedde:", "What happened:")[n]]
        said += [
            f"  {_clock(one['at'], zone)}  {one['id']}  {one['why']}: {one['outcome_text']}"
            for one in found["happened"]
        ]
    if found["cannot_be_reconstructed"]:
        said += ["", ("Kan ikke gjenskapes:", "Cannot be reconstructed:")[n]]
        said += [
            f"  {_clock(one['since'], zone)} – {_clock(one['until'], zone)}  {one['text']}"
            for one in found["cannot_be_reconstructed"]
        ]
    if found["unsupervised"]:
        word = (
            "Ingen merker om disse er stille",
            "Nobody would notice these being silent",
        )[n]
        said += ["", f"{word}: {', '.join(found['unsupervised'])}"]
    if found["other_versions"]:
        said += [
            (
                "En eldre versjon avgjorde den gang; her avgjør dagens.",
                "An older version decided then; here today's decides.",
            )[n]
        ]
    said += [f"! {problem}" for problem in found["problems"]]
    return said


def _line(call: dict[str, Any], zone: ZoneInfo, n: int) -> str:
    where = (
        (f"hører til anrop {call['joins']}", f"belongs to call {call['joins']}")[n]
        if call["joins"]
        else ", ".join(_who(one, n) for one in call["rung"])
        or ", ".join(call["channels"])
        or ("ingen kunne nås", "nobody could be reached")[n]
    )
    doubt = f"  ({'; '.join(call['uncertain_texts'])})" if call["uncertain_texts"] else ""
    return f"  {_clock(call['at'], zone)}  {call['priority_text']}: {where}{doubt}"


def _who(one: dict[str, Any], n: int) -> str:
    load = len(one["carries"])
    return f"{one['name']} ({load} {('åpne anrop', 'open calls')[n]})"


def _call(call: WouldCall, plan: Plan, names: Names, lang: Lang) -> dict[str, Any]:
    return {
        "at": _iso(call.at),
        "night": night_of(call.at, plan).isoformat(),
        "since": _iso(call.since),
        "signal": call.signal,
        "type": str(call.type),
        "priority": int(call.priority),
        "priority_text": PRIORITIES[call.priority][_n(lang)],
        "joins": call.joins,
        "rung": [_load(one, names, lang) for one in call.rung],
        "passed": [
            {
                "id": one.staff,
                "name": names.staff(one.staff),
                "why": TEXTS[one.reason][_n(lang)],
            }
            for one in call.passed
        ],
        "channels": list(call.channels),
        "after_s": None if call.after is None else call.after.total_seconds(),
        "uncertain": [str(why) for why in call.uncertain],
        "uncertain_texts": [_text(why, "", lang) for why in call.uncertain],
    }


def _load(one: Load, names: Names, lang: Lang) -> dict[str, Any]:
    return {
        "id": one.staff,
        "name": names.staff(one.staff),
        "handset": one.handset,
        "why": TEXTS[one.reason][_n(lang)],
        "carries": list(one.carries),
        "rings": list(one.rings),
    }


def _kept(kept: Kept, told: Rehearsed, plan: Plan, names: Names, lang: Lang) -> dict[str, Any]:
    beside = Plan(plan.house, plan.version, plan.timezone, rules=(told.rule,))
    because = kept.because
    return {
        "at": _iso(kept.at),
        "signal": kept.signal,
        "reason": str(because.reason),
        "why": sentence(because, lang, names, beside),
    }


def _happened(call: Call, plan: Plan, names: Names, lang: Lang) -> dict[str, Any]:
    words = OUTCOMES[call.outcome][_n(lang)] if call.outcome else ""
    still = ("uten utfall", "without an outcome")[_n(lang)]
    return {
        "id": call.id,
        "at": _iso(call.opened_at),
        "type": str(call.type),
        "rule": call.rule,
        "practice": call.practice,
        "why": why_line(call, lang, names, plan),
        "taken_by": names.staff(call.owner) if call.owner else None,
        "closed_at": None if call.closed_at is None else _iso(call.closed_at),
        "outcome": None if call.outcome is None else str(call.outcome),
        "outcome_text": words or still,
    }


def _stretch(one: Stretch, lang: Lang) -> dict[str, Any]:
    return {
        "since": _iso(one.since),
        "until": _iso(one.until),
        "why": str(one.why),
        "what": one.what,
        "text": _text(one.why, one.what, lang),
    }


def _text(why: Missing, what: str, lang: Lang) -> str:
    something = ("en enhet", "a device")[_n(lang)]
    return MISSING[why][_n(lang)].replace("{what}", what or something)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _clock(at: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(at).astimezone(zone):%d.%m. %H:%M:%S}"


def _n(lang: Lang) -> int:
    return 0 if lang == "nb" else 1
