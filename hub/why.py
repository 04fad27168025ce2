"""Why: «why did I get this», «why did Per not», «why was this no call», from what was recorded.

Each answer is one sentence and the chain that it comes from. The sentences are made of the
decisions in the journal, which were written when it was decided; nothing is decided again.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from hub import records
from hub.names import Names
from hub.sentence_texts import TEXTS, Lang
from hub.sentences import sentence, why_ring
from hub.store import tables
from routing.effects import Because, Book, Booked, Effect, Note, Reason, Ring, Send, Withdraw
from routing.ids import HouseId, StaffId
from routing.plan import Plan

OF_BOOKED: dict[Booked, tuple[str, str]] = {
    Booked.OPENED: ("Ga anrop {call}", "Opened call {call}"),
    Booked.JOINED: ("Hører til anrop {call}", "Belongs to call {call}"),
    Booked.ENDED: ("Avsluttet det som ventet", "Ended what was waiting"),
    Booked.WAITING: ("En regel begynte å vente", "A rule began to wait"),
    Booked.SUPPRESSED: ("Ga ikke anrop", "Was no call"),
    Booked.NO_RULE: ("Ga ikke anrop", "Was no call"),
    Booked.UNCHANGED: ("Ga ikke anrop", "Was no call"),
    Booked.DUPLICATE: ("Ga ikke anrop", "Was no call"),
    Booked.TECHNICAL: ("Ga ikke anrop", "Was no call"),
    Booked.PRACTICE: ("Ga ikke anrop", "Was no call"),
    Booked.QUARANTINED: ("Ble ikke forstått", "Was not understood"),
}
Known = tuple[Lang, Names, Plan]


def why_staff(
    connection: Connection, house: HouseId, call: str, staff: StaffId, known: Known
) -> dict[str, Any]:
    """Tell why this call rang at somebody's, or did not."""
    lang, names, plan = known
    rung: list[tuple[datetime, Because]] = []
    passed: list[tuple[datetime, Reason]] = []
    chain: list[dict[str, Any]] = []
    for at, effect in _effects_of(connection, house, call):
        if isinstance(effect, Ring) and effect.staff == staff:
            rung.append((at, effect.because))
            _add(chain, at, "rang", why_ring(effect.because, staff, lang, names, plan))
        elif isinstance(effect, Withdraw) and _is_for(effect, rung):
            _add(chain, at, "withdrawn", sentence(effect.because, lang, names, plan))
        for one in effect.because.considered:
            if one.staff == staff and not one.chosen:
                passed.append((at, one.reason))
                said = f"{names.staff(staff)}: {TEXTS[one.reason][_n(lang)]}"
                _add(chain, at, "passed_over", said)
    return {
        "call": call,
        "staff": staff,
        "rung": bool(rung),
        "answer": _answer(staff, rung, passed, known),
        "chain": chain,
    }


def _is_for(effect: Withdraw, rung: list[tuple[datetime, Because]]) -> bool:
    handsets = {one.handset for _, why in rung for one in why.considered if one.chosen}
    return effect.handset in handsets


def _answer(
    staff: StaffId,
    rung: list[tuple[datetime, Because]],
    passed: list[tuple[datetime, Reason]],
    known: Known,
) -> str:
    lang, names, plan = known
    who = names.staff(staff)
    if rung:
        return why_ring(rung[0][1], staff, lang, names, plan)
    if passed:
        why = TEXTS[passed[-1][1]][_n(lang)]
        return (f"{who} ble ikke ringt: {why}.", f"{who} was not rung: {why}.")[_n(lang)]
    return (
        f"{who} ble ikke ringt: anropet kom aldri til et trinn med {who}.",
        f"{who} was not rung: the call never reached a step with {who}.",
    )[_n(lang)]


def who_rang(connection: Connection, house: HouseId, call: str, known: Known) -> str:
    """Say in one sentence at whose telephones it rang, or why at nobody's."""
    lang, names, _ = known
    n = _n(lang)
    rung: dict[str, None] = {}
    passed: dict[str, Reason] = {}
    effects = _effects_of(connection, house, call)
    if not effects:
        return ""  # its journal was lost: the story that is left says nothing of this
    for _, effect in effects:
        if isinstance(effect, Ring):
            rung[names.staff(effect.staff)] = None
        elif isinstance(effect, Send):
            rung[effect.channel] = None
        for one in effect.because.considered:
            if not one.chosen:
                passed[names.staff(one.staff)] = one.reason
    if rung:
        return f"{('Ringte hos', 'Rang at')[n]} {', '.join(rung).rstrip('.')}."
    if not passed:
        return (
            "Det ringte hos ingen: ingen var på vakt.",
            "Rang at nobody’s: no one was on duty.",
        )[n]
    told = "; ".join(f"{who}: {TEXTS[why][n]}" for who, why in passed.items())
    return f"{('Det ringte hos ingen', 'Rang at nobody’s')[n]}. {told}."


def why_signal(
    connection: Connection, house: HouseId, signal: str, known: Known
) -> dict[str, Any] | None:
    """Tell what became of a signal; None where the ledger has no such signal."""
    lang, names, plan = known
    ledger, journal = tables.ledger.c, tables.journal.c
    row = connection.execute(
        select(tables.ledger).where(ledger.house == house, ledger.signal == signal)
    ).first()
    if row is None:
        return None
    decided = connection.scalar(
        select(journal.decisions).where(journal.house == house, journal.seq == row.seq)
    )
    effects = records.decode_effects(decided) if decided else ()
    book = next(
        (one for one in effects if isinstance(one, Book) and one.signal == signal), None
    )
    because = book.because if book else Because(Reason(row.reason))
    why = sentence(because, lang, names, plan, device=row.device)
    head = OF_BOOKED[Booked(row.booked)][_n(lang)].replace("{call}", row.call or "")
    chain: list[dict[str, Any]] = []
    _add(chain, row.at, row.booked, why)
    if Booked(row.booked) is Booked.WAITING and because.rule is not None:
        later = _after_waiting(connection, house, row, because)
        if later is not None:
            at, what, then, call = later
            _add(chain, at, what, sentence(then, lang, names, plan))
            told = f"{what_became(what, lang)} {call}".strip()
            head = f"{head}; {told}"
    return {
        "signal": signal,
        "device": row.device,
        "booked": row.booked,
        "call": row.call,
        "rule": because.rule,
        "rule_version": because.rule_version,
        "facts": dict(because.facts),
        "answer": f"{head}: {why}.",
        "chain": chain,
    }


def what_became(what: str, lang: Lang) -> str:
    """Say how a waiting ended: `called` or `ended`."""
    words = {
        "called": ("den ringte, anrop", "it called, call"),
        "ended": ("det var over før den ringte", "it was over before it called"),
    }
    return words[what][_n(lang)]


def _after_waiting(
    connection: Connection, house: HouseId, row: Any, because: Because
) -> tuple[datetime, str, Because, str] | None:
    """Return how the rule's waiting ended: it called, or a signal ended it."""
    journal = tables.journal.c
    rows: Any = connection.execute(
        select(journal.at, journal.decisions)
        .where(journal.house == house, journal.seq > row.seq)
        .where(journal.decisions.contains(f'"{because.rule}"', autoescape=True))
        .order_by(journal.seq)
        .limit(50)
    )
    for one in rows:
        for effect in records.decode_effects(one.decisions):
            why = getattr(effect, "because", None)
            if why is None or why.rule != because.rule:
                continue
            if isinstance(effect, Note) and why.reason is Reason.RULE_HELD:
                return one.at, "called", why, effect.call
            if isinstance(effect, Book) and effect.to is Booked.ENDED:
                return one.at, "ended", why, ""
    return None


def _effects_of(
    connection: Connection, house: HouseId, call: str
) -> list[tuple[datetime, Effect]]:
    """Return every effect of this call, as it was decided."""
    events, journal = tables.call_events.c, tables.journal.c
    seqs = connection.scalars(
        select(events.seq)
        .where(events.house == house, events.call == call)
        .order_by(events.seq)
    ).all()
    if not seqs:
        return []
    rows: Any = connection.execute(
        select(journal.at, journal.decisions)
        .where(journal.house == house, journal.seq >= seqs[0], journal.seq <= seqs[-1])
        .where(journal.decisions.contains(f'"{call}"', autoescape=True))
        .order_by(journal.seq)
    )
    return [
        (row.at, effect)
        for row in rows
        for effect in records.decode_effects(row.decisions)
        if getattr(effect, "call", None) == call
    ]


def _add(chain: list[dict[str, Any]], at: datetime, what: str, said: str) -> None:
    entry = {"at": at.astimezone(UTC).isoformat(), "what": what, "sentence": said}
    if entry not in chain:
        chain.append(entry)


def _n(lang: Lang) -> int:
    return 0 if lang == "nb" else 1
