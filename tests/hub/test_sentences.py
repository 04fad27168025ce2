"""What a person reads about a decision, in both languages."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.house import load
from hub.names import Name, Named, Names
from hub.sentence_texts import (
    DETAILS,
    EXCUSES,
    MISSING,
    MOVES,
    OUTCOMES,
    PRIORITIES,
    SHELL_FAULTS,
    TEXTS,
    Lang,
)
from hub.sentences import place, sentence, who_was_considered, why_line, why_ring
from routing.calls import CallState
from routing.effects import Because, Considered, Move, Reason
from routing.events import Outcome
from routing.ids import CallId, DeviceId, RoomId, RuleId, StaffId
from routing.plan import CallType, Plan, Priority
from routing.state import Call

HOUSES = Path(__file__).parents[2] / "simulators" / "houses"
FILE = load(HOUSES / "solvik.yaml")
PLAN: Plan = FILE.plan(1)
NAMES = Names(FILE.names())
PER = StaffId("nord-night-1")
AISHA = StaffId("sor-night-1")
LANGS: tuple[Lang, ...] = ("nb", "en")


def says(because: Because, lang: Lang = "nb", **known: str) -> str:
    return sentence(because, lang, NAMES, PLAN, **known)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_a_norwegian_and_an_english_sentence(reason: Reason) -> None:
    norwegian, english = TEXTS[reason]

    assert norwegian
    assert english
    holes = {*re.findall(r"\{(\w+)\}", norwegian), *re.findall(r"\{(\w+)\}", english)}
    assert holes <= set(MISSING)


def test_no_sentence_is_kept_for_a_reason_that_is_gone() -> None:
    assert set(TEXTS) == set(Reason)
    assert set(MOVES) == set(Move)
    assert set(OUTCOMES) == set(Outcome)
    assert len(PRIORITIES) == len(Priority)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_without_facts_still_makes_a_whole_sentence(
    reason: Reason, lang: Lang
) -> None:
    said = says(Because(reason), lang)

    assert said
    assert not re.search(r"[{}]|  |\(\)|: *$", said)
    assert said[0].isupper() or not said[0].isalpha()


@given(
    reason=st.sampled_from(list(Reason)),
    facts=st.dictionaries(
        st.sampled_from(["room", "device", "staff", "pressed", "until", "priority", "detail"]),
        st.text(max_size=12),
    ),
)
def test_no_fact_however_odd_makes_a_sentence_fail(
    reason: Reason, facts: dict[str, str]
) -> None:
    assert says(Because(reason, facts=tuple(facts.items())))


def test_words_are_those_of_the_house() -> None:
    words = [text.casefold() for pair in TEXTS.values() for text in pair]
    words += [text.casefold() for pair in DETAILS.values() for text in pair]

    for banned in ("overvåk", "garanter", "falsk alarm", "offline", "rød alarm", "avvis"):
        assert not [text for text in words if banned in text], banned


@pytest.mark.parametrize(
    ("because", "nb", "en"),
    [
        (
            Because(Reason.HELP_PRESSED, facts=(("room", "204"),)),
            "Tilkalling, rom 204",
            "Call, room 204",
        ),
        (
            Because(Reason.BATHROOM_CALL, facts=(("room", "204-bad"),)),
            "Tilkalling fra badet til rom 204",
            "Call from the bathroom of room 204",
        ),
        (
            Because(Reason.PRESSED_AGAIN, facts=(("pressed", "4"),)),
            "Trykket 4 ganger",
            "Pressed 4 times",
        ),
        (
            Because(Reason.RULE_HELD, rule=RuleId("bed-exit-16")),
            "Ute av seng i 10 min, ikke tilbake",
            "Out of bed for 10 min, not back",
        ),
        (
            Because(
                Reason.RULE_WAITING, RuleId("bed-exit-16"), 1, (("due", "2026-11-21T01:24Z"),)
            ),
            "Venter til 02:24 før det eventuelt ringer: Ute av seng i 10 min, ikke tilbake",
            "Waits until 02:24 before it may ring: Out of bed for 10 min, not back",
        ),
        (
            Because(Reason.DEVICE_SILENT, facts=(("device", "bath-204"), ("last_heard", "x"))),
            "Ikke hørt fra bath-204 (badet til rom 204) siden oppstart: tilstanden er ukjent",
            (
                "Not heard from bath-204 (the bathroom of room 204) since the start: "
                "its state is unknown"
            ),
        ),
        (
            Because(Reason.CLOSED, facts=(("outcome", "spoke"), ("reason", "på telefon"))),
            "Avsluttet av Per P.: snakket med pasienten (på telefon)",
            "Closed by Per P.: spoke with the patient (på telefon)",
        ),
        (
            Because(Reason.DECLINED, facts=(("reason", "busy"),)),
            "Per P. kan ikke: opptatt hos pasient",
            "Per P. cannot: busy with a patient",
        ),
        (
            Because(Reason.DECLINED, facts=(("reason", "none"),)),
            "Per P. kan ikke",
            "Per P. cannot",
        ),
        (Because(Reason.TAKEN), "Per P. tok den", "Per P. took it"),
        (
            Because(Reason.NOT_ALLOWED, facts=(("why", "a pause needs a reason"),)),
            "Ikke mulig nå: en pause må ha en grunn",
            "Not possible now: a pause needs a reason",
        ),
        (
            Because(Reason.NOT_COME, facts=(("staff", "per"),)),
            "Per P. sa de kom, men er ikke kommet frem: ringer etter flere",
            "Per P. said they come but has not arrived: it rings for others",
        ),
        (
            Because(Reason.LEFT_TO_OWNER),
            "Per P. gikk; en kollega har tatt over og er på vei",
            "Per P. left; a colleague has taken over and is on the way",
        ),
        (
            Because(Reason.STEPPED_OUT),
            "Per P. gikk; en kollega er fortsatt hos pasienten",
            "Per P. left; a colleague is still with the patient",
        ),
        (Because(Reason.EMERGENCY), "Nødanrop fra Per P., ukjent sted", None),
    ],
)
def test_a_decision_reads_as_a_nurse_would_say_it(
    because: Because, nb: str, en: str | None
) -> None:
    assert says(because, "nb", staff=PER) == nb
    if en is not None:
        assert says(because, "en", staff=PER) == en


def test_an_unknown_name_is_its_id() -> None:
    assert says(Because(Reason.TAKEN), staff="temp-7") == "Temp-7 tok den"


def test_a_rule_that_is_gone_from_the_plan_is_named_by_its_id() -> None:
    assert says(Because(Reason.RULE_HELD, RuleId("old-rule"), 3)) == "Old-rule"


def call(**changes: object) -> Call:
    opened = Call(
        id=CallId("1-1"),
        type=CallType.PATIENT,
        priority=Priority.IMPORTANT,
        state=CallState.RINGING,
        opened_at=datetime(2026, 11, 21, 1, 14, tzinfo=UTC),
        ladder=next(iter(PLAN.ladders.values())),
        because=Because(Reason.HELP_PRESSED, facts=(("room", "204"),)),
        room=RoomId("204"),
        pressed=1,
    )
    return replace(opened, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "nb", "en"),
    [
        ({}, "Tilkalling, rom 204", "Call, room 204"),
        ({"pressed": 4}, "Trykket 4 ganger", "Pressed 4 times"),
        ({"late": True}, "Tilkalling, rom 204 (forsinket)", "Call, room 204 (late)"),
        (
            {"because": Because(Reason.RULE_HELD, RuleId("door-10"), 1), "pressed": 0},
            "Døren til rom 110 er åpen",
            "The door of room 110 is open",
        ),
        (
            {
                "because": Because(Reason.DEVICE_SILENT),
                "device": DeviceId("wrist-01"),
                "pressed": 0,
            },
            "Ikke hørt fra wrist-01 siden oppstart: tilstanden er ukjent",
            "Not heard from wrist-01 since the start: its state is unknown",
        ),
        (
            {"because": Because(Reason.STAFF_ASKED), "asked_by": PER, "pressed": 0},
            "Per P. ber om hjelp, rom 204",
            "Per P. asks for help, room 204",
        ),
    ],
)
def test_the_card_says_why_without_a_patients_name(
    changes: dict[str, object], nb: str, en: str
) -> None:
    assert why_line(call(**changes), "nb", NAMES, PLAN) == nb
    assert why_line(call(**changes), "en", NAMES, PLAN) == en


CONSIDERED = Because(
    Reason.HELP_PRESSED,
    considered=(
        Considered(PER, True, Reason.ASSIGNED),
        Considered(AISHA, True, Reason.BACKUP),
        Considered(StaffId("student-1"), False, Reason.STUDENT_NOT_ALONE),
        Considered(StaffId("nurse-night-1"), False, Reason.BUSY),
    ),
)


def test_one_reads_why_one_was_rung_and_why_others_were_not() -> None:
    assert why_ring(CONSIDERED, PER, "nb", NAMES, PLAN) == (
        "Du fikk anropet: primærkontakt. Ringer også: Aisha A. "
        "Forbigått: Fredrik F. (student, står aldri alene med et anrop); "
        "Solveig S. (opptatt med et annet anrop)."
    )
    assert why_ring(CONSIDERED, AISHA, "en", NAMES, PLAN).startswith(
        "You got the call: backup for the assigned carer. Also ringing: Per P."
    )


def test_everybody_who_was_thought_of_is_listed() -> None:
    assert who_was_considered(CONSIDERED, "nb", NAMES) == [
        "Per P.: ringes, primærkontakt",
        "Aisha A.: ringes, reserve for primærkontakten",
        "Fredrik F.: forbigått, student, står aldri alene med et anrop",
        "Solveig S.: forbigått, opptatt med et annet anrop",
    ]


def test_a_place_is_what_stands_on_the_door() -> None:
    assert place("204", "nb", PLAN) == "rom 204"
    assert place("204-bad", "en", PLAN) == "the bathroom of room 204"
    assert place("nord-corridor", "nb", PLAN) == "Korridor Nord"
    assert place("nowhere", "nb", PLAN) == place(None, "nb", PLAN) == ""


def test_names_fall_back_from_short_to_full_to_id() -> None:
    names = Names(
        (Name(Named.STAFF, "a", "Anne Fjellrose", ""), Name(Named.STAFF, "b", "", ""))
    )

    assert (names.staff("a"), names.staff("b"), names.staff("c")) == (
        "Anne Fjellrose",
        "b",
        "c",
    )
    assert set(EXCUSES) == {"busy", "break", "other_unit", "none"}


@pytest.mark.parametrize("code", [*SHELL_FAULTS, "channel_failed:sms", "performer_gateway"])
def test_a_fault_of_the_shell_is_told_in_norwegian_and_with_its_own_words_in_english(
    code: str,
) -> None:
    told = Because(Reason.SHELL_FAULT, facts=(("code", code), ("detail", "42 of them")))
    norwegian = says(told)

    assert "42 of them" not in norwegian
    assert norwegian.endswith("(sms)") is (code == "channel_failed:sms")
    assert says(told, "en") == "Technical fault: 42 of them"


def test_a_fault_that_nobody_put_into_words_is_shown_as_it_is() -> None:
    told = Because(Reason.SHELL_FAULT, facts=(("code", "new_code"), ("detail", "what it is")))

    assert says(told) == "Teknisk feil: what it is"
