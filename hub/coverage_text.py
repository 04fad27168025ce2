"""A gap in coverage in words, for the page and the command line."""

from typing import Literal

from hub.names import Names
from hub.sentence_texts import TEXTS
from routing.coverage import Gap, Missing
from routing.effects import Reason
from routing.plan import CallType, Plan

CALL_TYPES_SAID: dict[CallType, tuple[str, str]] = {
    CallType.EMERGENCY: ("nødanrop", "emergency"),
    CallType.ASSIST: ("assistanse", "assistance"),
    CallType.BATHROOM: ("badanrop", "bathroom call"),
    CallType.PATIENT: ("trykk fra pasient", "patient's press"),
    CallType.BED_EXIT: ("ute av sengen", "out of bed"),
    CallType.MOTION: ("bevegelse", "movement"),
    CallType.WANDER: ("vandring", "wandering"),
    CallType.DOOR: ("dør", "door"),
    CallType.INACTIVITY: ("ingen aktivitet", "no activity"),
    CallType.FALL_SUSPECTED: ("mulig fall", "suspected fall"),
    CallType.FALL_CONFIRMED: ("bekreftet fall", "confirmed fall"),
    CallType.TECHNICAL: ("teknisk", "technical"),
    CallType.INFORMATION: ("informasjon", "information"),
}

_WHY: dict[Reason, tuple[str, str]] = {
    Reason.NOT_ON_DUTY: ("ingen er på vakt", "nobody is on duty"),
    Reason.NO_READY_HANDSET: ("ingen telefon er klar", "no telephone is ready"),
    Reason.STUDENT_NOT_ALONE: ("bare en student", "only a student"),
}


def gap_line(gap: Gap, plan: Plan, names: Names, lang: Literal["nb", "en"]) -> str:
    """Say one gap in a line: where, what for, and what is missing."""
    n = int(lang == "en")
    room = plan.rooms[gap.room].number
    where = f"{names.unit(gap.unit)}, {('rom', 'room')[n]} {room}"
    if gap.missing is Missing.FAILSAFE:
        why = ("siste utvei når ingen", "the failsafe reaches nobody")[n]
    else:
        why = _WHY.get(gap.reason, TEXTS[gap.reason])[n]
    return f"{where}: {CALL_TYPES_SAID[gap.call_type][n]}: {why}"
