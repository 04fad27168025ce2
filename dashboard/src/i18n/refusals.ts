// What the hub's «no» means, by its stable code (hub/api/problems.py), in the page's language.
// A code that is not here is told in the hub's own English.
import { clock } from "../core/age";

export interface Refusal {
  code: string;
  params: Readonly<Record<string, string>>;
}

type Say = string | ((params: Refusal["params"]) => string);

const wait = (seconds: string | undefined, second: string) =>
  Number(seconds) > 90 ? `${Math.ceil(Number(seconds) / 60)} min` : `${seconds ?? "?"} ${second}`;

const nb: Record<string, Say> = {
  "not-signed-in": "Du er ikke logget på lenger. Logg på igjen.",
  "not-enrolled": "Denne telefonen er ikke koblet til. Be teknisk ansvarlig om en kode.",
  "role-not-allowed": "Rollen din gir ikke tilgang til dette. Spør leder.",
  "wrong-password": "Feil brukernavn eller passord.",
  "wrong-pin": "Feil PIN. Fem feil låser deg ute på denne telefonen.",
  locked: ({ seconds }) => `Låst etter for mange feil. Prøv igjen om ${wait(seconds, "sekunder")}.`,
  "too-many-tries": ({ seconds }) => `For mange forsøk. Vent ${wait(seconds, "sekunder")}.`,
  "code-refused": "Koden er ukjent, brukt eller utløpt. Be om en ny.",
  "key-refused": "Nøkkelen er ukjent eller trukket tilbake. Be om en ny.",
  "store-away": "Huben kan ikke lagre nå. Anrop ringer som før. Prøv igjen om litt.",
  stopping: "Huben stanser nå. Prøv igjen når den er tilbake.",
  busy: "Andre endrer noe akkurat nå. Ingenting er endret. Send en gang til.",
  invalid: "Noe er ikke fylt ut som ventet.",
  "period-too-long": "Perioden er for lang: høyst 400 døgn.",
  "no-such-patient": "Pasienten er ikke i dine avdelinger, eller er skrevet ut.",
  "no-such-rule": "Regelen finnes ikke lenger, eller er ikke i dine avdelinger.",
  "no-such-telephone": ({ id }) => `Telefonen ${id} finnes ikke i huset.`,
  "no-such-device": "Enheten finnes ikke lenger. Se i listen over enheter.",
  "no-such-unit": "Avdelingen finnes ikke i huset.",
  "no-such-board": "Tavlen finnes ikke lenger.",
  "rule-exists": ({ id }) => `Det finnes alt en regel som heter ${id}.`,
  "rule-refused": "Regelen er ikke endret. Se på feltene som er merket.",
  "rule-no-basis": "Grunnlag mangler: skriv samtykke eller vedtak først.",
  "rule-no-review-date": "Dato for evaluering mangler. 4 uker er vanlig, 12 det lengste.",
  "rule-no-trigger": "Regelen lytter ikke etter noe. Velg hva som skal merkes.",
  "rule-deviates": "Regelen avviker fra malen. Skriv hvorfor pasienten trenger det slik.",
  "rule-decide-anew":
    "Pasienten sa nei, eller regelen er avsluttet. Skriv det nye vedtaket eller samtykket her.",
  "field-window": "Skriv klokkeslett som 22:00.",
  "field-delay": "Skriv minutter, fra 0 til 720.",
  "field-review_by": "Velg en dato, høyst 12 uker frem.",
  "field-patient": "Velg en pasient som bor her.",
  "field-need": "Skriv noen få setninger, uten navn.",
  "field-text": "Skriv en kort linje, uten navn.",
  "if-match-missing": "Siden vet ikke hvilken versjon den endrer. Last den på nytt.",
  "changed-meanwhile": ({ by, at }) =>
    `${by || "En husfil"} endret den${at ? ` kl. ${clock(at)}` : ""} mens du skrev.`,
  "pause-refused": "Pausen ble ikke satt. Den må ha en grunn og slutte innen 24 timer.",
  "not-rehearsed": "Nettene kunne ikke regnes ut nå. Prøv igjen om litt.",
  "stay-not-here": "Pasienten bor ikke her lenger.",
  "stay-practice-too-long": "En øvelse varer høyst fire timer.",
  "stay-no-such-staff": "Den du valgte, er ikke ansatt her lenger.",
  "stay-no-such-bed": ({ bed }) => `Sengen ${bed} finnes ikke i huset.`,
  "stay-own-bed": "Det er pasientens egen seng.",
  "stay-bed-taken": ({ bed }) => `Sengen ${bed} er opptatt. Velg en som er ledig.`,
  "stay-not-offered": "Skriv først at armbåndet er tilbudt, så svaret.",
  "stay-names-somebody": ({ word }) =>
    `«${word}» er et navn. Planen og journalen har ingen navn: skriv «pasienten».`,
};

const en: Record<string, Say> = {
  "not-signed-in": "You are not signed in any more. Sign in again.",
  "not-enrolled": "This phone is not enrolled. Ask a technician for a code.",
  "role-not-allowed": "Your role has no access to this. Ask a leader.",
  "wrong-password": "Wrong login or password.",
  "wrong-pin": "Wrong PIN. Five wrong ones lock you out on this phone.",
  locked: ({ seconds }) => `Locked after too many mistakes. Try again in ${wait(seconds, "s")}.`,
  "too-many-tries": ({ seconds }) => `Too many tries. Wait ${wait(seconds, "s")}.`,
  "code-refused": "The code is unknown, used or too old. Ask for a new one.",
  "key-refused": "The key is unknown or was taken back. Ask for a new one.",
  "store-away": "The hub cannot store now. Calls ring as before. Try again in a moment.",
  stopping: "The hub is stopping. Try again when it is back.",
  busy: "Others are changing something just now. Nothing was changed. Send it again.",
  invalid: "Something is not filled in as expected.",
  "period-too-long": "The period is too long: at most 400 days.",
  "no-such-patient": "The patient is not in your wards, or was discharged.",
  "no-such-rule": "The rule is gone, or not in your wards.",
  "no-such-telephone": ({ id }) => `There is no phone ${id} in the house.`,
  "no-such-device": "The device is gone. See the list of devices.",
  "no-such-unit": "There is no such ward in the house.",
  "no-such-board": "The board is gone.",
  "rule-exists": ({ id }) => `There is a rule called ${id} already.`,
  "rule-refused": "The rule is not changed. Look at the fields that are marked.",
  "rule-no-basis": "No legal basis: record consent or decision first.",
  "rule-no-review-date": "No review date. 4 weeks is usual, 12 the longest.",
  "rule-no-trigger": "The rule listens for nothing. Choose what should be noticed.",
  "rule-deviates": "The rule differs from its template. Write why the patient needs it so.",
  "rule-decide-anew":
    "The patient said no, or the rule was ended. Write the new decision or consent here.",
  "field-window": "Write times like 22:00.",
  "field-delay": "Write minutes, from 0 to 720.",
  "field-review_by": "Choose a date, at most 12 weeks ahead.",
  "field-patient": "Choose a patient who stays here.",
  "field-need": "Write a few sentences, without names.",
  "field-text": "Write a short line, without names.",
  "if-match-missing": "The page does not know which version it changes. Reload it.",
  "changed-meanwhile": ({ by, at }) =>
    `${by || "A house file"} changed it${at ? ` at ${clock(at)}` : ""} while you wrote.`,
  "pause-refused": "The pause was not set. It needs a reason and an end within 24 hours.",
  "not-rehearsed": "The nights could not be worked out now. Try again in a moment.",
  "stay-not-here": "The patient does not stay here any more.",
  "stay-practice-too-long": "Practice lasts four hours at most.",
  "stay-no-such-staff": "The one you chose does not work here any more.",
  "stay-no-such-bed": ({ bed }) => `There is no bed ${bed} in the house.`,
  "stay-own-bed": "That is the patient's own bed.",
  "stay-bed-taken": ({ bed }) => `Bed ${bed} is taken. Choose a free one.`,
  "stay-not-offered": "Record first that the wristband was offered, then the answer.",
  "stay-names-somebody": ({ word }) =>
    `“${word}” is a name. Plan and journal hold no names: write “the patient”.`,
};

/** Return a refusal in the page's language, null where its code has no words here. */
export function wordsOfRefusal({ code, params }: Refusal): string | null {
  const say = (document.documentElement.lang === "en" ? en : nb)[code];
  if (say === undefined) return null;
  return typeof say === "string" ? say : say(params);
}

export const REFUSALS = { nb, en };
