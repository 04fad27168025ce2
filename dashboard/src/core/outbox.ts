// Taps that the hub has not answered yet. They survive a reload, are sent once more after each
// reconnect with the same id (the hub counts an id once), and hold codes only: no name, no text.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Op } from "../api/frames";
import { ROOT } from "./root";

/** Older than this, a tap is a fact of the past: it is told, never sent. */
export const TOO_OLD_MS = 10 * 60_000;

export interface Waiting {
  op: Op;
  /** When it was tapped, by this telephone's wall clock. */
  tappedAt: number;
  /** Who tapped, where the page knew: a tap is never sent as somebody else's. */
  staff?: string | undefined;
}

interface Schema extends DBSchema {
  waiting: { key: string; value: Waiting };
}

export interface Outbox {
  put(row: Waiting): Promise<void>;
  drop(op: string): Promise<void>;
  all(): Promise<readonly Waiting[]>;
  clear(): Promise<void>;
}

/** Open the telephone's outbox in IndexedDB. */
export function openOutbox(name = `bjelle-outbox${ROOT}`): Outbox {
  let opened: Promise<IDBPDatabase<Schema>> | null = null;
  const db = () => {
    opened ??= openDB<Schema>(name, 1, {
      upgrade: (fresh) => void fresh.createObjectStore("waiting", { keyPath: "op.op" }),
    });
    return opened;
  };
  return {
    put: async (row) => void (await (await db()).put("waiting", row)),
    drop: async (op) => (await db()).delete("waiting", op),
    all: async () => inSequence(await (await db()).getAll("waiting")),
    clear: async () => (await db()).clear("waiting"),
  };
}

/** Return rows as they were tapped. */
export function inSequence(rows: readonly Waiting[]): readonly Waiting[] {
  return rows.toSorted((a, b) => (a.op.seq ?? 0) - (b.op.seq ?? 0));
}

/** Part rows into those to send and those that have become notes. */
export function sorted(rows: readonly Waiting[], wall: number) {
  const fresh = (row: Waiting) => wall - row.tappedAt < TOO_OLD_MS;
  return { send: rows.filter(fresh), notes: rows.filter((row) => !fresh(row)) };
}

/** Return an id for an operation. `randomUUID` is missing where the page came over plain http. */
export function operationId(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
