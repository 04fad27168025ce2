import { describe, expect, it } from "vitest";
import { elapsed, judge, warningsDue } from "../src/core/contact";

describe("contact", () => {
  it.each([
    [0, "connected"],
    [3_999, "connected"],
    [4_000, "unsteady"],
    [6_000, "unsteady"],
    [6_001, "lost"],
  ])("after %i ms of silence is %s", (silent, contact) => {
    expect(judge(true, silent)).toBe(contact);
  });

  it("is not called connected before the first heartbeat, and is lost when none comes", () => {
    expect(judge(false, 0)).toBe("connecting");
    expect(judge(false, 5_999)).toBe("connecting");
    expect(judge(false, 6_001)).toBe("lost");
  });

  it("is old after a sleep in which the monotonic clock stood still", () => {
    expect(elapsed({ monotonic: 10, wall: 1_000 }, { monotonic: 20, wall: 61_000 })).toBe(60_000);
  });

  it("does not become young when somebody sets the clock back", () => {
    expect(elapsed({ monotonic: 0, wall: 90_000 }, { monotonic: 7_000, wall: 0 })).toBe(7_000);
  });

  it("warns by sound after 10 s and then every 30 s", () => {
    expect([9_999, 10_000, 39_999, 40_000, 70_000].map(warningsDue)).toEqual([0, 1, 1, 2, 3]);
  });
});
