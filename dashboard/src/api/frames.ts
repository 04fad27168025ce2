// Made by scripts/frames.mjs from frames.schema.json: do not edit.
export const PROTOCOL = 1;

/** What a telephone can do with a call, or without one (help, a patient's pause). */
export type Action =
  | "arrive"
  | "assist"
  | "close"
  | "decline"
  | "emergency"
  | "hand_over"
  | "leave"
  | "pause"
  | "resume"
  | "take"
  | "undo";

/** The main thread's answer to a heartbeat: what this telephone can do now. */
export interface Alive {
  audio: boolean;
  battery?: number | null;
  beat?: number;
  charging?: boolean | null;
  n: number;
  outbox?: number;
  painted_ms: number;
  ringing?: readonly string[];
  t: "alive";
  version?: string;
  visible: boolean;
  wake_lock: boolean;
}

/** What became of one operation, after it is durable; the same for a repeated one. */
export interface Answer {
  by: Person | null;
  call: string | null;
  ok: boolean;
  op: string;
  reason: string;
  recorded: boolean;
  t: "answer";
  text: string;
}

/** The hub ends this connection. */
export interface Bye {
  reason: ByeReason;
  t: "bye";
  text: string;
}

/** Why the hub ends the connection; only the first two are not followed by a reconnect. */
export type ByeReason =
  | "expired"
  | "reload"
  | "replaced"
  | "signed_out"
  | "slow"
  | "stopping"
  | "unreadable";

/** One card is new or different. `ring`: start sounding now (again). */
export interface CallChanged {
  card: Card;
  n: number;
  ring: boolean;
  t: "call";
}

/** Where a call stands. Priority is colour; this is position and word (UX finding 4). */
export type CallState =
  | "closed"
  | "present"
  | "ringing"
  | "taken";

/** What kind of help is asked for; DOMAIN section 7's default table has one row for each. */
export type CallType =
  | "assist"
  | "bathroom"
  | "bed_exit"
  | "door"
  | "emergency"
  | "fall_confirmed"
  | "fall_suspected"
  | "inactivity"
  | "information"
  | "motion"
  | "patient"
  | "technical"
  | "wander";

/** One call as one telephone shows it; `can` lists exactly the buttons to offer. */
export interface Card {
  also_ringing: readonly string[];
  arrive_by: string | null;
  can: readonly Action[];
  id: string;
  isolation: string;
  late: boolean;
  mine: boolean;
  note: string;
  offered: boolean;
  opened_at: string;
  owner: Person | null;
  patient: string | null;
  place: Place | null;
  practice: boolean;
  present: readonly Person[];
  present_at: string | null;
  pressed: number;
  priority: number;
  quiet: boolean;
  reason: Reason;
  reopened: number;
  ring: number;
  ringing_since: string | null;
  room: RoomFace | null;
  rung: number;
  state: CallState;
  taken_at: string | null;
  type: CallType;
  why: string;
}

/** Somebody else on duty: what they do, where (room number), how their telephone is. */
export interface Colleague {
  competence: Competence;
  doing: Doing;
  handset: HandsetState;
  id: string;
  name: string;
  room: string | null;
}

/** Who else is on duty, whole list. */
export interface Colleagues {
  colleagues: readonly Colleague[];
  n: number;
  t: "colleagues";
}

/** Ordered: who covers a level covers those below. A student never carries a call alone. */
export type Competence =
  | 0
  | 1
  | 2
  | 3;

/** What a colleague does now, as their telephone and calls tell (UX H1). */
export type Doing =
  | "free"
  | "no_contact"
  | "on_the_way"
  | "signed_off"
  | "with_patient";

export type FromHub =
  | Snapshot
  | CallChanged
  | Gone
  | Colleagues
  | Heartbeat
  | Answer
  | Bye;

export type FromPage =
  | Hello
  | Alive
  | Receipt
  | Op;

/** One card is to be taken away, and why: «Per tok den». */
export interface Gone {
  by: Person | null;
  call: string;
  n: number;
  reason: GoneReason;
  t: "gone";
  text: string;
}

/** Why a card leaves this telephone. */
export type GoneReason =
  | "closed"
  | "declined"
  | "moved_on"
  | "taken_by_another";

/** What a telephone can do now: klar, begrenset, stille, borte, logget av (UX 2.2). */
export type HandsetState =
  | "gone"
  | "limited"
  | "quiet"
  | "ready"
  | "signed_off";

/** Every 2 s. The page's main thread answers each at once with `alive`. */
export interface Heartbeat {
  ask: Question | null;
  beat: number;
  broker_up: boolean;
  hash: string;
  n: number;
  now: string;
  reasons: readonly string[];
  state: HandsetState;
  store: StoreState;
  t: "heartbeat";
  version: string;
}

/** First frame, and again whenever the page wants a fresh snapshot. */
export interface Hello {
  lang?: "en" | "nb";
  page?: string;
  resume?: number | null;
  t: "hello";
  v: number;
}

/** Who is signed in on this telephone. */
export interface Me {
  competence: Competence;
  id: string;
  name: string;
  role: Role;
  units: readonly string[];
}

/** A tap. The same `op` sent twice counts once and gets the same answer. */
export interface Op {
  action: Action;
  at?: string | null;
  call?: string | null;
  minutes?: number | null;
  op: string;
  outcome?: Outcome | null;
  patient?: string | null;
  reason?: string | null;
  room?: string | null;
  rule?: string | null;
  seq?: number;
  t: "op";
  to?: string | null;
}

/** What happened, in one tap (UX H4). */
export type Outcome =
  | "fall"
  | "food_drink"
  | "helped"
  | "not_needed"
  | "other"
  | "sensor_fault"
  | "spoke"
  | "toilet"
  | "unrest";

/** A member of staff: id, and the name that colleagues call them by. */
export interface Person {
  id: string;
  name: string;
}

/** Where the patient was last heard, and when: age is shown, unknown is said (UX H2). */
export interface Place {
  certain_until: string | null;
  elsewhere: boolean;
  known_until: string | null;
  look: readonly string[];
  room: string | null;
  seen_at: string | null;
}

/** What the hub asks the person; nothing happens without their tap. */
export type Question =
  | "sign_out";

/** Why something was decided; `hub.sentences` has one nb and one en sentence for each. */
export type Reason =
  | "alarm_device_not_understood"
  | "all_declined"
  | "already_done"
  | "arrival_over"
  | "arrived"
  | "assigned"
  | "backup"
  | "baseline"
  | "bathroom_call"
  | "battery_low"
  | "bridge_lost"
  | "broker_lost"
  | "busy"
  | "clock_stepped"
  | "closed"
  | "coverage_gap"
  | "decided"
  | "declined"
  | "declined_before"
  | "device_silent"
  | "duplicate"
  | "emergency"
  | "failsafe"
  | "fault_over"
  | "forgot_to_close"
  | "handed_over"
  | "handset_gone"
  | "help_pressed"
  | "help_while_present"
  | "joined"
  | "late"
  | "left"
  | "left_to_owner"
  | "messages_lost"
  | "no_ready_handset"
  | "no_receipt"
  | "no_rule"
  | "not_allowed"
  | "not_arrived"
  | "not_come"
  | "not_competent"
  | "not_in_use"
  | "not_on_duty"
  | "not_present"
  | "not_reachable"
  | "not_understood"
  | "objected"
  | "on_duty"
  | "on_unit"
  | "outside_window"
  | "owner_signed_out"
  | "patience_over"
  | "paused"
  | "place_changed"
  | "presence_covers"
  | "pressed_again"
  | "profile_silent"
  | "proven"
  | "replayed"
  | "rings_again"
  | "rule_ended_by_signal"
  | "rule_held"
  | "rule_trial"
  | "rule_waiting"
  | "rung_empty"
  | "sensor_stuck"
  | "shell_fault"
  | "shift_not_changed"
  | "staff_asked"
  | "stepped_out"
  | "still_present"
  | "store_lost"
  | "student_not_alone"
  | "taken"
  | "taken_by_another"
  | "technical_only"
  | "test_traffic"
  | "third_press_unanswered"
  | "unassigned_device"
  | "unchanged"
  | "undone"
  | "unknown_call"
  | "unless_held";

/** How far a ring came: `received` at once, `ringing` when it sounds, `seen` when seen. */
export interface Receipt {
  call: string;
  kind: "received" | "ringing" | "seen";
  ring?: number;
  t: "receipt";
}

/** What an account may do (least rights); what a person can do is `Competence`. */
export type Role =
  | "carer"
  | "leader"
  | "nurse"
  | "student"
  | "technician";

/** Where help is needed: `number` is what stands on the door. */
export interface RoomFace {
  floor: string;
  id: string;
  number: string;
  unit: string;
}

/** Everything this page shows; replaces whatever it showed before. */
export interface Snapshot {
  broker_up: boolean;
  calls: readonly Card[];
  colleagues: readonly Colleague[];
  handset: Telephone;
  hash: string;
  me: Me;
  n: number;
  now: string;
  store: StoreState;
  t: "snapshot";
  version: string;
}

/** Whether the journal can be written. */
export type StoreState =
  | "recorded"
  | "spool_lost"
  | "unrecorded";

/** The telephone itself, and what the hub judges it able to do (klar, begrenset, ...). */
export interface Telephone {
  id: string;
  name: string;
  reasons: readonly string[];
  state: HandsetState;
}
