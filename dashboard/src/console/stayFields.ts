// What a nurse may write of a stay, and how little of it is sent.
import type { Offer, Profile, StayRow } from "../api/answers";

export interface StayFields {
  goal: string;
  note: string;
  isolation: string;
  profile: Profile;
  assigned: readonly string[];
  backup: readonly string[];
}

/** Only what was touched: the rest follows the house. */
export type Edits = Partial<StayFields>;

const ids = (people: StayRow["assigned"]) => people.map(({ id }) => id);

export const fieldsOf = (stay: StayRow): StayFields => ({
  goal: stay.goal,
  note: stay.note,
  isolation: stay.isolation,
  profile: stay.profile,
  assigned: ids(stay.assigned),
  backup: ids(stay.backup),
});

/** Return the edits that differ from the stay as it is. */
export function differing(stay: StayRow, edits: Edits): Edits {
  const now = fieldsOf(stay);
  return Object.fromEntries(
    Object.entries(edits).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(now[name as keyof StayFields]),
    ),
  );
}

/** Which answers may follow: an answer is to an offer. */
export const NEXT: Record<Offer, readonly Offer[]> = {
  not_offered: ["offered"],
  offered: ["accepted", "declined"],
  accepted: ["returned"],
  declined: ["offered", "accepted"],
  returned: ["offered"],
};
