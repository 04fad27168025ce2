"""A rule as a plain sentence, made from the rule itself: what is shown is what will happen.

«Hver natt 22:00–07:00: når Kari N. er ute av sengen i mer enn 10 minutter, ringer det hos
primærkontakt og reserve med «Viktig».» Golden tests hold many of them; the page shows no other.
"""

from datetime import date, timedelta
from itertools import pairwise

from hub.names import Names
from hub.sentence_texts import PRIORITIES, Lang
from routing.defaults import ladder_for, policy_for
from routing.ids import DeviceId, RoomId, StaffId
from routing.plan import (
    Basis,
    Combine,
    Competence,
    Ladder,
    Plan,
    Role,
    RoomKind,
    Rule,
    RuleState,
    Rung,
    Target,
    TargetKind,
    Trigger,
    TriggerKind,
    Window,
)

_DUTY = "duty"
"""The channel of routing.defaults to the person on duty outside the house."""

_DAYS = (
    ("mandag", "Monday"),
    ("tirsdag", "Tuesday"),
    ("onsdag", "Wednesday"),
    ("torsdag", "Thursday"),
    ("fredag", "Friday"),
    ("lørdag", "Saturday"),
    ("søndag", "Sunday"),
)
_MONTHS = (
    ("januar", "January"),
    ("februar", "February"),
    ("mars", "March"),
    ("april", "April"),
    ("mai", "May"),
    ("juni", "June"),
    ("juli", "July"),
    ("august", "August"),
    ("september", "September"),
    ("oktober", "October"),
    ("november", "November"),
    ("desember", "December"),
)
_STATES: dict[RuleState, tuple[str, str]] = {
    RuleState.DRAFT: ("Utkast, varsler ikke. ", "Draft, rings nobody. "),
    RuleState.TRIAL: ("Prøve, varsler ikke. ", "Trial, rings nobody. "),
    RuleState.ACTIVE: ("", ""),
    RuleState.PAUSED: ("På pause. ", "Paused. "),
    RuleState.SUSPENDED: ("Stanset til den er vurdert på nytt. ", "Suspended until reviewed. "),
    RuleState.ENDED: ("Avsluttet. ", "Ended. "),
}
_BASES: dict[Basis, tuple[str, str]] = {
    Basis.CONSENT: ("samtykke", "consent"),
    Basis.DECISION_4_6A: (
        "vedtak etter pasient- og brukerrettighetsloven § 4-6 a",
        "decision under section 4-6 a of the patients' rights act",
    ),
    Basis.CHAPTER_4A: (
        "vedtak etter pasient- og brukerrettighetsloven kapittel 4A",
        "decision under chapter 4A of the patients' rights act",
    ),
    Basis.STAFF_ONLY: ("gjelder bare ansatte", "concerns staff only"),
}
_ROLES: dict[Role, tuple[str, str]] = {
    Role.CARER: ("pleier", "the carer"),
    Role.STUDENT: ("student", "the student"),
    Role.NURSE: ("sykepleier", "the nurse"),
    Role.TECHNICIAN: ("tekniker", "the technician"),
    Role.LEADER: ("leder", "the leader"),
}
_COMPETENCES: dict[Competence, tuple[str, str]] = {
    Competence.STUDENT: ("student", "a student"),
    Competence.ASSISTANT: ("assistent", "an assistant"),
    Competence.HEALTH_WORKER: ("helsefagarbeider", "a health worker"),
    Competence.NURSE: ("sykepleier", "a nurse"),
}


def rule_sentence(rule: Rule, plan: Plan, lang: Lang, names: Names | None = None) -> str:
    """Say what the rule does, from its first word to who is rung when nobody answers.

    Without `names` the patient is «pasienten» and units and staff are their ids.
    """
    words = _Words(plan, lang, names or Names())
    return words.rule(rule)


def rule_line(rule: Rule, plan: Plan, lang: Lang) -> str:
    """Return the short line for a telephone: the rule's own text, else one made from it.

    «Ute av seng i 10 min, ikke tilbake». The rule's own text is the house's, in its language.
    """
    return rule.text or _Words(plan, lang, Names()).line(rule)


def rule_basis(rule: Rule, lang: Lang) -> str:
    """Say on which basis the rule stands and when it is looked at again."""
    n = _index(lang)
    if rule.basis is None:
        return ("Uten grunnlag: kan ikke tas i bruk.", "No legal basis: cannot be used.")[n]
    basis = _BASES[rule.basis][n]
    reference = f" ({rule.basis_reference})" if rule.basis_reference else ""
    review = ("Uten evalueringsdato.", "No review date.")[n]
    if rule.review_by:
        review = f"{('Evalueres innen', 'Review by')[n]} {long_date(rule.review_by, lang)}."
    return f"{('Grunnlag', 'Legal basis')[n]}: {basis}{reference}. {review}"


def long_date(day: date, lang: Lang) -> str:
    """Write a date: «14. desember 2026», "14 December 2026"."""
    month = _MONTHS[day.month - 1][_index(lang)]
    return f"{day.day}{'.' if lang == 'nb' else ''} {month} {day.year}"


def length(span: timedelta, lang: Lang, *, short: bool = False) -> str:
    """Write a duration: «10 minutter», «1 time 30 minutter»; short: «1 min 20 s»."""
    seconds = int(span.total_seconds())
    parts = ((seconds // 3600, 0), (seconds % 3600 // 60, 1), (seconds % 60, 2))
    if short:
        units = ("t", "min", "s") if lang == "nb" else ("h", "min", "s")
        said = [f"{count} {units[n]}" for count, n in parts if count]
        return " ".join(said) or f"0 {units[2]}"
    many = (("time", "timer"), ("minutt", "minutter"), ("sekund", "sekunder"))
    if lang == "en":
        many = (("hour", "hours"), ("minute", "minutes"), ("second", "seconds"))
    said = [f"{count} {many[n][count != 1]}" for count, n in parts if count]
    return " ".join(said) or f"0 {many[2][1]}"


def listed(words: list[str], lang: Lang, last: tuple[str, str] = ("og", "and")) -> str:
    """Join words: «a, b og c»."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last[_index(lang)]} {words[-1]}"


def _index(lang: Lang) -> int:
    return 0 if lang == "nb" else 1


class _Words:
    """The plan, the language and the names that every part of a sentence needs."""

    def __init__(self, plan: Plan, lang: Lang, names: Names) -> None:
        self.plan = plan
        self.lang: Lang = lang
        self.n = _index(lang)
        self.names = names

    def rule(self, rule: Rule) -> str:
        policy = policy_for(self.plan, rule.call_type)
        priority = rule.priority if rule.priority is not None else policy.priority
        ladder = ladder_for(self.plan, rule.call_type, rule.ladder)
        whom = self.targets((*ladder.rungs, ladder.failsafe)[0])
        word = PRIORITIES[priority][self.n]
        conditions = self.conditions(rule)
        unless = self.unless(rule)
        if self.lang == "nb":
            rings = f"når {conditions}{unless}, ringer det hos {whom} med «{word}»."
        else:
            rings = f"when {conditions}{unless}, it rings {whom} as “{word}”."
        parts = [f"{_STATES[rule.state][self.n]}{self.window(rule.window)}: {rings}"]
        parts.append(self.unanswered(ladder))
        if rule.ends_by_itself:
            parts.append(self.ends(rule))
        return " ".join(parts)

    # --- When ---------------------------------------------------------------------------------

    def window(self, window: Window | None) -> str:
        if window is None or (window.since == window.until and len(window.weekdays) == 7):
            return ("Hele døgnet", "At all hours")[self.n]
        since, until = f"{window.since:%H:%M}", f"{window.until:%H:%M}"
        over_midnight = window.until <= window.since
        if len(window.weekdays) == 7:
            night = over_midnight or window.until.hour <= 7
            every = (("Hver dag", "Every day"), ("Hver natt", "Every night"))[night][self.n]
            return f"{every} {since}–{until}"
        days = self.days(window.weekdays)
        if not over_midnight:
            return f"{days} {since}–{until}"
        morning = ("neste dag", "the next day")[self.n]
        between = ("fra {} til {}", "from {} to {}")[self.n].format(since, until)
        return f"{days} {between} {morning}"

    def days(self, weekdays: tuple[int, ...]) -> str:
        ordered = sorted(set(weekdays))
        in_a_row = len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1
        said = (
            f"{_DAYS[ordered[0]][self.n]}–{_DAYS[ordered[-1]][self.n]}"
            if in_a_row
            else listed([_DAYS[day][self.n] for day in ordered], self.lang)
        )
        return said[0].upper() + said[1:]

    # --- What ---------------------------------------------------------------------------------

    def conditions(self, rule: Rule) -> str:
        patient = self.patient(rule)
        said = [self.condition(trigger, patient) for trigger in rule.triggers]
        joined = self.in_order(rule, said) if rule.combine is Combine.IN_ORDER else None
        if joined is None:
            word = ("eller", "or") if rule.combine is Combine.ANY else ("og", "and")
            joined = listed(said, self.lang, word)
        if not rule.delay:
            return joined
        span = length(rule.delay, self.lang)
        if len(said) == 1:
            return f"{joined} {('i mer enn', 'for more than')[self.n]} {span}"
        still = ("og det fortsatt gjelder etter", "and that still holds after")[self.n]
        return f"{joined}, {still} {span}"

    def in_order(self, rule: Rule, said: list[str]) -> str:
        whole = said[0]
        for trigger, text in zip(rule.triggers[1:], said[1:], strict=True):
            then = ("og deretter", "and then")[self.n]
            inside = ("innen", "within")[self.n]
            within = f" {inside} {length(trigger.within, self.lang)}" if trigger.within else ""
            whole = f"{whole}, {then} {text}{within}"
        return whole

    def unless(self, rule: Rule) -> str:
        if not rule.unless:
            return ""
        patient = self.patient(rule)
        said = [self.condition(trigger, patient) for trigger in rule.unless]
        joined = listed(said, self.lang, ("eller", "or"))
        return f"{(', med mindre', ', unless')[self.n]} {joined}"

    def condition(self, trigger: Trigger, patient: str) -> str:
        place = self.place(trigger)
        at = f" {place}" if place else ""
        match trigger.kind:
            case TriggerKind.BED_EXIT:
                said = (f"{patient} er ute av sengen", f"{patient} is out of bed")
            case TriggerKind.MOTION:
                said = (f"det er bevegelse{at}", f"there is movement{at}")
            case TriggerKind.DOOR_OPEN:
                said = (f"{self.door(trigger, 0)} er åpen", f"{self.door(trigger, 1)} is open")
            case TriggerKind.NO_MOTION:
                said = (f"det ikke er bevegelse{at}", f"there is no movement{at}")
            case TriggerKind.FALL:
                said = (
                    f"en sensor melder mulig fall{at}",
                    f"a sensor reports a possible fall{at}",
                )
            case TriggerKind.PRESENCE:
                said = (f"noen er til stede{at}", f"somebody is present{at}")
            case TriggerKind.PRESS:
                said = (f"{patient} trykker på knappen", f"{patient} presses the button")
        return said[self.n]

    def place(self, trigger: Trigger) -> str:
        room = trigger.room or self.room_of(trigger.device)
        found = self.plan.rooms.get(room) if room else None
        if found is None:
            return ""
        own = self.plan.rooms.get(found.bathroom_of) if found.bathroom_of else None
        if found.kind is RoomKind.BATHROOM and own:
            return (f"på badet til rom {own.number}", f"in the bathroom of room {own.number}")[
                self.n
            ]
        if found.kind is RoomKind.BEDROOM:
            return (f"i rom {found.number}", f"in room {found.number}")[self.n]
        return (f"ved {found.number}", f"at {found.number}")[self.n]

    def door(self, trigger: Trigger, n: int) -> str:
        room = trigger.room or self.room_of(trigger.device)
        found = self.plan.rooms.get(room) if room else None
        if found is None:
            return ("døren", "the door")[n]
        if found.kind is RoomKind.BEDROOM:
            return (f"døren til rom {found.number}", f"the door of room {found.number}")[n]
        return (f"døren ved {found.number}", f"the door at {found.number}")[n]

    def room_of(self, device: DeviceId | None) -> RoomId | None:
        rooms = [use.room for use in self.plan.assignments if use.device == device and use.room]
        return rooms[-1] if rooms else None

    def patient(self, rule: Rule) -> str:
        known = self.names.patient(rule.patient)
        return known if known != rule.patient else ("pasienten", "the patient")[self.n]

    # --- Who ----------------------------------------------------------------------------------

    def targets(self, rung: Rung) -> str:
        return listed([self.target(target) for target in rung.targets], self.lang)

    def target(self, target: Target) -> str:  # noqa: C901 (one case for each kind)
        match target.kind:
            case TargetKind.ASSIGNED:
                said = ("primærkontakt", "the assigned carer")
            case TargetKind.BACKUP:
                said = ("reserve", "the backup")
            case TargetKind.UNIT if target.value:
                unit = self.names.unit(target.value)
                said = (f"avdeling {unit}", f"unit {unit}")
            case TargetKind.UNIT:
                said = ("avdelingen", "the unit")
            case TargetKind.HOUSE:
                said = ("hele huset", "the whole house")
            case TargetKind.COMPETENCE:
                said = _COMPETENCES[Competence[target.value.upper()]]
            case TargetKind.ROLE:
                said = _ROLES[Role(target.value)]
            case TargetKind.STAFF:
                name = self.names.staff(StaffId(target.value))
                said = (name, name)
            case TargetKind.CHANNEL if target.value == _DUTY:
                said = ("vakttelefonen", "the duty telephone")
            case TargetKind.CHANNEL:
                said = (f"kanalen «{target.value}»", f"the channel “{target.value}”")
        return said[self.n] + self.within(target)

    def within(self, target: Target) -> str:
        if target.unit is None:
            return ""
        if not target.unit:
            return (" på avdelingen", " on the unit")[self.n]
        unit = self.names.unit(target.unit)
        return (f" på avdeling {unit}", f" on unit {unit}")[self.n]

    def unanswered(self, ladder: Ladder) -> str:
        """Say the ladder with the time at which each step is reached: the worst case shows."""
        waited, steps = timedelta(0), list[str]()
        after = ("etter", "after")[self.n]
        for before, rung in pairwise((*ladder.rungs, ladder.failsafe)):
            waited += before.patience
            steps.append(
                f"{self.targets(rung)} {after} {length(waited, self.lang, short=True)}"
            )
        again = length(ladder.failsafe.patience, self.lang, short=True)
        if not steps:
            return (
                f"Svarer ingen: på nytt etter {again} til noen tar det.",
                f"If nobody answers: again after {again}, until somebody takes it.",
            )[self.n]
        if self.lang == "nb":
            return (
                f"Svarer ingen: {'; '.join(steps)}, så på nytt etter {again} til noen tar det."
            )
        rest = f"then again after {again}, until somebody takes it"
        return f"If nobody answers: {'; '.join(steps)}, {rest}."

    # --- The end ------------------------------------------------------------------------------

    def ends(self, rule: Rule) -> str:
        patient = self.patient(rule)
        if all(trigger.kind is TriggerKind.BED_EXIT for trigger in rule.triggers):
            return (
                f"Anropet avsluttes av seg selv når {patient} er tilbake i sengen.",
                f"The call ends by itself when {patient} is back in bed.",
            )[self.n]
        return (
            "Anropet avsluttes av seg selv når sensoren melder at det er over.",
            "The call ends by itself when the sensor says that it is over.",
        )[self.n]

    def line(self, rule: Rule) -> str:
        """Say the rule in a few words for a telephone, without a name."""
        kinds = [trigger.kind for trigger in rule.triggers]
        span = length(rule.delay, self.lang, short=True) if rule.delay else ""
        if kinds == [TriggerKind.BED_EXIT] and span:
            return (f"Ute av seng i {span}, ikke tilbake", f"Out of bed for {span}, not back")[
                self.n
            ]
        few = [self.short(trigger) for trigger in rule.triggers]
        match rule.combine:
            case Combine.ANY:
                said = listed(few, self.lang, ("eller", "or"))
            case Combine.ALL:
                said = listed(few, self.lang)
            case Combine.IN_ORDER:
                said = (", så ", ", then ")[self.n].join(few)
        for_ = f" {('i', 'for')[self.n]} {span}" if span else ""
        return f"{said[:1].upper()}{said[1:]}{for_}"

    def short(self, trigger: Trigger) -> str:
        place = self.place(trigger)
        at = f" {place}" if place else ""
        match trigger.kind:
            case TriggerKind.BED_EXIT:
                said = ("ute av seng", "out of bed")
            case TriggerKind.MOTION:
                said = (f"bevegelse{at}", f"movement{at}")
            case TriggerKind.DOOR_OPEN:
                door = self.door(trigger, self.n)
                said = (f"{door} er åpen", f"{door} is open")
            case TriggerKind.NO_MOTION:
                said = (f"ingen bevegelse{at}", f"no movement{at}")
            case TriggerKind.FALL:
                said = (f"mulig fall{at}", f"possible fall{at}")
            case TriggerKind.PRESENCE:
                said = (f"noen til stede{at}", f"somebody present{at}")
            case TriggerKind.PRESS:
                said = ("trykk på knappen", "button pressed")
        return said[self.n]
