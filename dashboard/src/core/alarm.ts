// The alarm code (UX 4.2): one kind for each row of the table. Colour is in the style sheet under
// [data-kind]; word, shape and mark stand beside it, so that no one needs the colour.
import type { Card } from "../api/frames";

export type Kind = "emergency" | "assistance" | "urgent" | "important" | "routine" | "technical";

/** What a telephone sounds: a row of the code, or the quiet tone beside the dying and their family. */
export type Tune = Kind | "quiet";

/** One tone: begins `at` s into the pattern, lasts `for` s, may glide to another frequency. */
export interface Tone {
  at: number;
  for: number;
  hz: number;
  to?: number;
}

export interface Pattern {
  tones: readonly Tone[];
  everyMs: number;
  vibrate: readonly number[];
  /** Played soft and round instead of as loud as the telephone can. */
  soft?: boolean;
}

const pulses = (count: number, hz: number, start = 0, rise = 0): Tone[] =>
  Array.from({ length: count }, (_, i) => ({
    at: start + i * 0.18,
    for: 0.12,
    hz: hz + i * rise,
  }));

export const PATTERNS: Record<Tune, Pattern> = {
  emergency: {
    tones: [
      { at: 0, for: 0.5, hz: 600, to: 1_300 },
      { at: 0.55, for: 0.5, hz: 600, to: 1_300 },
    ],
    everyMs: 1_100,
    vibrate: [1_000, 100],
  },
  assistance: {
    tones: [
      { at: 0, for: 0.35, hz: 880 },
      { at: 0.4, for: 0.35, hz: 587 },
      { at: 0.8, for: 0.35, hz: 880 },
      { at: 1.2, for: 0.35, hz: 587 },
    ],
    everyMs: 3_000,
    vibrate: [900, 100, 900, 100, 900],
  },
  urgent: {
    tones: [...pulses(5, 660, 0, 80), ...pulses(5, 660, 1.2, 80)],
    everyMs: 4_000,
    vibrate: [600, 150, 600, 150, 600],
  },
  important: { tones: pulses(3, 620), everyMs: 8_000, vibrate: [500, 150, 500] },
  routine: { tones: pulses(1, 523), everyMs: 20_000, vibrate: [200] },
  technical: {
    tones: [
      { at: 0, for: 0.35, hz: 587 },
      { at: 0.4, for: 0.45, hz: 392 },
    ],
    everyMs: 20_000,
    vibrate: [1_500],
  },
  quiet: { tones: [{ at: 0, for: 0.3, hz: 523 }], everyMs: 8_000, vibrate: [120], soft: true },
};

export const LOST_CONTACT: Pattern = { ...PATTERNS.technical, vibrate: [700, 200, 700] };
export const CONTACT_BACK: Pattern = {
  tones: [
    { at: 0, for: 0.12, hz: 523 },
    { at: 0.16, for: 0.2, hz: 784 },
  ],
  everyMs: 0,
  vibrate: [100],
};
export const SOUND_CHECK: Pattern = { ...PATTERNS.urgent, tones: pulses(5, 660, 0, 80) };

/** Return which row of the alarm code a call belongs to. */
export function kindOf(call: Pick<Card, "type" | "priority">): Kind {
  if (call.type === "technical") return "technical";
  if (call.type === "emergency" || call.priority === 0) return "emergency";
  if (call.type === "assist") return "assistance";
  if (call.priority === 1) return "urgent";
  return call.priority === 2 ? "important" : "routine";
}

/** Return what a call sounds as. Only the hub makes a call quiet, and nothing urgent ever is. */
export function tuneOf(call: Pick<Card, "type" | "priority" | "quiet">): Tune {
  const kind = kindOf(call);
  return call.quiet && (kind === "important" || kind === "routine") ? "quiet" : kind;
}

const LOUDEST_FIRST: readonly Tune[] = [
  "emergency",
  "assistance",
  "urgent",
  "important",
  "technical",
  "routine",
  "quiet",
];

/** Return the one tune to sound when several calls ring: sounds on top of each other say nothing. */
export function loudest(tunes: readonly Tune[]): Tune | null {
  return LOUDEST_FIRST.find((tune) => tunes.includes(tune)) ?? null;
}
