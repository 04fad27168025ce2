import { expect, it } from "vitest";
import { pause } from "../src/core/pace";

it("tries at once, then 0.5, 1, 2, 4 and 5 s later", () => {
  expect([0, 1, 2, 3, 4, 5, 9].map((n) => pause(n, 0.5))).toEqual([
    0, 500, 1_000, 2_000, 4_000, 5_000, 5_000,
  ]);
});

it("spreads each pause by 30 % and never waits more than 5 s", () => {
  expect(pause(2, 0)).toBe(700);
  expect(pause(2, 0.999999)).toBe(1_300);
  expect(pause(9, 0.999999)).toBe(5_000);
  expect(pause(9, 0)).toBe(3_500);
});
