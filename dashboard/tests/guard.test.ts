import { expect, it } from "vitest";
import { counts, undoLeft } from "../src/core/guard";

const finger = { at: 1_000, shownAt: 0, width: 24, height: 30 };

it("ignores a tap on something that appeared less than 400 ms ago", () => {
  expect(counts({ ...finger, shownAt: 601 })).toBe(false);
  expect(counts({ ...finger, shownAt: 600 })).toBe(true);
});

it("ignores a contact wider than 60 px: a palm, a pocket", () => {
  expect(counts({ ...finger, width: 61 })).toBe(false);
  expect(counts({ ...finger, height: 61 })).toBe(false);
  expect(counts({ ...finger, width: 60 })).toBe(true);
});

it("counts a key or a mouse, which have no width", () => {
  expect(counts({ ...finger, width: 0, height: 0 })).toBe(true);
});

it("offers to undo for 5 s", () => {
  expect([0, 1, 4_999, 5_000, 9_000].map((now) => undoLeft(0, now))).toEqual([
    5_000, 4_999, 1, 0, 0,
  ]);
});
