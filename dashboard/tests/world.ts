// A world for the telephone: sockets a test plays the hub on, a clock it turns, a bell it hears.
import type { Card, FromHub, FromPage, Snapshot } from "../src/api/frames";
import type { Tune } from "../src/core/alarm";
import type { Socket } from "../src/core/link";
import { inSequence, type Outbox, type Waiting } from "../src/core/outbox";
import type { Facts, World } from "../src/core/telephone";

export const NOON = Date.parse("2026-11-21T12:00:00Z");

export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;
  readonly heard: FromPage[] = [];

  send(text: string): void {
    this.heard.push(JSON.parse(text) as FromPage);
  }
  close(): void {
    this.closed = true;
  }
  say(frame: FromHub): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  die(): void {
    this.onclose?.({ code: 1006 });
  }
  said<T extends FromPage["t"]>(t: T): Extract<FromPage, { t: T }>[] {
    return this.heard.filter((frame): frame is Extract<FromPage, { t: T }> => frame.t === t);
  }
}

export class MemoryOutbox implements Outbox {
  rows = new Map<string, Waiting>();
  async put(row: Waiting) {
    this.rows.set(row.op.op, row);
  }
  async drop(op: string) {
    this.rows.delete(op);
  }
  async all() {
    return inSequence([...this.rows.values()]);
  }
  async clear() {
    this.rows.clear();
  }
}

export class FakeWorld implements World {
  ms = 0;
  chance = () => 0.5;
  version = "test";
  sockets: FakeSocket[] = [];
  outbox = new MemoryOutbox();
  rings: (Tune | null)[] = [];
  warnings: string[] = [];
  audible = true;
  /** False: somebody said that the test sound was not heard. */
  confirmed = true;
  visible = true;
  /** How far this telephone's own clock is wrong, in ms. */
  wrongBy = 0;
  #timers: { at: number; act: () => void }[] = [];

  bell = {
    ring: (tune: Tune | null) => void this.rings.push(tune),
    sounds: async () => this.audible,
    lost: () => void this.warnings.push("lost"),
    back: () => void this.warnings.push("back"),
  };
  open = () => {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  };
  now = () => ({ monotonic: this.ms, wall: NOON + this.ms + this.wrongBy });
  lang = () => "nb" as const;
  painted = async () => this.visible;
  facts = (): Facts => ({
    visible: this.visible,
    painted_ms: 12,
    audio: this.audible && this.confirmed,
    wake_lock: true,
    battery: 80,
    charging: false,
  });
  later = (ms: number, act: () => void) => {
    const timer = { at: this.ms + ms, act };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Let time pass, each timer in its turn. */
  pass(ms: number): void {
    const until = this.ms + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (!next || next.at > until) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.ms = Math.max(this.ms, next.at);
      next.act();
    }
    this.ms = until;
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("the telephone has not knocked yet");
    return socket;
  }

  /** Answer the last knock and show these cards. */
  answer(...calls: Card[]): FakeSocket {
    this.socket.onopen?.();
    this.socket.say(snapshot(this.ms, ...calls));
    return this.socket;
  }

  beat(n = 1, changes: Partial<Extract<FromHub, { t: "heartbeat" }>> = {}): void {
    this.socket.say({
      t: "heartbeat",
      n,
      beat: 1,
      now: new Date(NOON + this.ms).toISOString(),
      hash: "",
      version: "test",
      state: "ready",
      reasons: [],
      store: "recorded",
      broker_up: true,
      ask: null,
      ...changes,
    });
  }
}

/** Let promises that are already kept run on. */
export const settle = () => new Promise((done) => setTimeout(done, 0));

export function snapshot(ms: number, ...calls: Card[]): Snapshot {
  return {
    t: "snapshot",
    n: 1,
    now: new Date(NOON + ms).toISOString(),
    me: { id: "aisha", name: "Aisha", role: "nurse", competence: 3, units: [] },
    handset: { id: "tlf-1", name: "Sør 1", state: "ready", reasons: [] },
    colleagues: [],
    calls,
    store: "recorded",
    hash: "",
    version: "test",
    broker_up: true,
  };
}

export function card(changes: Partial<Card> = {}): Card {
  return {
    id: "1-7",
    type: "patient",
    priority: 1,
    state: "ringing",
    practice: false,
    late: false,
    room: { id: "204", number: "204", floor: "2", unit: "Sør" },
    patient: "Kari N.",
    why: "Kari N. trykket på armbåndet",
    reason: "help_pressed",
    note: "",
    isolation: "",
    opened_at: "2026-11-21T11:59:48Z",
    ringing_since: "2026-11-21T11:59:48Z",
    ring: 1,
    pressed: 1,
    owner: null,
    taken_at: null,
    arrive_by: null,
    present: [],
    present_at: null,
    also_ringing: [],
    rung: 0,
    can: ["take", "decline"],
    place: null,
    reopened: 0,
    mine: false,
    offered: false,
    quiet: false,
    ...changes,
  };
}
