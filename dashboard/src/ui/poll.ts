import { useEffect, useState } from "react";
import { get, Refused } from "../api/http";

export interface Polled<T> {
  data: T | null;
  /** Wall clock of the last answer. */
  at: number | null;
  refused: Refused | null;
  failed: boolean;
}

const PATIENCE_MS = 4_000;

/** Ask for `path` again `everyMs` after each answer. What is old is kept, with its age. */
export function usePoll<T>(path: string | null, everyMs: number): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({
    data: null,
    at: null,
    refused: null,
    failed: false,
  });
  useEffect(() => {
    if (path === null) return;
    let over = false;
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const change = await answer<T>(path);
      if (over) return;
      setPolled((before) => ({ ...before, ...change }));
      timer = setTimeout(ask, everyMs);
    };
    void ask();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [path, everyMs]);
  return polled;
}

async function answer<T>(path: string): Promise<Partial<Polled<T>>> {
  const late = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error("late")), PATIENCE_MS),
  );
  try {
    const data = await Promise.race([get<T>(path), late]);
    return { data, at: Date.now(), refused: null, failed: false };
  } catch (problem) {
    return problem instanceof Refused ? { refused: problem } : { failed: true };
  }
}
