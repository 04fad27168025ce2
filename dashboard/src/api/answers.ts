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

export interface Group {
  key: string;
  name: string;
  calls: number;
  small: boolean;
  response: Waits;
  arrival: Waits;
  open: number;
  share_within: number | null;
}

export interface Figures {
  since: string;
  until: string;
  whole: Group;
  groups: readonly Group[];
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
