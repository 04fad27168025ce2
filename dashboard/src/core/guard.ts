// Taps that were not meant: on something that has just appeared, or by a palm or a pocket.

const UNTOUCHABLE_MS = 400;
const WIDEST_CONTACT_PX = 60;
export const UNDO_MS = 5_000;

export interface Touch {
  /** When the finger came down, and when what it touches appeared: the same clock, in ms. */
  at: number;
  shownAt: number;
  /** Contact in px; a mouse or a key says 0 or 1. */
  width: number;
  height: number;
}

/** Tell whether a tap counts. */
export function counts({ at, shownAt, width, height }: Touch): boolean {
  return at - shownAt >= UNTOUCHABLE_MS && Math.max(width, height) <= WIDEST_CONTACT_PX;
}

/** Return how long «Angre» is still offered after a tap, in ms; 0 when it is over. */
export function undoLeft(tappedAt: number, now: number): number {
  return Math.max(0, tappedAt + UNDO_MS - now);
}
