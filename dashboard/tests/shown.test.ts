import { describe, expect, it } from "vitest";
import {
  apply,
  compared,
  current,
  fingerprint,
  fingerprintText,
  inOrder,
  noticesOf,
} from "../src/core/shown";
import { card, NOON, snapshot } from "./world";

const shown = (...calls: Parameters<typeof snapshot>[1][]) => {
  const made = apply(null, snapshot(0, ...calls), NOON);
  if (!made) throw new Error("a snapshot always shows something");
  return made;
};
const per = { id: "per", name: "Per" };

describe("what the page shows", () => {
  it("is replaced whole by a snapshot", () => {
    const before = shown(card({ id: "1-1" }), card({ id: "1-2" }));
    const after = apply(before, { ...snapshot(0, card({ id: "1-3" })), n: 40 }, NOON);
    expect(after?.calls.map(({ id }) => id)).toEqual(["1-3"]);
    expect(after?.n).toBe(40);
  });

  it("puts what rings first, then what is mine, then by priority and age", () => {
    const order = inOrder([
      card({ id: "other", ring: 0, priority: 0 }),
      card({ id: "mine", ring: 0, mine: true, priority: 3 }),
      card({ id: "late", priority: 1, opened_at: "2026-11-21T11:59:59Z" }),
      card({ id: "early", priority: 1, opened_at: "2026-11-21T11:50:00Z" }),
      card({ id: "emergency", priority: 0 }),
    ]);
    expect(order.map(({ id }) => id)).toEqual(["emergency", "early", "late", "mine", "other"]);
  });

  it("changes by numbered deltas, and is stale as soon as a number is missing", () => {
    const one = apply(shown(), { t: "call", n: 2, ring: true, card: card() }, NOON);
    expect(one?.calls).toHaveLength(1);
    expect(one?.stale).toBe(false);
    const gap = apply(
      one,
      { t: "gone", n: 4, call: "1-7", reason: "closed", by: null, text: "" },
      NOON,
    );
    expect(gap?.calls).toHaveLength(0);
    expect(gap?.stale).toBe(true);
  });

  it("has nothing to change before the first snapshot", () => {
    expect(apply(null, { t: "call", n: 2, ring: true, card: card() }, NOON)).toBeNull();
  });

  it("counts ages by the hub's clock, whatever this phone's clock says", () => {
    const wrong = apply(null, snapshot(0), NOON - 3_600_000);
    expect(wrong?.ahead).toBe(3_600_000);
  });
});

describe("the fingerprint", () => {
  it("is the one the hub makes of the same cards", async () => {
    const cards = [card({ id: "1-9", state: "taken", ring: 0 }), card({ id: "1-7", ring: 2 })];
    expect(fingerprintText(cards)).toBe("1-7:ringing:2,1-9:taken:0");
    // Made by hub.api.frames.fingerprint of the same cards.
    expect(await fingerprint(cards)).toBe("5a1057b811722c66");
    expect(await fingerprint([])).toBe("e3b0c44298fc1c14");
  });

  it("must differ in two heartbeats running before a snapshot is asked for", () => {
    const first = compared({ ...shown(), hash: "hub" }, "own");
    expect(first.stale).toBe(false);
    expect(compared(first, "own").stale).toBe(true);
    expect(compared(compared(first, "hub"), "own").stale).toBe(false);
  });

  it("is not compared where the browser has no digest", () => {
    expect(compared({ ...shown(), hash: "hub" }, null).differed).toBe(0);
  });
});

describe("notices", () => {
  const gone = (reason: "taken_by_another" | "closed" | "declined", by = per) =>
    ({ t: "gone", n: 2, call: "1-7", reason, by, text: "" }) as const;

  it("say who took it, and in which room", () => {
    const notice = noticesOf(shown(card()), gone("taken_by_another"), NOON)[0];
    expect(notice?.what).toMatchObject({ is: "gone", by: per, room: "204" });
  });

  it("say so too when the card stays, as somebody else's", () => {
    const taken = card({ ring: 0, state: "taken", owner: per, taken_at: "2026-11-21T12:00:01Z" });
    const frame = { t: "call", n: 2, ring: false, card: taken } as const;
    expect(noticesOf(shown(card()), frame, NOON)[0]?.what).toMatchObject({ by: per, room: "204" });
    expect(noticesOf(shown(taken), frame, NOON)).toEqual([]);
    expect(noticesOf(shown(card()), { ...snapshot(0, taken), n: 9 }, NOON)).toHaveLength(1);
  });

  it("are not made of one's own taps", () => {
    expect(noticesOf(shown(card({ mine: true })), gone("closed"), NOON)[0]).toBeUndefined();
    expect(noticesOf(shown(card()), gone("declined"), NOON)[0]).toBeUndefined();
  });

  it("say that something was done but not stored", () => {
    const answer = {
      t: "answer",
      op: "a",
      ok: true,
      reason: "taken",
      text: "",
      call: "1-7",
      by: null,
      recorded: false,
    } as const;
    expect(noticesOf(shown(), answer, NOON)[0]?.what.is).toBe("unrecorded");
    expect(noticesOf(shown(), { ...answer, recorded: true }, NOON)[0]).toBeUndefined();
    expect(noticesOf(shown(), { ...answer, ok: false, by: per }, NOON)[0]?.what).toMatchObject({
      is: "refused",
      by: per,
    });
  });

  it("go away by themselves, at most three at a time", () => {
    const notices = [0, 1, 2, 3].map(
      (i) => ({ id: String(i), at: NOON + i, kind: "info", what: { is: "unrecorded" } }) as const,
    );
    expect(current(notices, NOON + 10).map(({ id }) => id)).toEqual(["1", "2", "3"]);
    expect(current(notices, NOON + 60_000)).toEqual([]);
  });
});
