// What the page shows is a pure function of one snapshot and the numbered changes after it.
import type {
  Answer,
  Card,
  Colleague,
  FromHub,
  Gone,
  Me,
  Person,
  Question,
  StoreState,
  Telephone,
} from "../api/frames";
import { hasExpired } from "./age";

export interface Shown {
  /** Number of the last frame applied. */
  n: number;
  /** A frame is missing, or the fingerprint differs twice: ask for a new snapshot. */
  stale: boolean;
  /** Heartbeats running in which the hub's fingerprint differed from ours. */
  differed: number;
  /** Hub's clock minus this telephone's, in ms: ages are counted by the hub. */
  ahead: number;
  me: Me;
  handset: Telephone;
  colleagues: readonly Colleague[];
  calls: readonly Card[];
  store: StoreState;
  brokerUp: boolean;
  /** What the hub asks the person, until it does not any more. */
  ask: Question | null;
  version: string;
  /** What the hub says its own cards for us add up to. */
  hash: string;
}

/** A sentence that is shown for a while: who took it, what was not stored. */
export interface Notice {
  id: string;
  at: number;
  kind: "info" | "bad";
  what:
    | { is: "gone"; reason: string; by: Person | null; text: string; room: string | null }
    | { is: "refused"; text: string; by: Person | null }
    | { is: "unrecorded" }
    | { is: "too_old" };
}

// A fault of the equipment never stands in front of a person who calls.
const TECHNICAL_LAST = 10;

const rank = (card: Card): [number, number, string] => [
  card.ring > 0 ? 0 : card.mine ? 1 : 2,
  card.priority + (card.type === "technical" ? TECHNICAL_LAST : 0),
  card.opened_at,
];

/** Order for the page: what rings here first, then mine; people before faults, by priority, age. */
export function inOrder(cards: readonly Card[]): readonly Card[] {
  return cards.toSorted((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2].localeCompare(y[2]);
  });
}

/** Whether I am at the place of this call. */
export const isHere = (card: Card, me: string) => card.present.some(({ id }) => id === me);

/** Calls that ask for my screen: those that ring here, are offered, are mine, or where I am. */
export function asksForScreen(card: Card, me: string): boolean {
  return card.ring > 0 || card.offered || card.mine || isHere(card, me);
}

/** How often it was pressed, where the reason's own sentence does not say so already; else 0. */
export function pressesToSay(call: Pick<Card, "pressed" | "reason">): number {
  const said = call.reason === "pressed_again" || call.reason === "third_press_unanswered";
  return call.pressed > 1 && !said ? call.pressed : 0;
}

/** The text whose fingerprint the hub compares with (hub/api/frames.py, `fingerprint`). */
export function fingerprintText(cards: readonly Card[]): string {
  return cards
    .map((card) => `${card.id}:${card.state}:${card.ring}`)
    .toSorted()
    .join(",");
}

/** Return `hash` of our own cards, or null where the browser has no digest (plain http). */
export async function fingerprint(cards: readonly Card[]): Promise<string | null> {
  if (!globalThis.crypto?.subtle) return null;
  const bytes = new TextEncoder().encode(fingerprintText(cards));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.slice(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Apply one frame. Before the first snapshot there is nothing to change: null stays null. */
export function apply(shown: Shown | null, frame: FromHub, wall: number): Shown | null {
  if (frame.t === "snapshot") {
    return {
      n: frame.n,
      stale: false,
      differed: 0,
      ahead: Date.parse(frame.now) - wall,
      me: frame.me,
      handset: frame.handset,
      colleagues: frame.colleagues,
      calls: inOrder(frame.calls),
      store: frame.store,
      brokerUp: frame.broker_up,
      ask: null,
      version: frame.version,
      hash: frame.hash,
    };
  }
  if (!shown) return null;
  switch (frame.t) {
    case "heartbeat":
      return {
        ...shown,
        stale: shown.stale || frame.n > shown.n,
        ahead: Date.parse(frame.now) - wall,
        handset: { ...shown.handset, state: frame.state, reasons: frame.reasons },
        store: frame.store,
        brokerUp: frame.broker_up,
        ask: frame.ask ?? null,
        version: frame.version,
        hash: frame.hash,
      };
    case "call":
      return numbered(shown, frame.n, {
        calls: inOrder([...shown.calls.filter(({ id }) => id !== frame.card.id), frame.card]),
      });
    case "gone":
      return numbered(shown, frame.n, { calls: shown.calls.filter(({ id }) => id !== frame.call) });
    case "colleagues":
      return numbered(shown, frame.n, { colleagues: frame.colleagues });
    case "answer":
    case "bye":
      return shown;
  }
}

function numbered(shown: Shown, n: number, change: Partial<Shown>): Shown {
  return { ...shown, ...change, n, stale: shown.stale || n !== shown.n + 1 };
}

/** Count heartbeats in which our own cards differ from the hub's; two running make us stale. */
export function compared(shown: Shown, own: string | null): Shown {
  if (own === null || own === shown.hash) return shown.differed ? { ...shown, differed: 0 } : shown;
  const differed = shown.differed + 1;
  return { ...shown, differed, stale: shown.stale || differed >= 2 };
}

const NOTICE_MS = 8_000;

/** Return the notices a frame gives rise to. */
export function noticesOf(shown: Shown | null, frame: FromHub, wall: number): readonly Notice[] {
  switch (frame.t) {
    case "answer":
      return noticesOfAnswer(frame, wall);
    case "call":
      return takenFromUs(shown, [frame.card], wall);
    case "snapshot":
      return takenFromUs(shown, frame.calls, wall);
    case "gone":
      return noticesOfGone(shown, frame, wall);
    default:
      return [];
  }
}

/** «Per tok den»: what rang here, and now is somebody else's. */
function takenFromUs(shown: Shown | null, cards: readonly Card[], wall: number): readonly Notice[] {
  const rang = (id: string) => shown?.calls.some((card) => card.id === id && card.ring > 0);
  return cards
    .filter((card) => card.owner && !card.mine && card.ring === 0 && rang(card.id))
    .map((card) => ({
      id: `taken-${card.id}-${card.taken_at}`,
      at: wall,
      kind: "info",
      what: {
        is: "gone",
        reason: "taken_by_another",
        by: card.owner,
        text: "",
        room: card.room?.number ?? null,
      },
    }));
}

function noticesOfGone(shown: Shown | null, frame: Gone, wall: number): readonly Notice[] {
  const card = shown?.calls.find(({ id }) => id === frame.call);
  // One's own «Avslutt» and «Kan ikke» need no sentence: the screen has changed under the finger.
  if (!card || frame.reason === "declined" || (card.mine && frame.reason === "closed")) return [];
  const { reason, by, text } = frame;
  return [
    {
      id: `gone-${frame.n}`,
      at: wall,
      kind: "info",
      what: { is: "gone", reason, by, text, room: card.room?.number ?? null },
    },
  ];
}

function noticesOfAnswer(answer: Answer, wall: number): readonly Notice[] {
  const { op: id, by, text } = answer;
  if (!answer.ok) return [{ id, at: wall, kind: "bad", what: { is: "refused", text, by } }];
  if (!answer.recorded) return [{ id, at: wall, kind: "bad", what: { is: "unrecorded" } }];
  return [];
}

/** Return the notices still to be shown; at most three, newest last. */
export function current(notices: readonly Notice[], wall: number): readonly Notice[] {
  return notices.filter(({ at }) => !hasExpired(at, NOTICE_MS, wall)).slice(-3);
}
