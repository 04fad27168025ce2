// How old live data are. Old ones are hatched and say so; they are never shown as now.
import { clock, spoken } from "../core/age";
import { useNow } from "./now";
import { useWords } from "./words";

/** Seconds that a page's answer may be old before it is said loudly. */
const STALE_S = 30;

interface AgeWords {
  updated: (age: string) => string;
  updatedNow: string;
  stale: (at: string) => string;
}

export function Age({ at, words, every }: { at: number; words: AgeWords; every: number }) {
  const now = useNow(1_000);
  const { contact } = useWords();
  const seconds = Math.max(0, Math.floor((now - at) / 1_000));
  if (seconds > every / 1_000 + STALE_S) {
    return <span className="age stale">{words.stale(clock(at))}</span>;
  }
  return (
    <span className="age quiet">
      {seconds < 3 ? words.updatedNow : words.updated(spoken(seconds, contact.hour))}
    </span>
  );
}
