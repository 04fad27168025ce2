"""A rule as a sentence: golden, because people decide by it."""

from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from hub.house import load
from hub.names import Names
from hub.rule_sentences import length, rule_basis, rule_line, rule_sentence
from hub.sentence_texts import Lang
from routing.ids import DeviceId, LadderId, PatientId, RoomId, RuleId, UnitId
from routing.plan import (
    Basis,
    CallType,
    Combine,
    Plan,
    Priority,
    Rule,
    RuleState,
    Rung,
    Target,
    TargetKind,
    Trigger,
    TriggerKind,
    Window,
)

FILE = load(Path(__file__).parents[2] / "simulators" / "houses" / "solvik.yaml")
PLAN: Plan = FILE.plan(1)
NAMES = Names(FILE.names())

NIGHT = Window(time(22), time(7))
TEN = timedelta(minutes=10)
OUT_OF_BED = Trigger(TriggerKind.BED_EXIT)
IN_THE_BATHROOM = Trigger(TriggerKind.MOTION, room=RoomId("204-bad"))
DOOR = Trigger(TriggerKind.DOOR_OPEN, device=DeviceId("door-202"))
BED = Rule(
    RuleId("r"),
    1,
    PatientId("p-16"),
    "Jeg blir svimmel.",
    (OUT_OF_BED,),
    CallType.BED_EXIT,
    RuleState.ACTIVE,
    window=NIGHT,
    delay=TEN,
    basis=Basis.CONSENT,
    review_by=date(2026, 12, 14),
)

PRESS_LADDER = {
    "nb": (
        " Svarer ingen: avdelingen etter 1 min; hele huset etter 2 min; "
        "hele huset, leder og vakttelefonen etter 5 min, "
        "så på nytt etter 1 min til noen tar det."
    ),
    "en": (
        " If nobody answers: the unit after 1 min; the whole house after 2 min; "
        "the whole house, the leader and the duty telephone after 5 min, "
        "then again after 1 min, until somebody takes it."
    ),
}


def test_the_whole_sentence_names_the_ladder_with_its_times() -> None:
    assert rule_sentence(BED, PLAN, "nb", NAMES) == (
        "Hver natt 22:00–07:00: når Kari N. er ute av sengen i mer enn 10 minutter, "
        "ringer det hos primærkontakt og reserve med «Viktig»." + PRESS_LADDER["nb"]
    )
    assert rule_sentence(BED, PLAN, "en", NAMES) == (
        "Every night 22:00–07:00: when Kari N. is out of bed for more than 10 minutes, "
        "it rings the assigned carer and the backup as “Important”." + PRESS_LADDER["en"]
    )


def test_without_names_the_patient_is_the_patient() -> None:
    assert "når pasienten er ute av sengen" in rule_sentence(BED, PLAN, "nb")
    assert "when the patient is out of bed" in rule_sentence(BED, PLAN, "en")


def begins(rule: Rule, lang: Lang) -> str:
    """Return the first sentence, without who is rung and how."""
    whole = rule_sentence(rule, PLAN, lang, NAMES)
    return whole.split(", ringer det hos" if lang == "nb" else ", it rings")[0]


@pytest.mark.parametrize(
    ("changes", "nb", "en"),
    [
        (
            {"window": None},
            "Hele døgnet: når Kari N. er ute av sengen i mer enn 10 minutter",
            "At all hours: when Kari N. is out of bed for more than 10 minutes",
        ),
        (
            {"window": Window(time(0), time(0)), "delay": timedelta(0)},
            "Hele døgnet: når Kari N. er ute av sengen",
            "At all hours: when Kari N. is out of bed",
        ),
        (
            {"window": Window(time(8), time(16, 30)), "delay": timedelta(minutes=1)},
            "Hver dag 08:00–16:30: når Kari N. er ute av sengen i mer enn 1 minutt",
            "Every day 08:00–16:30: when Kari N. is out of bed for more than 1 minute",
        ),
        (
            {"window": Window(time(0), time(6))},
            "Hver natt 00:00–06:00: når Kari N. er ute av sengen i mer enn 10 minutter",
            "Every night 00:00–06:00: when Kari N. is out of bed for more than 10 minutes",
        ),
        (
            {"window": Window(time(23), time(6), (4, 5))},
            (
                "Fredag og lørdag fra 23:00 til 06:00 neste dag: når Kari N. er ute av sengen "
                "i mer enn 10 minutter"
            ),
            (
                "Friday and Saturday from 23:00 to 06:00 the next day: "
                "when Kari N. is out of bed "
                "for more than 10 minutes"
            ),
        ),
        (
            {"window": Window(time(9), time(15), (0, 1, 2, 3, 4)), "delay": timedelta(0)},
            "Mandag–fredag 09:00–15:00: når Kari N. er ute av sengen",
            "Monday–Friday 09:00–15:00: when Kari N. is out of bed",
        ),
        (
            {"window": Window(time(9), time(15), (6,)), "delay": timedelta(0)},
            "Søndag 09:00–15:00: når Kari N. er ute av sengen",
            "Sunday 09:00–15:00: when Kari N. is out of bed",
        ),
        (
            {"delay": timedelta(hours=1, minutes=30)},
            "Hver natt 22:00–07:00: når Kari N. er ute av sengen i mer enn 1 time 30 minutter",
            (
                "Every night 22:00–07:00: when Kari N. is out of bed "
                "for more than 1 hour 30 minutes"
            ),
        ),
        (
            {"unless": (IN_THE_BATHROOM,)},
            (
                "Hver natt 22:00–07:00: når Kari N. er ute av sengen i mer enn 10 minutter, "
                "med mindre det er bevegelse på badet til rom 204"
            ),
            (
                "Every night 22:00–07:00: when Kari N. is out of bed for more than 10 minutes, "
                "unless there is movement in the bathroom of room 204"
            ),
        ),
        (
            {"triggers": (OUT_OF_BED, DOOR), "combine": Combine.ANY},
            (
                "Hver natt 22:00–07:00: når Kari N. er ute av sengen "
                "eller døren til rom 202 er åpen, "
                "og det fortsatt gjelder etter 10 minutter"
            ),
            (
                "Every night 22:00–07:00: when Kari N. is out of bed "
                "or the door of room 202 is open, "
                "and that still holds after 10 minutes"
            ),
        ),
        (
            {
                "triggers": (OUT_OF_BED, DOOR, IN_THE_BATHROOM),
                "combine": Combine.ALL,
                "delay": timedelta(0),
            },
            (
                "Hver natt 22:00–07:00: når Kari N. er ute av sengen, "
                "døren til rom 202 er åpen "
                "og det er bevegelse på badet til rom 204"
            ),
            (
                "Every night 22:00–07:00: when Kari N. is out of bed, "
                "the door of room 202 is open "
                "and there is movement in the bathroom of room 204"
            ),
        ),
        (
            {
                "triggers": (OUT_OF_BED, replace(DOOR, within=timedelta(minutes=2))),
                "combine": Combine.IN_ORDER,
                "delay": timedelta(0),
            },
            (
                "Hver natt 22:00–07:00: når Kari N. er ute av sengen, og deretter "
                "døren til rom 202 er åpen innen 2 minutter"
            ),
            (
                "Every night 22:00–07:00: when Kari N. is out of bed, and then "
                "the door of room 202 is open within 2 minutes"
            ),
        ),
        (
            {
                "triggers": (Trigger(TriggerKind.NO_MOTION, room=RoomId("204")),),
                "delay": timedelta(hours=2),
                "window": Window(time(8), time(20)),
            },
            "Hver dag 08:00–20:00: når det ikke er bevegelse i rom 204 i mer enn 2 timer",
            (
                "Every day 08:00–20:00: when there is no movement in room 204 "
                "for more than 2 hours"
            ),
        ),
        (
            {"triggers": (Trigger(TriggerKind.FALL),), "delay": timedelta(0), "window": None},
            "Hele døgnet: når en sensor melder mulig fall",
            "At all hours: when a sensor reports a possible fall",
        ),
        (
            {
                "triggers": (Trigger(TriggerKind.PRESENCE, room=RoomId("nord-corridor")),),
                "delay": timedelta(0),
                "window": None,
            },
            "Hele døgnet: når noen er til stede ved Korridor Nord",
            "At all hours: when somebody is present at Korridor Nord",
        ),
        (
            {"triggers": (Trigger(TriggerKind.PRESS),), "delay": timedelta(0), "window": None},
            "Hele døgnet: når Kari N. trykker på knappen",
            "At all hours: when Kari N. presses the button",
        ),
        (
            {"triggers": (Trigger(TriggerKind.DOOR_OPEN),), "delay": timedelta(seconds=45)},
            "Hver natt 22:00–07:00: når døren er åpen i mer enn 45 sekunder",
            "Every night 22:00–07:00: when the door is open for more than 45 seconds",
        ),
    ],
)
def test_when_and_what_are_said_in_both_languages(
    changes: dict[str, object], nb: str, en: str
) -> None:
    rule = replace(BED, **changes)  # type: ignore[arg-type]

    assert begins(rule, "nb") == nb
    assert begins(rule, "en") == en


@pytest.mark.parametrize(
    ("state", "nb", "en"),
    [
        (
            RuleState.DRAFT,
            "Utkast, varsler ikke. Hver natt",
            "Draft, rings nobody. Every night",
        ),
        (RuleState.TRIAL, "Prøve, varsler ikke. Hver natt", "Trial, rings nobody. Every night"),
        (RuleState.PAUSED, "På pause. Hver natt", "Paused. Every night"),
        (RuleState.ENDED, "Avsluttet. Hver natt", "Ended. Every night"),
    ],
)
def test_a_rule_that_does_not_ring_says_so_first(state: RuleState, nb: str, en: str) -> None:
    rule = replace(BED, state=state)

    assert rule_sentence(rule, PLAN, "nb", NAMES).startswith(nb)
    assert rule_sentence(rule, PLAN, "en", NAMES).startswith(en)


def test_the_rules_own_priority_and_ladder_are_those_that_are_said() -> None:
    rule = replace(BED, priority=Priority.URGENT, ladder=LadderId("urgent"))

    said = rule_sentence(rule, PLAN, "nb", NAMES)
    assert "hos primærkontakt, reserve og avdelingen med «Haster»." in said
    assert "hele huset etter 30 s; hele huset, leder og vakttelefonen etter 1 min 30 s" in said


def test_a_rule_that_ends_by_itself_says_what_ends_it() -> None:
    rule = replace(BED, ends_by_itself=True)
    door = replace(rule, triggers=(DOOR,))

    assert rule_sentence(rule, PLAN, "nb", NAMES).endswith(
        "Anropet avsluttes av seg selv når Kari N. er tilbake i sengen."
    )
    assert rule_sentence(door, PLAN, "en", NAMES).endswith(
        "The call ends by itself when the sensor says that it is over."
    )


@pytest.mark.parametrize(
    ("target", "nb"),
    [
        (Target(TargetKind.UNIT, "sor"), "avdeling Sør"),
        (Target(TargetKind.COMPETENCE, "nurse"), "sykepleier"),
        (Target(TargetKind.COMPETENCE, "nurse", UnitId("")), "sykepleier på avdelingen"),
        (Target(TargetKind.ROLE, "leader", UnitId("sor")), "leder på avdeling Sør"),
        (Target(TargetKind.ROLE, "technician"), "tekniker"),
        (Target(TargetKind.STAFF, "leader-1"), "Lise L."),
        (Target(TargetKind.CHANNEL, "sms"), "kanalen «sms»"),
    ],
)
def test_every_kind_of_receiver_has_a_word(target: Target, nb: str) -> None:
    ladder = replace(PLAN.ladders[LadderId("patient")], rungs=(Rung((target,), TEN),))
    plan = replace(PLAN, ladders={ladder.id: ladder})

    assert f"ringer det hos {nb} med" in rule_sentence(BED, plan, "nb", NAMES)


def test_a_ladder_of_a_failsafe_alone_is_said_too() -> None:
    ladder = replace(PLAN.ladders[LadderId("patient")], rungs=())
    plan = replace(PLAN, ladders={ladder.id: ladder})

    assert rule_sentence(BED, plan, "nb", NAMES).endswith(
        "Svarer ingen: på nytt etter 1 min til noen tar det."
    )


def test_the_rules_of_solvik_read_as_decided() -> None:
    lines = {rule.id: rule_line(rule, PLAN, "nb") for rule in PLAN.rules}

    assert lines[RuleId("bed-exit-02")] == "Ute av seng i 10 min, ikke tilbake"
    assert lines[RuleId("motion-03")] == "Bevegelse i rom 103 i 3 min"
    assert lines[RuleId("door-10")] == "Døren til rom 110 er åpen"
    assert lines[RuleId("wander-14")] == "Bevegelse i rom 202, så døren til rom 202 er åpen"
    assert lines[RuleId("bed-exit-07")] == "Ute av seng"


def test_the_houses_own_line_goes_before_ours() -> None:
    assert rule_line(replace(BED, text="Ring meg når jeg er oppe"), PLAN, "en").startswith(
        "Ring"
    )


def test_the_basis_and_the_review_date_are_said() -> None:
    assert rule_basis(BED, "nb") == "Grunnlag: samtykke. Evalueres innen 14. desember 2026."
    assert rule_basis(BED, "en") == "Legal basis: consent. Review by 14 December 2026."
    assert rule_basis(replace(BED, review_by=None), "nb").endswith("Uten evalueringsdato.")
    assert "kan ikke tas i bruk" in rule_basis(replace(BED, basis=None), "nb")


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (0, "0 sekunder", "0 s"),
        (1, "1 sekund", "1 s"),
        (80, "1 minutt 20 sekunder", "1 min 20 s"),
        (3600, "1 time", "1 t"),
        (7260, "2 timer 1 minutt", "2 t 1 min"),
    ],
)
def test_a_duration_is_written_as_it_is_spoken(seconds: int, long: str, short: str) -> None:
    span = timedelta(seconds=seconds)

    assert length(span, "nb") == long
    assert length(span, "nb", short=True) == short
