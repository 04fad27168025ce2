// A telephone: the connection, what it shows, what it sounds for, and the taps not yet answered.
// No React and no browser API here: both are handed in, so that tests are the world around it.
import type { Action, Alive, Card, FromHub, Op } from "../api/frames";
import { PROTOCOL } from "../api/frames";
import { hasExpired } from "./age";
import { loudest, type Tune, tuneOf } from "./alarm";
import { type Contact, elapsed, judge, warningsDue } from "./contact";
import { Link, type Ports } from "./link";
import { type Outbox, operationId, sorted, type Waiting } from "./outbox";
import { apply, compared, current, fingerprint, type Notice, noticesOf, type Shown } from "./shown";

/** What makes noise, and says truly whether it does. */
export interface Bell {
  ring(tune: Tune | null): void;
  /** Resolves true once the tone really sounds, false if the audio is not running. */
  sounds(): Promise<boolean>;
  lost(): void;
  back(): void;
}

/** What this telephone can do now, for the heartbeat's answer. */
export type Facts = Pick<
  Alive,
  "visible" | "painted_ms" | "audio" | "wake_lock" | "battery" | "charging"
>;

export interface World extends Ports {
  bell: Bell;
  outbox: Outbox;
  facts(): Facts;
  lang(): "nb" | "en";
  version: string;
  /** Resolves when what is shown has been painted on a visible page. */
  painted(): Promise<boolean>;
}

export interface View {
  contact: Contact;
  silentMs: number;
  /** Wall clock of the last call the hub told us of. */
  lastCallAt: number | null;
  shown: Shown | null;
  waiting: readonly Waiting[];
  notices: readonly Notice[];
  /** Why the hub said goodbye, when it means that we must stop. */
  ended: "replaced" | "signed_out" | "expired" | "reload" | null;
  /** From our hello to the hub's snapshot, in ms. */
  answerMs: number | null;
  /** The last «Jeg tar den» here, for «Angre». */
  took: { call: string; at: number } | null;
}

export type Extra = Pick<Op, "reason" | "outcome" | "to" | "room" | "patient" | "minutes">;

const EMPTY: View = {
  contact: "connecting",
  silentMs: 0,
  lastCallAt: null,
  shown: null,
  waiting: [],
  notices: [],
  ended: null,
  answerMs: null,
  took: null,
};

// While a tap is on its way its own ring is quiet; unanswered for longer, it sounds again.
const TRUST_TAP_MS = 3_000;
// An answer can be lost with the line that carried it: the same operation is simply sent again.
const SEND_AGAIN_MS = 5_000;

const able = ({ visible, audio, wake_lock, charging }: Facts): string =>
  `${visible} ${audio} ${wake_lock} ${charging}`;

export class PhoneLine {
  readonly #world: World;
  readonly #link: Link;
  readonly #watchers = new Set<() => void>();
  readonly #reported = new Set<string>();
  #sounding: Tune | null = null;
  /** How often each call that sounds has rung here. */
  #rang: ReadonlyMap<string, number> = new Map();
  #warned = 0;
  #sequence = 0;
  #signedIn = false;
  #helloAt = 0;
  #sentAt = 0;
  #beat: { n: number; beat: number } | null = null;
  #said = "";
  view: View = EMPTY;

  constructor(world: World) {
    this.#world = world;
    this.#link = new Link(world, {
      opened: () => this.#hello(),
      frame: (frame) => this.#heard(frame),
      changed: () => this.#look(),
    });
  }

  subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  snapshot = (): View => this.view;

  /** Somebody is signed in: connect. What was not answered before a reload is still waiting. */
  async start(): Promise<void> {
    this.#signedIn = true;
    const rows = await this.#world.outbox.all().catch(() => []);
    this.#show({ ...EMPTY, waiting: rows });
    this.#link.start();
  }

  /** Signed out: nothing of a patient or a colleague stays behind. */
  async stop(): Promise<void> {
    this.#signedIn = false;
    this.#link.stop();
    this.#reported.clear();
    this.#warned = 0;
    this.#show({ ...EMPTY, ended: this.view.ended });
    this.#ring();
    await this.#world.outbox.clear().catch(() => undefined);
  }

  /** What the hub said last is read: sign in anew. */
  forgive(): void {
    this.#show({ ended: null });
  }

  wake(): void {
    this.#link.wake();
    this.#look();
    this.#report();
    this.#tell();
  }

  /** A tap. Leaves at once if there is contact, and waits in the outbox until it is answered. */
  act(action: Action, call: string | null, extra: Extra = {}, id = operationId()): void {
    if (this.view.waiting.some(({ op }) => op.op === id)) return;
    const wall = this.#world.now().wall;
    this.#sequence = Math.max(this.#sequence + 1, wall);
    const op: Op = {
      t: "op",
      op: id,
      action,
      seq: this.#sequence,
      call,
      at: new Date(wall).toISOString(),
      ...extra,
    };
    const row = { op, tappedAt: wall, staff: this.view.shown?.me.id };
    void this.#world.outbox.put(row).catch(() => undefined);
    const took = action === "take" && call ? { call, at: wall } : null;
    this.#show({ waiting: [...this.view.waiting, row], took: took ?? this.view.took });
    this.#link.send(this.#dated(row));
    this.#ring();
  }

  /** A tap with its time by the hub's clock: ours may be wrong by more than a tap may be old. */
  #dated({ op, tappedAt }: Waiting): Op {
    return { ...op, at: new Date(tappedAt + (this.view.shown?.ahead ?? 0)).toISOString() };
  }

  /** The tap on this call that has not been answered yet. */
  pending(call: string): Waiting | undefined {
    return this.view.waiting.findLast(({ op }) => op.call === call);
  }

  /** Whether that tap is so young, or contact so poor, that another would only be a double. */
  busy(call: string): boolean {
    const tap = this.pending(call);
    if (!tap) return false;
    return this.view.contact === "lost" || this.#justTapped(tap);
  }

  /** The sound was switched on, or died: say so to the hub without waiting for a heartbeat. */
  audioChanged(): void {
    this.#ring(true);
    this.#report();
    this.#tell();
  }

  /** What this phone can do has changed: the hub need not wait for its next heartbeat. */
  #tell(): void {
    if (this.#beat && able(this.#world.facts()) !== this.#said) {
      this.#answer(this.#beat.n, this.#beat.beat);
    }
  }

  #hello(): void {
    const { lang, version } = this.#world;
    const resume = this.view.shown?.n ?? null;
    this.#helloAt = this.#world.now().monotonic;
    this.#link.send({ t: "hello", v: PROTOCOL, resume, page: version, lang: lang() });
  }

  /** Ask for a whole new snapshot, in the page's language of now. */
  refresh(): void {
    this.#hello();
  }

  #heard(frame: FromHub): void {
    if (frame.t === "heartbeat") this.#answer(frame.n, frame.beat);
    const wall = this.#world.now().wall;
    const before = this.view;
    const shown = apply(before.shown, frame, wall);
    const notices = [...before.notices, ...noticesOf(before.shown, frame, wall)];
    const lastCallAt = lastCall(frame, wall) ?? before.lastCallAt;
    const answerMs =
      frame.t === "snapshot" ? this.#world.now().monotonic - this.#helloAt : before.answerMs;
    this.#show({ shown, notices: current(notices, wall), lastCallAt, answerMs });
    if (frame.t === "answer") this.#answered(frame.op);
    if (frame.t === "bye") this.#bye(frame.reason);
    if (frame.t === "snapshot") this.#sendWaiting();
    if (frame.t === "heartbeat") void this.#compare();
    if (shown?.stale && !before.shown?.stale) this.#hello();
    this.#look();
    this.#ring();
    this.#report();
  }

  #answer(n: number, beat: number): void {
    const facts = this.#world.facts();
    this.#beat = { n, beat };
    this.#said = able(facts);
    this.#link.send({
      t: "alive",
      n: this.view.shown?.n ?? n,
      beat,
      ...facts,
      outbox: this.view.waiting.length,
      ringing: this.#sounding && this.#heardHere() ? this.#ringing().map(({ id }) => id) : [],
      version: this.#world.version,
    });
  }

  #answered(id: string): void {
    this.#show({ waiting: this.view.waiting.filter(({ op }) => op.op !== id) });
    void this.#world.outbox.drop(id).catch(() => undefined);
  }

  /** The hub will not have us any more: stop, forget what was shown, and say why. */
  end(ended: NonNullable<View["ended"]>): void {
    this.#link.stop();
    this.#show({ ended, shown: null });
    this.#ring();
  }

  #bye(reason: string): void {
    if (
      reason === "replaced" ||
      reason === "signed_out" ||
      reason === "expired" ||
      reason === "reload"
    ) {
      this.end(reason);
    }
  }

  #sendWaiting(): void {
    // Who had this telephone before tapped for themselves: nobody else takes, or is somewhere, so.
    const me = this.view.shown?.me.id;
    const others = this.view.waiting.filter(({ staff }) => staff && me && staff !== me);
    for (const { op } of others) this.#answered(op.op);
    const { send, notes } = sorted(this.view.waiting, this.#world.now().wall);
    for (const { op } of notes) {
      this.#answered(op.op);
      const notice: Notice = {
        id: op.op,
        at: this.#world.now().wall,
        kind: "bad",
        what: { is: "too_old" },
      };
      this.#show({ notices: [...this.view.notices, notice] });
    }
    for (const row of send) this.#link.send(this.#dated(row));
    this.#sentAt = this.#world.now().wall;
  }

  #sendOverdue(wall: number): void {
    if (!hasExpired(this.#sentAt, SEND_AGAIN_MS, wall)) return;
    if (this.view.waiting.some(({ tappedAt }) => hasExpired(tappedAt, SEND_AGAIN_MS, wall)))
      this.#sendWaiting();
  }

  async #compare(): Promise<void> {
    const shown = this.view.shown;
    if (!shown) return;
    const own = await fingerprint(shown.calls);
    // Something changed meanwhile: the next heartbeat compares again.
    if (this.view.shown !== shown) return;
    const next = compared(shown, own);
    this.#show({ shown: next });
    if (next.stale && !shown.stale) this.#hello();
  }

  #look(): void {
    const silentMs = elapsed(this.#link.heardAt, this.#world.now());
    const contact = judge(this.#link.heard, silentMs);
    const was = this.view.contact;
    const wall = this.#world.now().wall;
    this.#show({ contact, silentMs, notices: current(this.view.notices, wall) });
    if (contact === "lost" && this.#signedIn) this.#warn(silentMs);
    if (was === "lost" && contact === "connected" && this.#warned) this.#world.bell.back();
    if (contact === "connected") this.#warned = 0;
    if (contact === "connected" && this.view.waiting.length) this.#sendOverdue(wall);
    this.#ring();
  }

  #warn(silentMs: number): void {
    const due = warningsDue(silentMs);
    if (due > this.#warned) this.#world.bell.lost();
    this.#warned = due;
  }

  /** Cards that ring here, less those just tapped. */
  #ringing(): readonly Card[] {
    return (this.view.shown?.calls ?? []).filter((card) => {
      const tap = this.pending(card.id);
      return card.ring > 0 && !(tap && this.#justTapped(tap));
    });
  }

  #justTapped({ tappedAt }: Waiting): boolean {
    return !hasExpired(tappedAt, TRUST_TAP_MS, this.#world.now().wall);
  }

  #ring(again = false): void {
    const ringing = this.#ringing();
    const tune = loudest(ringing.map(tuneOf));
    // Another call, or the same patient again, is heard now and not with the next repetition.
    const more = ringing.some(({ id, ring }) => ring > (this.#rang.get(id) ?? 0));
    this.#rang = new Map(ringing.map(({ id, ring }) => [id, ring]));
    if (tune === this.#sounding && !more && !again) return;
    this.#sounding = tune;
    this.#world.bell.ring(tune);
  }

  /** Whether sound reaches an ear: it runs, and nobody has said that it was not heard. */
  #heardHere(): boolean {
    return this.#world.facts().audio;
  }

  /** Tell the hub how far each ring came; each step once per ring. */
  #report(): void {
    for (const card of this.view.shown?.calls ?? []) {
      if (card.ring < 1) continue;
      this.#receipt(card, "received", Promise.resolve(true));
      if (this.#heardHere()) this.#receipt(card, "ringing", this.#world.bell.sounds());
      this.#receipt(card, "seen", this.#world.painted());
    }
  }

  #receipt(card: Card, kind: "received" | "ringing" | "seen", when: Promise<boolean>): void {
    const key = `${card.id} ${card.ring} ${kind}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    void when.then((yes) => {
      const sent = yes && this.#link.send({ t: "receipt", call: card.id, kind, ring: card.ring });
      // Not now: the next frame, touch or heartbeat tries again.
      if (!sent) this.#reported.delete(key);
    });
  }

  #show(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    for (const watcher of this.#watchers) watcher();
  }
}

/** When, by our own clock, the newest call that this frame tells of began; null if it tells of none. */
function lastCall(frame: FromHub, wall: number): number | null {
  if (frame.t === "call") return wall;
  if (frame.t !== "snapshot" || !frame.calls.length) return null;
  const ahead = Date.parse(frame.now) - wall;
  return Math.max(...frame.calls.map((card) => Date.parse(card.opened_at))) - ahead;
}
