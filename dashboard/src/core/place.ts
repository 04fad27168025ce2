// Where somebody is, judged as it grows old: the hub sends the two limits, the page compares.

import type { PatientPlace } from "../api/answers";
import type { Place } from "../api/frames";

export type Known = "certain" | "likely" | "unknown";
export type AnyPlace = Place | PatientPlace;

/** Nobody has heard a tag: unknown is said, never left out. */
export const NOWHERE: AnyPlace = {
  room: null,
  seen_at: null,
  certain_until: null,
  known_until: null,
  look: [],
};

/** Say how far a place may be believed now; exactly at a limit it still holds. */
export function howSure(place: AnyPlace, hubNow: number): Known {
  const holds = (limit: string | null) => limit !== null && hubNow <= Date.parse(limit);
  if (place.room === null || !holds(place.known_until)) return "unknown";
  return holds(place.certain_until) ? "certain" : "likely";
}
