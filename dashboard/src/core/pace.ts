// When to try again: at once, then 0.5, 1, 2, 4 s, each ±30 %, never more than 5 s apart.
// The spread keeps forty phones from knocking in the same instant after a restart of the hub.

const STEPS_MS = [0, 500, 1_000, 2_000, 4_000, 5_000];
const LONGEST_MS = 5_000;
const SPREAD = 0.3;

/** Return the pause before attempt number `attempt` (0 is the first); `chance` is in [0, 1). */
export function pause(attempt: number, chance: number): number {
  const step = STEPS_MS[Math.min(attempt, STEPS_MS.length - 1)] ?? LONGEST_MS;
  return Math.min(LONGEST_MS, Math.round(step * (1 - SPREAD + 2 * SPREAD * chance)));
}
