// «Siste 14 netter»: what a rule would have called, night by night; what is unknown is hatched.
import { useState } from "react";
import type { Rehearsed } from "../api/answers";
import { post, Refused } from "../api/http";
import { usePage } from "../ui/page";
import { useConsole, useDay } from "./parts";

const NIGHTS = 14;
const TOO_MANY = 3;
const DAY_MS = 24 * 3_600_000;

export function Rehearsal({ body }: { body: Record<string, unknown> }) {
  const own = useConsole().rules;
  const { words, lang } = usePage();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const [told, setTold] = useState<Rehearsed | null>(null);
  const ask = async () => {
    setBusy(true);
    setError("");
    try {
      setTold(await post<Rehearsed>("/rules/rehearse", { ...body, nights: NIGHTS, lang }));
    } catch (problem) {
      setError(problem instanceof Refused ? problem.message : words.console.failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="rehearsal">
      <button
        type="button"
        className="ds-button no-print"
        data-variant="secondary"
        disabled={busy}
        onClick={() => void ask()}
      >
        {own.rehearse}
      </button>
      <p role="status">{busy ? own.rehearsing : ""}</p>
      <p role="alert" className="error">
        {error}
      </p>
      {told && <Nights told={told} />}
    </section>
  );
}

function Nights({ told }: { told: Rehearsed }) {
  const own = useConsole().rules;
  const day = useDay();
  const nights = nightsUntil(told.until);
  const count = (night: string) => told.calls.filter((call) => call.night === night).length;
  const unknown = (night: string) =>
    told.cannot_be_reconstructed.some(({ since, until }) => touches(night, since, until));
  const most = Math.max(...nights.map(count));
  return (
    <div data-testid="rehearsed">
      <h4>{own.rehearsed}</h4>
      <p>
        <strong>{told.summary}</strong>
      </p>
      {most > TOO_MANY && <p role="alert">{own.tooMany}</p>}
      <ol className="nights">
        {nights.map((night) => {
          const calls = count(night);
          const gap = unknown(night);
          return (
            <li key={night} data-unknown={gap || undefined} data-calls={calls || undefined}>
              <span className="ds-sr-only">
                {own.night(day(night), calls)}
                {gap && `, ${own.unknown}`}
              </span>
              <b aria-hidden="true">{calls || (gap ? "?" : "0")}</b>
              <small aria-hidden="true">{day(night)}</small>
            </li>
          );
        })}
      </ol>
      {told.cannot_be_reconstructed.length > 0 && (
        <details>
          <summary>{own.gaps}</summary>
          <ul>
            {told.cannot_be_reconstructed.slice(0, 20).map(({ since, until, text }) => (
              <li key={`${since} ${text}`}>
                {day(since)}–{day(until)}: {text}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** The dates of the last nights, oldest first. */
function nightsUntil(until: string): readonly string[] {
  const end = new Date(until).getTime();
  return Array.from({ length: NIGHTS }, (_, n) => local(new Date(end - (NIGHTS - n) * DAY_MS)));
}

const local = (date: Date): string =>
  `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;

/** Whether a night, from noon to noon, shares time with a stretch. */
function touches(night: string, since: string, until: string): boolean {
  const from = new Date(`${night}T12:00`).getTime();
  return Date.parse(since) < from + DAY_MS && Date.parse(until) > from;
}
