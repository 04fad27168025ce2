// One connection to the hub, kept alive: what is silent is thrown away and made anew.
import type { FromHub, FromPage } from "../api/frames";
import { elapsed, type Instant, LOST_AFTER_MS, UNSTEADY_AFTER_MS } from "./contact";
import { pause } from "./pace";

/** What we need of a WebSocket. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

/** The world outside, handed in so that a test can be the world. */
export interface Ports {
  open(): Socket;
  now(): Instant;
  /** Call `act` after `ms`; returns how to call it off. */
  later(ms: number, act: () => void): () => void;
  chance(): number;
}

export interface Listener {
  opened(): void;
  frame(frame: FromHub): void;
  /** Something about contact may have changed. */
  changed(): void;
}

// Shorter than the silence that counts as lost: a hub that wakes up finds a fresh knock waiting.
const KNOCK_MS = 4_000;
const LOOK_EVERY_MS = 500;

export class Link {
  readonly #ports: Ports;
  readonly #listener: Listener;
  #socket: Socket | null = null;
  #open = false;
  #attempt = 0;
  #knockedAt: Instant;
  #retry: (() => void) | null = null;
  #watch: (() => void) | null = null;
  /** When a heartbeat was last heard; before the first one, when we began to listen. */
  heardAt: Instant;
  heard = false;

  constructor(ports: Ports, listener: Listener) {
    this.#ports = ports;
    this.#listener = listener;
    this.heardAt = this.#knockedAt = ports.now();
  }

  start(): void {
    this.heardAt = this.#ports.now();
    this.#connect();
    this.#look();
  }

  /** End for good; `start` begins again. */
  stop(): void {
    this.#retry?.();
    this.#watch?.();
    this.#retry = this.#watch = null;
    this.#discard();
  }

  /** The phone woke up, came online or was looked at: do not wait for the next attempt. */
  wake(): void {
    if (!this.#watch) return;
    const quiet = elapsed(this.heardAt, this.#ports.now()) >= UNSTEADY_AFTER_MS;
    const knocking = this.#socket !== null && !this.#open;
    if (this.#open ? quiet : !knocking) this.#again(0);
  }

  /** Send if there is somebody to send to; says whether it left. */
  send(frame: FromPage): boolean {
    if (!this.#open) return false;
    this.#socket?.send(JSON.stringify(frame));
    return true;
  }

  #connect(): void {
    this.#discard();
    this.#knockedAt = this.#ports.now();
    const socket = this.#ports.open();
    this.#socket = socket;
    socket.onopen = () => {
      this.#open = true;
      this.#listener.opened();
      this.#listener.changed();
    };
    socket.onmessage = ({ data }) => this.#read(String(data));
    socket.onclose = () => this.#closed();
  }

  #read(text: string): void {
    const frame = JSON.parse(text) as FromHub;
    if (frame.t === "heartbeat" || frame.t === "snapshot") {
      this.heardAt = this.#ports.now();
      this.heard = true;
      this.#attempt = 0;
    }
    this.#listener.frame(frame);
  }

  #closed(): void {
    this.#discard();
    this.#listener.changed();
    // Pauses count from the last knock: a knock that hung has already been a pause.
    const since = elapsed(this.#knockedAt, this.#ports.now());
    this.#again(Math.max(0, pause(this.#attempt, this.#ports.chance()) - since));
  }

  #again(ms: number): void {
    if (!this.#watch) return;
    this.#retry?.();
    this.#discard();
    this.#attempt += 1;
    this.#retry = this.#ports.later(ms, () => {
      this.#retry = null;
      this.#connect();
    });
  }

  #look(): void {
    this.#watch = this.#ports.later(LOOK_EVERY_MS, () => {
      const now = this.#ports.now();
      const hung = this.#socket !== null && elapsed(this.#knockedAt, now) > KNOCK_MS;
      const silent = elapsed(this.heardAt, now) > LOST_AFTER_MS;
      this.#look();
      if (hung && (this.#open ? silent : true)) this.#closed();
      this.#listener.changed();
    });
  }

  #discard(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#open = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
