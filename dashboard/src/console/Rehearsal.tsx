// «Siste 14 netter»: what a rule would have called, night by night; what is unknown is hatched.
import { useState } from "react";
import type { Rehearsed } from "../api/answers";
import { post, Refused } from "../api/http";
import { usePage } from "../ui/page";
import { useConsole, useDay } from "./parts";

const NIGHTS = 14;
const TOO_MANY = 3;

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
  const most = Math.max(...told.nights.map(({ calls }) => calls));
  return (
    <div data-testid="rehearsed">
      <h4>{own.rehearsed}</h4>
      <p>
        <strong>{told.summary}</strong>
      </p>
      {most > TOO_MANY && <p role="alert">{own.tooMany}</p>}
      <ol className="nights">
        {told.nights.map(({ night, calls, known }) => (
          <li key={night} data-unknown={!known || undefined} data-calls={calls || undefined}>
            <span className="ds-sr-only">
              {own.night(day(night), calls)}
              {!known && `, ${own.unknown}`}
            </span>
            <b aria-hidden="true">{calls || (known ? "0" : "?")}</b>
            <small aria-hidden="true">{day(night)}</small>
          </li>
        ))}
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
