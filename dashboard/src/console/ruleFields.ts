// The fields of a rule as the house file writes them: what a form changes, and how little of it.
import type { RuleFields } from "../api/answers";

export const SAVE_AS = ["draft", "trial", "active"] as const;
export type SaveAs = (typeof SAVE_AS)[number];

export const KINDS = ["bed_exit", "motion", "door_open", "no_motion", "fall"] as const;

const CALL_OF: Record<string, string> = {
  bed_exit: "bed_exit",
  motion: "motion",
  door_open: "door",
  no_motion: "inactivity",
  fall: "fall_suspected",
};

/** Another kind of sensor asks for the call that belongs to it; other conditions stay. */
export function withKind(fields: RuleFields, kind: string): Partial<RuleFields> {
  const [, ...others] = fields.triggers;
  return {
    triggers: [{ kind }, ...others],
    call_type: CALL_OF[kind] ?? fields.call_type,
  };
}

const UNITS: Record<string, number> = { s: 1 / 60, min: 1, h: 60, d: 1_440 };

/** Return a duration of the house file («10min», «1h30min», «90s») in minutes. */
export function minutesOf(duration: string | undefined): number {
  const parts = [...(duration ?? "").matchAll(/(\d+(?:\.\d+)?)\s*(s|min|h|d)/g)];
  const all = parts.reduce((sum, [, n, unit]) => sum + Number(n) * (UNITS[unit ?? ""] ?? 0), 0);
  return Math.round(all * 100) / 100;
}

/** Return only what differs; what was taken out is null. */
export function changed(before: RuleFields, after: RuleFields): Record<string, unknown> {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const found: Record<string, unknown> = {};
  for (const key of keys) {
    if (key === "version" || same(before[key], after[key])) continue;
    found[key] = after[key] ?? null;
  }
  return found;
}

const same = (a: unknown, b: unknown): boolean =>
  JSON.stringify(a || null) === JSON.stringify(b || null);

/** Return an id that no other rule has: «bed-exit-p-16», «bed-exit-p-16-2». */
export function named(fields: RuleFields, taken: readonly string[]): string {
  const kind = (fields.triggers[0]?.kind ?? "rule").replaceAll("_", "-");
  const stem = `${kind}-${fields.patient}`;
  const free = Array.from({ length: taken.length + 1 }, (_, n) => (n ? `${stem}-${n + 1}` : stem));
  return free.find((id) => !taken.includes(id)) ?? stem;
}

/** A field's value as a person reads it. */
export function told(field: string, value: unknown): string {
  if (field === "delay") return `${minutesOf(value as string | undefined)} min`;
  if (value === null || value === undefined || value === "") return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
