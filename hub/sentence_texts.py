"""One Norwegian and one English sentence for every reason. Nothing here decides anything.

In braces stand facts of the decision as people say them: {place} «rom 204», {patient}
«Kari N.», {who} a colleague, {device}, {bridge}, {rule} the rule's own line, {count}, {until} a
local time, {heard} a local day and time, {detail}, {excuse}, {outcome}. A fact that is
absent reads as the words of `MISSING`, never as a hole.
"""

from typing import Literal

from routing.effects import Move, Reason
from routing.events import Outcome

Lang = Literal["nb", "en"]

MISSING: dict[str, tuple[str, str]] = {
    "place": ("ukjent sted", "an unknown place"),
    "patient": ("pasienten", "the patient"),
    "who": ("en kollega", "a colleague"),
    "device": ("en enhet", "a device"),
    "bridge": ("en forbindelse til enheter", "a link to devices"),
    "rule": ("en regel", "a rule"),
    "count": ("flere", "several"),
    "until": ("senere", "later"),
    "heard": ("oppstart", "the start"),
    "excuse": ("", ""),
    "outcome": ("uten oppgitt utfall", "without a stated outcome"),
    "detail": ("ukjent årsak", "unknown cause"),
}

TEXTS: dict[Reason, tuple[str, str]] = {
    Reason.HELP_PRESSED: ("Tilkalling, {place}", "Call, {place}"),
    Reason.PRESSED_AGAIN: ("Trykket {count} ganger", "Pressed {count} times"),
    Reason.THIRD_PRESS_UNANSWERED: (
        "Trykket {count} ganger uten svar: haster",
        "Pressed {count} times without an answer: urgent",
    ),
    Reason.HELP_WHILE_PRESENT: (
        "Noen er hos pasienten og trenger hjelp, {place}",
        "Somebody is with the patient and needs help, {place}",
    ),
    Reason.BATHROOM_CALL: ("Tilkalling fra {place}", "Call from {place}"),
    Reason.RULE_HELD: ("{rule}", "{rule}"),
    Reason.RULE_TRIAL: (
        "Prøve, varsler ikke. Ville kalt: {rule}",
        "Trial, rings nobody. Would have called: {rule}",
    ),
    Reason.RULE_WAITING: (
        "Venter til {until} før det eventuelt ringer: {rule}",
        "Waits until {until} before it may ring: {rule}",
    ),
    Reason.RULE_ENDED_BY_SIGNAL: (
        "Sensoren sier at det er over, og regelen lar den avslutte: {rule}",
        "The sensor says it is over, and the rule lets it close the call: {rule}",
    ),
    Reason.OUTSIDE_WINDOW: (
        "Utenfor regelens tid: {rule}",
        "Outside the hours of the rule: {rule}",
    ),
    Reason.PAUSED: ("Pause til {until}, satt av {who}", "Paused until {until} by {who}"),
    Reason.PRESENCE_COVERS: (
        "{who} er hos pasienten, så sensoren ringer ikke",
        "{who} is with the patient, so the sensor does not ring",
    ),
    Reason.PROFILE_SILENT: (
        "Oppholdet er satt uten sensorer; trykk ringer alltid",
        "The stay is set to be without sensors; a press always rings",
    ),
    Reason.NO_RULE: (
        "Ingen regel bruker dette signalet",
        "No rule uses this signal",
    ),
    Reason.UNCHANGED: ("Ingen endring siden sist", "Nothing changed since last time"),
    Reason.BASELINE: (
        "Første melding etter oppstart: bare utgangspunktet",
        "First message after a start: only the point of departure",
    ),
    Reason.DUPLICATE: ("Samme melding en gang til", "The same message once more"),
    Reason.REPLAYED: (
        "Gammelt trykk sendt på nytt, vi vet ikke om det er fulgt opp",
        "An old press sent again, we do not know whether anybody came",
    ),
    Reason.TEST_TRAFFIC: ("Testmelding, gir aldri anrop", "A test message, never a call"),
    Reason.TECHNICAL_ONLY: (
        "Bare teknisk melding fra enheten, {device}",
        "Only a technical message from the device, {device}",
    ),
    Reason.STAFF_ASKED: ("{who} ber om hjelp, {place}", "{who} asks for help, {place}"),
    Reason.EMERGENCY: ("Nødanrop fra {who}, {place}", "Emergency call from {who}, {place}"),
    Reason.ALARM_DEVICE_NOT_UNDERSTOOD: (
        "Alarmenheten {device} sendte noe vi ikke forstår: se til pasienten",
        "The alarm device {device} sent something we do not understand: look in on the patient",
    ),
    Reason.NOT_UNDERSTOOD: (
        "Meldingen ble ikke forstått og ligger i karantene",
        "The message was not understood and lies in quarantine",
    ),
    Reason.DEVICE_SILENT: (
        "Ikke hørt fra {device} siden {heard}: tilstanden er ukjent",
        "Not heard from {device} since {heard}: its state is unknown",
    ),
    Reason.BATTERY_LOW: ("Lavt batteri i {device}", "Low battery in {device}"),
    Reason.BRIDGE_LOST: (
        "Ingen forbindelse til {bridge}: enhetene bak er ukjente",
        "No connection to {bridge}: the devices behind it are unknown",
    ),
    Reason.BROKER_LOST: (
        "Ingen forbindelse til meldingstjeneren: ingen enheter når frem",
        "No connection to the message broker: no device gets through",
    ),
    Reason.MESSAGES_LOST: (
        "Trykk fra {heard} til nå kan være tapt: se innom alle",
        "Presses from {heard} until now may be lost: look in on everybody",
    ),
    Reason.STORE_LOST: (
        "Databasen svarer ikke: det ringer, men lagres ikke ennå",
        "The database does not answer: calls ring but are not recorded yet",
    ),
    Reason.CLOCK_STEPPED: (
        "Klokken på maskinen hoppet: se over tidene",
        "The machine's clock jumped: check the times",
    ),
    Reason.SHELL_FAULT: ("Teknisk feil: {detail}", "Technical fault: {detail}"),
    Reason.FAULT_OVER: ("Feilen er rettet: {detail}", "The fault is over: {detail}"),
    Reason.NO_READY_HANDSET: (
        "Ingen telefon på vakt kan ringe sikkert: bruk nødrutinen",
        "No telephone on duty is sure to ring: use the printed routine",
    ),
    Reason.COVERAGE_GAP: (
        "Hull i vakten: ingen med rett kompetanse og klar telefon kan svare herfra",
        "A gap on duty: nobody competent with a ready telephone could answer here",
    ),
    Reason.SHIFT_NOT_CHANGED: (
        "Vaktskiftet uteble: ingen på ny vakt har logget på, forrige vakt har ansvaret",
        "The change of shift did not happen: the old shift is still responsible",
    ),
    Reason.ARRIVAL_OVER: (
        "Ankomstprofilen er over etter 24 timer uten vedtak; trykk ringer alltid",
        "The arrival profile ended after 24 hours without a decision; a press always rings",
    ),
    Reason.OBJECTED: (
        "Pasienten sa nei, og regelen er stanset ({rule}). {detail}",
        "The patient said no, and the rule is stopped ({rule}). {detail}",
    ),
    Reason.DECIDED: (
        "Det er bestemt hva som skal gjelde for regelen ({rule})",
        "It is decided what holds for the rule ({rule})",
    ),
    Reason.PLACE_CHANGED: ("Hørt et annet sted", "Heard somewhere else"),
    Reason.SENSOR_STUCK: (
        "{device} har vist det samme altfor lenge: sensoren henger trolig",
        "{device} has shown the same for far too long: it is probably stuck",
    ),
    Reason.STILL_PRESENT: (
        "Er du ferdig her? Avslutt anropet, ellers åpnes det igjen",
        "Are you done here? Close the call, or it opens again",
    ),
    Reason.FORGOT_TO_CLOSE: (
        "Ikke avsluttet i tide: åpnet igjen",
        "Not closed in time: open again",
    ),
    Reason.UNASSIGNED_DEVICE: (
        "{device} hører ikke til noen: finn ut hvem som trykket",
        "{device} belongs to nobody: find out who pressed",
    ),
    Reason.LATE: (
        "Forsinket: meldingen ble liggende mens forbindelsen var borte",
        "Late: the message waited while the connection was lost",
    ),
    Reason.JOINED: ("Hører til anropet som er åpent", "Belongs to the call that is open"),
    Reason.PATIENCE_OVER: (
        "Ingen har tatt det innen fristen: sendes videre",
        "Nobody has taken it in time: passed on",
    ),
    Reason.RUNG_EMPTY: (
        "Ingen på dette trinnet kan nås: sendes videre med en gang",
        "Nobody on this step can be reached: passed on at once",
    ),
    Reason.ALL_DECLINED: (
        "Alle har svart at de ikke kan: sendes videre med en gang",
        "Everybody has said that they cannot: passed on at once",
    ),
    Reason.FAILSAFE: (
        "Fortsatt ubesvart: ringer siste trinn igjen til noen tar det",
        "Still unanswered: the last step rings again until somebody takes it",
    ),
    Reason.NOT_ARRIVED: (
        "{who} tok det, men er ikke kommet frem: åpnet igjen",
        "{who} took it but has not arrived: open again",
    ),
    Reason.NOT_COME: (
        "{who} sa de kom, men er ikke kommet frem: ringer etter flere",
        "{who} said they come but has not arrived: it rings for others",
    ),
    Reason.NO_RECEIPT: (
        "Ingen telefon har sagt at den ringer: neste får det også",
        "No telephone has said that it rings: the next people get it too",
    ),
    Reason.HANDSET_GONE: (
        "Ingen forbindelse til telefonen: sendes videre",
        "No connection to the telephone: passed on",
    ),
    Reason.OWNER_SIGNED_OUT: (
        "{who} gikk av vakt uten å avslutte: ringer igjen",
        "{who} signed out without closing: rings again",
    ),
    Reason.TAKEN: ("{who} tok den", "{who} took it"),
    Reason.TAKEN_BY_ANOTHER: ("{who} tok den først", "{who} took it first"),
    Reason.UNDONE: ("{who} angret: ringer igjen", "{who} undid it: rings again"),
    Reason.DECLINED: ("{who} kan ikke{excuse}", "{who} cannot{excuse}"),
    Reason.HANDED_OVER: ("Overført til {who}", "Handed over to {who}"),
    Reason.ARRIVED: ("{who} er hos pasienten", "{who} is with the patient"),
    Reason.LEFT: (
        "{who} gikk uten å avslutte: åpnet igjen",
        "{who} left without closing: open again",
    ),
    Reason.CLOSED: ("Avsluttet av {who}: {outcome}", "Closed by {who}: {outcome}"),
    Reason.STEPPED_OUT: (
        "{who} gikk; en kollega er fortsatt hos pasienten",
        "{who} left; a colleague is still with the patient",
    ),
    Reason.LEFT_TO_OWNER: (
        "{who} gikk; en kollega har tatt over og er på vei",
        "{who} left; a colleague has taken over and is on the way",
    ),
    Reason.UNLESS_HELD: (
        "Regelens unntak gjelder nå: {rule}",
        "The exception of the rule holds now: {rule}",
    ),
    Reason.NOT_IN_USE: (
        "{device} er ikke i bruk",
        "{device} is not in use",
    ),
    Reason.PROVEN: (
        "{device} ble prøvd, og alarmen kom fram. Det ringte ikke",
        "{device} was tried, and its alarm came through. Nobody was rung",
    ),
    Reason.NOT_PRESENT: (
        "Anropet avsluttes av den som er på stedet, {place}",
        "The call is closed by somebody at the place, {place}",
    ),
    Reason.RINGS_AGAIN: ("Ringer på nytt", "Rings again"),
    Reason.NOT_ALLOWED: (
        "Ikke mulig nå: {detail}",
        "Not possible now: {detail}",
    ),
    Reason.UNKNOWN_CALL: (
        "Anropet finnes ikke lenger her; er det åpent, ringer det på nytt",
        "The call is not known here any more; if it is open it rings again",
    ),
    Reason.ALREADY_DONE: ("Allerede gjort", "Already done"),
    Reason.ASSIGNED: ("primærkontakt", "assigned carer"),
    Reason.BACKUP: ("reserve for primærkontakten", "backup for the assigned carer"),
    Reason.ON_UNIT: ("på vakt på avdelingen", "on duty on the unit"),
    Reason.ON_DUTY: ("på vakt i huset", "on duty in the house"),
    Reason.BUSY: ("opptatt med et annet anrop", "busy with another call"),
    Reason.NOT_ON_DUTY: ("ikke på vakt", "not on duty"),
    Reason.NOT_COMPETENT: (
        "har ikke kompetansen dette anropet krever",
        "has not the competence that this call needs",
    ),
    Reason.NOT_REACHABLE: ("ingen forbindelse til telefonen", "telephone without connection"),
    Reason.STUDENT_NOT_ALONE: (
        "student, står aldri alene med et anrop",
        "a student, never alone with a call",
    ),
    Reason.DECLINED_BEFORE: ("har svart «kan ikke»", "has said «can't»"),
}

PRIORITIES: tuple[tuple[str, str], ...] = (
    ("Nødanrop", "Emergency"),
    ("Haster", "Urgent"),
    ("Viktig", "Important"),
    ("Vanlig", "Routine"),
)
"""By `Priority`, UX 4.2 and 4.9."""

MOVES: dict[Move, tuple[str, str]] = {
    Move.OPENED: ("Åpnet", "Opened"),
    Move.JOINED: ("Slått sammen", "Joined"),
    Move.PRESSED_AGAIN: ("Trykket igjen", "Pressed again"),
    Move.RAISED: ("Hevet", "Raised"),
    Move.CLIMBED: ("Sendt videre", "Passed on"),
    Move.RANG: ("Ringer", "Rings"),
    Move.SEEN: ("Sett", "Seen"),
    Move.TAKEN: ("Tatt", "Taken"),
    Move.RESPONDED: ("Flere kommer", "One more comes"),
    Move.DECLINED: ("Kan ikke", "Declined"),
    Move.NOT_COME: ("Kom ikke", "Did not come"),
    Move.HANDED_OVER: ("Overført", "Handed over"),
    Move.ARRIVED: ("Tilstede", "With patient"),
    Move.LEFT: ("Gikk", "Left"),
    Move.LEFT_TO_OWNER: ("Gikk, en kollega kommer", "Left, a colleague comes"),
    Move.REMINDED: ("Spurt om ferdig", "Asked whether done"),
    Move.STEPPED_OUT: ("Gikk ut", "Stepped out"),
    Move.REOPENED: ("Åpnet igjen", "Reopened"),
    Move.CLOSED: ("Avsluttet", "Closed"),
}
"""What happened to a call, UX 4.9."""

OUTCOMES: dict[Outcome, tuple[str, str]] = {
    Outcome.HELPED: ("hjulpet", "helped"),
    Outcome.TOILET: ("toalett", "toilet"),
    Outcome.UNREST: ("uro", "unrest"),
    Outcome.FALL: ("fall", "fall"),
    Outcome.NOT_NEEDED: ("ikke behov", "not needed"),
    Outcome.SENSOR_FAULT: ("feil på sensor", "sensor fault"),
    Outcome.FOOD_DRINK: ("mat/drikke", "food or drink"),
    Outcome.SPOKE: ("snakket med pasienten", "spoke with the patient"),
    Outcome.OTHER: ("annet", "other"),
}
"""What happened, UX H4 and 4.9."""

EXCUSES: dict[str, tuple[str, str]] = {
    "busy": (": opptatt hos pasient", ": busy with a patient"),
    "break": (": pause", ": on a break"),
    "other_unit": (": ikke sin avdeling", ": not their unit"),
    "none": ("", ""),
}
"""Why somebody said «Kan ikke», UX H5."""

DECIDES: dict[str, tuple[str, str]] = {
    "consent": (
        "Samtykket er trukket. Primærkontakt avtaler med pasienten hva som skal gjelde",
        "Consent is withdrawn. The assigned carer agrees with the patient what is to hold",
    ),
    "decision_4_6a": (
        "Pasienten motsetter seg: faglig ansvarlig må vurdere vedtak etter kapittel 4 A",
        "The patient objects: who is professionally responsible considers chapter 4 A",
    ),
    "chapter_4a": (
        "Faglig ansvarlig for vedtaket etter kapittel 4 A avgjør om det opprettholdes",
        "Who is responsible for the chapter 4 A decision decides whether it stands",
    ),
    "staff_only": ("Leder for avdelingen avgjør", "The leader of the unit decides"),
}
"""Who decides after an objection (DOMAIN section 5), by the basis that the rule had."""

DETAILS: dict[str, tuple[str, str]] = {
    **DECIDES,
    "device_silent": ("enheten er stille", "the device is silent"),
    "device_offline": ("enheten er frakoblet", "the device is disconnected"),
    "bridge_lost": ("ingen forbindelse til enhetene", "no connection to the devices"),
    "battery_low": ("lavt batteri", "low battery"),
    "not_understood": ("melding ikke forstått", "message not understood"),
    "broker_lost": ("meldingstjeneren svarer ikke", "the message broker does not answer"),
    "messages_lost": (
        "meldinger kan være tapt mens meldingstjeneren var borte",
        "messages may be lost while the message broker was away",
    ),
    "store_unrecorded": ("databasen svarer ikke", "the database does not answer"),
    "spool_lost": ("ingenting kan lagres", "nothing can be stored"),
    "clock_stepped": ("klokken hoppet", "the clock jumped"),
    "coverage_gap": ("vakten er dekket igjen", "duty is covered again"),
    "shift_not_changed": ("ny vakt er på plass", "the new shift is there"),
    "sensor_stuck": ("sensoren henger", "the sensor is stuck"),
    "alarm_stays_on": ("alarmen står på", "the alarm stays on"),
    "timer_failed": ("huben traff en egen feil", "the hub met a fault of its own"),
    "no_ready_handset": ("ingen telefon kan ringe", "no telephone can ring"),
    "unknown person": ("ukjent person", "unknown person"),
    "a pause needs a reason": ("en pause må ha en grunn", "a pause needs a reason"),
    "a pause ends within 24 hours": (
        "en pause varer høyst 24 timer",
        "a pause ends within 24 hours",
    ),
}
"""Codes of faults and refusals that routing uses; an unknown one is shown as it is."""

SHELL_FAULTS: dict[str, str] = {
    "alarm_at_qos0": "en alarm sender uten kvittering (QoS 0), så et trykk kan gå tapt når "
    "nettet svikter: sett QoS 1 i broen",
    "alarm_name_unusable": "en alarm har et navn som ikke kan leses for seg: gi den et annet "
    "navn i broen",
    "alarm_not_read": "en melding fra en alarm kunne ikke leses, og den kan ha vært et trykk: "
    "se til dem som bærer en slik",
    "bridge_flood": "en bro sender langt mer enn den skal: ukjente avsendere leses ikke, "
    "innmeldte enheter leses",
    "bridge_part_silent": "en del av en bro er frakoblet: se etter strøm og nett",
    "broker_refused": "meldingstjeneren avviser huben: se brukernavn, passord og rettigheter",
    "channel_failed": "en reservekanal virker ikke: prøv den med `bjelle channel test`",
    "deadline_stuck": "huben traff en egen feil",
    "lane_behind": "huben er ikke ferdig med det som ventet hos meldingstjeneren",
    "lanes_unwritten": "huben kan ikke skrive ned hvor langt den har lest: gjør plass på "
    "disken, ellers kan gamle trykk ringe igjen etter en omstart",
    "performer": "huben traff en egen feil",
    "qos0_dropped": "meldinger uten kvittering (QoS 0) kom raskere enn de kunne leses, og noen "
    "er tapt: la broene sende med QoS 1",
    "spool_damaged": "det som ble skrevet ned mens databasen var borte, er skadet",
    "step_failed": "huben traff en egen feil: hendelsen er tatt vare på, og alle ble ringt",
}
"""Faults that the shell tells about, in Norwegian, by code without what follows a `:`; English
has the fault's own words, which also say which and how many."""
