// Contact with the hub, judged by its heartbeats alone: neither the socket nor `onLine` is believed
// (a socket whose other end is frozen looks open for minutes). Limits from UX section 2.2.

export const HEARTBEAT_MS = 2_000;
export const UNSTEADY_AFTER_MS = 4_000;
export const LOST_AFTER_MS = 6_000;
const FIRST_WARNING_AFTER_MS = 10_000;
const WARNING_EVERY_MS = 30_000;

export type Contact = "connecting" | "connected" | "unsteady" | "lost";

/** Two clocks, because the monotonic one may stand still while a phone sleeps. */
export interface Instant {
  monotonic: number;
  wall: number;
}

/** Return the time between two instants: the longer of the two clocks' answers, never negative. */
export function elapsed(since: Instant, now: Instant): number {
  return Math.max(now.monotonic - since.monotonic, now.wall - since.wall, 0);
}

/** Judge contact by the age of the last heartbeat; `heard` is false until the first one. */
export function judge(heard: boolean, silentMs: number): Contact {
  if (silentMs > LOST_AFTER_MS) return "lost";
  if (!heard) return "connecting";
  return silentMs >= UNSTEADY_AFTER_MS ? "unsteady" : "connected";
}

/** How many times the «no connection» sound is due so far: after 10 s, then every 30 s. */
export function warningsDue(silentMs: number): number {
  if (silentMs < FIRST_WARNING_AFTER_MS) return 0;
  return 1 + Math.floor((silentMs - FIRST_WARNING_AFTER_MS) / WARNING_EVERY_MS);
}
