// Answers of the HTTP API that the pages read (hub/api/calls.py, hub/quality.py, hub/api/status.py).
import type { CallState, CallType, Doing, HandsetState, Reason, StoreState } from "./frames";

export interface Me {
  house: string;
  house_name: string;
  staff: string;
  name: string;
  role: "carer" | "student" | "nurse" | "technician" | "leader";
  handset: string | null;
  expires_at: string;
}

/** One sensor rule as the ward list tells it (hub/api/patients.py). */
export interface PatientRule {
  id: string;
  state: string;
  sentence: string;
  paused_until: string | null;
}

/** Where somebody was last heard (hub/api/patients.py); it grows old by its two limits. */
export interface PatientPlace {
  room: string | null;
  seen_at: string | null;
  certain_until: string | null;
  known_until: string | null;
  look: readonly string[];
}

/** Somebody who stays in the units of this person now. */
export interface Patient {
  id: string;
  name: string;
  room: string;
  isolation: string;
  /** Null where it may not be known: no legal basis, and no open call. */
  place: PatientPlace | null;
  rules: readonly PatientRule[];
}

export interface Patients {
  patients: readonly Patient[];
}

export interface BoardCall {
  id: string;
  type: CallType;
  priority: number;
  state: CallState;
  room: string | null;
  why: string;
  reason: Reason;
  practice: boolean;
  late: boolean;
  opened_at: string;
  pressed: number;
  owner: string | null;
  taken_at: string | null;
  present: readonly string[];
}

export interface BoardPerson {
  name: string;
  doing: Doing;
  handset: HandsetState;
  room: string | null;
}

export interface Board {
  now: string;
  house: string;
  calls: readonly BoardCall[];
  staff: readonly BoardPerson[];
  store: StoreState;
  broker_up: boolean;
}

export interface CallTimes {
  id: string;
  type: CallType;
  priority: number;
  state: CallState;
  unit: string | null;
  room: string | null;
  patient: string | null;
  practice: boolean;
  registered_at: string;
  delivered_at: string | null;
  taken_at: string | null;
  present_at: string | null;
  closed_at: string | null;
  outcome: string | null;
  owner: { id: string; name: string } | null;
}

export interface CallsPage {
  calls: readonly CallTimes[];
  next: string | null;
}

export interface Waits {
  happened: number;
  open: number;
  median_s: number | null;
  p90_s: number | null;
}

/** A group in as long a time before, and whether the difference is more than chance. */
export interface Before {
  calls: number;
  share_within: number | null;
  median_s: number | null;
  verdict: "better" | "worse" | "chance" | "few";
}

export interface Group {
  key: string;
  name: string;
  calls: number;
  small: boolean;
  response: Waits;
  arrival: Waits;
  open: number;
  share_within: number | null;
  /** Where it was asked for. */
  before?: Before;
}

/** Natural limits of the days' median response (hub/process_chart.py). */
export interface ProcessChart {
  days: readonly string[];
  values_s: readonly number[];
  centre_s: number;
  lower_s: number | null;
  upper_s: number | null;
  outside: readonly string[];
  shifted: readonly string[];
}

export interface Figures {
  since: string;
  until: string;
  whole: Group;
  groups: readonly Group[];
  chart: ProcessChart | null;
}

export interface Quarantined {
  signal: string;
  at: string;
  topic: string;
  why: string;
  device: string | null;
  bytes: number;
  excerpt: string;
}

export interface Quarantine {
  messages: readonly Quarantined[];
}

/** One thing that happened to a call, with the hub's own reason as a sentence. */
export interface Told {
  at: string;
  move: string;
  reason: string;
  text: string;
  staff: { id: string; name: string } | null;
  handset: string | null;
}

export interface Story {
  call: CallTimes;
  story: readonly Told[];
}

export interface Sentences {
  nb: string;
  en: string;
}

/** A rule's fields as the house file writes them (hub/house_file.py, RulePart). */
export interface RuleFields {
  patient: string;
  need: string;
  triggers: readonly { kind: string; [more: string]: unknown }[];
  call_type: string;
  state: string;
  window?: { since: string; until: string; [more: string]: unknown } | null;
  delay?: string;
  priority?: string | null;
  ends_by_itself?: boolean;
  text?: string;
  basis?: string | null;
  basis_reference?: string;
  least_intrusive?: string;
  decided_by?: string;
  review_by?: string | null;
  [more: string]: unknown;
}

export interface Rule {
  id: string;
  version: number;
  patient: string;
  patient_name: string;
  state: string;
  sentences: Sentences;
  basis: Sentences;
  review_by: string | null;
  review_overdue: boolean;
  paused_until: string | null;
  problems: readonly string[];
  fields: RuleFields;
}

export interface Rules {
  rules: readonly Rule[];
}

export interface Preview {
  sentences: Sentences;
  basis: Sentences;
  problems: readonly string[];
  problem_codes: readonly string[];
}

export interface Objected {
  rule: Rule;
  decides: Sentences;
  decided_by: string;
}

export interface Rehearsed {
  sentence: string;
  summary: string;
  since: string;
  until: string;
  /** Oldest first, by the house's clock; the last one may not be over. */
  nights: readonly { night: string; calls: number; known: boolean }[];
  cannot_be_reconstructed: readonly { since: string; until: string; text: string }[];
}

export interface Review {
  kind: string;
  patient: string;
  room: string;
  due: string;
  overdue: boolean;
  rule: string | null;
  sentence: string;
}

export interface Reviews {
  reviews: readonly Review[];
}

export interface DeviceRow {
  id: string;
  model: string;
  life: string;
  trouble: readonly string[];
  last_heard: string | null;
  expected_every_s: number | null;
  battery_percent: number | null;
  proven_at: string | null;
  proving_until: string | null;
  worn: { purpose: string; patient: string | null; room: string | null } | null;
}

export interface Devices {
  now: string;
  devices: readonly DeviceRow[];
}

export interface Status {
  now: string;
  version: string;
  plan_version: number;
  broker: boolean;
  store: StoreState;
  handsets: readonly {
    id: string;
    name: string;
    state: HandsetState;
    reasons: readonly string[];
    staff_name: string | null;
    since: string | null;
  }[];
  bridges: readonly {
    id: string;
    ecosystem: string;
    online: boolean | null;
    last_heard: string | null;
  }[];
  never_heard: number;
  channels: readonly {
    name: string;
    kind: string;
    configured: boolean;
    last_proof: string | null;
    overdue: boolean;
    failing: string;
  }[];
}

export interface Gap {
  unit: string;
  room: string;
  bed: string;
  call_type: string;
  occupied: boolean;
  missing: "receiver" | "failsafe";
  reason: string;
  text: string;
}

export interface Coverage {
  at: string;
  beds: number;
  gaps: readonly Gap[];
}

/** A corridor screen's key (hub/api/boards.py). */
export interface BoardKey {
  id: string;
  name: string;
  looked_at: string | null;
}

export interface BoardMade extends BoardKey {
  link: string;
  picture: string;
}

export interface Colleague {
  id: string;
  name: string;
}

export const OFFERS = ["not_offered", "offered", "accepted", "declined", "returned"] as const;
export type Offer = (typeof OFFERS)[number];
export const PROFILES = ["arrival", "ordinary", "family_present", "end_of_life", "out"] as const;
export type Profile = (typeof PROFILES)[number];

/** A stay as it is lived now (hub/api/ward.py). */
export interface StayRow {
  patient: string;
  name: string;
  unit: string;
  unit_name: string;
  room: string;
  bed: string;
  since: string;
  offer: Offer;
  profile: Profile;
  goal: string;
  note: string;
  isolation: string;
  assigned: readonly Colleague[];
  backup: readonly Colleague[];
  practice_until: string | null;
  devices: readonly { id: string; purpose: string }[];
  rules: number;
}

export interface Ward {
  now: string;
  stays: readonly StayRow[];
  free_beds: readonly { bed: string; room: string; unit: string; unit_name: string }[];
  carers: readonly Colleague[];
  left: readonly {
    patient: string;
    name: string;
    room: string;
    until: string;
    to_return: readonly string[];
  }[];
}

export interface DischargeAnswer {
  rules_ended: readonly string[];
  to_return: readonly string[];
}

/** A rule beside the template that it names (hub/api/templates.py). */
export interface RuleOfTemplate {
  rule: string;
  patient: string;
  patient_name: string;
  state: string;
  version: number;
  follows: "follows" | "deviates" | "older" | "missing";
  differs: readonly { field: string; template: unknown; rule: unknown }[];
  reason: string;
}

export interface TemplateRow {
  id: string;
  version: number;
  title: string;
  routine: string;
  fields: Record<string, unknown>;
  newest: number;
  otherwise: boolean;
  rules: readonly RuleOfTemplate[];
}

export interface Templates {
  templates: readonly TemplateRow[];
  missing: readonly RuleOfTemplate[];
  untied: number;
}

/** Who is at work, and who should be (hub/api/shifts.py). */
export interface Shifts {
  now: string;
  on_duty: readonly {
    staff: string;
    name: string;
    role: Me["role"] | null;
    competence: number | null;
    units: readonly string[];
    handset: string;
    handset_name: string;
    state: HandsetState;
    reasons: readonly string[];
    signed_in: string | null;
    doing: Doing;
    room: string | null;
  }[];
  off_duty: readonly {
    staff: string;
    name: string;
    role: Me["role"];
    competence: number;
    units: readonly string[];
  }[];
  phones_free: readonly string[];
  units: readonly {
    unit: string;
    name: string;
    signed_in: number;
    ready: number;
    nurses: number;
  }[];
  shifts: readonly {
    id: string;
    since: string;
    until: string;
    weekdays: readonly number[];
    units: readonly string[];
    grace_s: number;
    began: string | null;
    next: string | null;
  }[];
  missed: readonly {
    unit: string;
    name: string;
    shift: string;
    since: string | null;
    call: string;
  }[];
}
