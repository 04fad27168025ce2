// Of a stay only what was changed is sent, and an answer of the alarm follows an offer.
import { expect, test } from "vitest";
import { OFFERS, type StayRow } from "../src/api/answers";
import { differing, NEXT } from "../src/console/stayFields";

const stay = {
  goal: "Gå i hagen",
  note: "",
  isolation: "",
  profile: "ordinary",
  assigned: [{ id: "a", name: "A" }],
  backup: [],
} as unknown as StayRow;

test("what is written as it was is no change", () => {
  expect(differing(stay, { goal: "Gå i hagen", assigned: ["a"] })).toEqual({});
});

test("only what differs is sent", () => {
  expect(differing(stay, { goal: "Spise ute", note: "", backup: ["b"] })).toEqual({
    goal: "Spise ute",
    backup: ["b"],
  });
});

test("nobody answers what was not offered, and each answer leads on", () => {
  expect(NEXT.not_offered).toEqual(["offered"]);
  for (const offer of OFFERS) expect(NEXT[offer].length).toBeGreaterThan(0);
});
