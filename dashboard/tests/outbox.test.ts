import "fake-indexeddb/auto";
import { expect, it } from "vitest";
import type { Op } from "../src/api/frames";
import { openOutbox, operationId, sorted, TOO_OLD_MS } from "../src/core/outbox";

const row = (op: string, seq: number, tappedAt = 0) => ({
  op: { t: "op", op, seq, action: "take", call: "1-7" } satisfies Op,
  tappedAt,
});

it("keeps taps in order until they are answered", async () => {
  const outbox = openOutbox("keeps");
  await outbox.put(row("b", 2));
  await outbox.put(row("a", 1));
  expect((await outbox.all()).map(({ op }) => op.op)).toEqual(["a", "b"]);
  await outbox.drop("a");
  expect((await openOutbox("keeps").all()).map(({ op }) => op.op)).toEqual(["b"]);
});

it("is empty after it was cleared", async () => {
  const outbox = openOutbox("clears");
  await outbox.put(row("a", 1));
  await outbox.clear();
  expect(await outbox.all()).toEqual([]);
});

it("counts the same tap put twice once", async () => {
  const outbox = openOutbox("twice");
  await outbox.put(row("a", 1));
  await outbox.put(row("a", 1));
  expect(await outbox.all()).toHaveLength(1);
});

it("parts what is to be sent from what is only a note", () => {
  const { send, notes } = sorted([row("old", 1, 0), row("new", 2, 1)], TOO_OLD_MS);
  expect(send.map(({ op }) => op.op)).toEqual(["new"]);
  expect(notes.map(({ op }) => op.op)).toEqual(["old"]);
});

it("never gives the same id twice", () => {
  expect(new Set(Array.from({ length: 100 }, operationId)).size).toBe(100);
});
