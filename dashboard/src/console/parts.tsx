// What the console's pages share: a part with its own states, a table that scrolls by itself.
import { type ReactNode, useState } from "react";
import { Refused } from "../api/http";
import { clock, spoken } from "../core/age";
import { consoleWordsOf } from "../i18n/console";
import { houseWordsOf } from "../i18n/house";
import { Age } from "../ui/Age";
import { usePage } from "../ui/page";
import type { Polled } from "../ui/poll";
import { useWords } from "../ui/words";

export function useConsole() {
  const { lang } = usePage();
  return consoleWordsOf(lang);
}

export function useHouse() {
  const { lang } = usePage();
  return houseWordsOf(lang);
}

/** Do something at the hub and say how it went: its words, the hub's «no», or that it was away. */
export function useSaid(prefix = "") {
  const { words } = usePage();
  const [said, setSaid] = useState("");
  const [bad, setBad] = useState(false);
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<string>) => {
    setBusy(true);
    setBad(false);
    setSaid("");
    try {
      setSaid(await work());
    } catch (problem) {
      const why = problem instanceof Refused ? problem.message : words.console.failed;
      setSaid([prefix, why].filter(Boolean).join(" "));
      setBad(true);
    } finally {
      setBusy(false);
    }
  };
  return { said, bad, busy, run };
}

interface PartProps<T> {
  title: string;
  polled: Polled<T>;
  children: (data: T) => ReactNode;
  /** Beside the title: what one can choose. */
  tools?: ReactNode;
  /** Live data, asked for again so often (ms): their age is told. */
  every?: number;
}

/** A part of the page with its own states: fetching, refused, old. */
export function Part<T>({ title, polled, children, tools, every }: PartProps<T>) {
  const { words } = usePage();
  const house = useHouse();
  const { data, at, refused, failed } = polled;
  return (
    <section className="part">
      <div className="part-head">
        <h2>{title}</h2>
        {every !== undefined && at !== null && <Age at={at} every={every} words={house} />}
        {tools}
      </div>
      {refused && <p>{refused.status === 403 ? words.console.forbidden : refused.message}</p>}
      {failed && (
        <p role="alert">{at === null ? words.console.failed : words.console.oldData(clock(at))}</p>
      )}
      {!data && !refused && !failed && <p>{words.console.loading}</p>}
      {data && !refused && children(data)}
    </section>
  );
}

/** What may be wider than the page scrolls by itself, also by keyboard. */
export function Scroll({ name, children }: { name: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="scroll" aria-label={name} tabIndex={0}>
      {children}
    </section>
  );
}

export function Table({
  name,
  heads,
  children,
  kind = "",
}: {
  name: string;
  heads: readonly string[];
  children: ReactNode;
  kind?: string;
}) {
  return (
    <Scroll name={name}>
      <table className={`ds-table ${kind}`} data-zebra>
        <thead>
          <tr>
            {heads.map((head) =>
              head ? (
                <th key={head} scope="col">
                  {head}
                </th>
              ) : (
                <td key="act" />
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </Scroll>
  );
}

/** «for 3 min siden», counted to `now`; a dash where there is nothing. */
export function useAgo() {
  const { devices } = useConsole();
  const { contact } = useWords();
  return (at: string | null, now: string): string =>
    at
      ? devices.ago(
          spoken(Math.max(0, Math.round((Date.parse(now) - Date.parse(at)) / 1_000)), contact.hour),
        )
      : "–";
}

export function useDay() {
  const { lang } = usePage();
  const format = new Intl.DateTimeFormat(lang === "nb" ? "nb-NO" : "en-GB", {
    day: "numeric",
    month: "short",
  });
  // A date without a time is that day everywhere, not midnight in Greenwich.
  return (day: string) => format.format(new Date(day.length === 10 ? `${day}T12:00` : day));
}

export function PrintButton() {
  const words = useConsole();
  return (
    <button
      type="button"
      className="ds-button no-print"
      data-variant="tertiary"
      onClick={() => print()}
    >
      {words.print}
    </button>
  );
}

interface ChoiceProps<T extends string | number> {
  label: string;
  value: T;
  all: readonly T[];
  name: (one: T) => string;
  onChange: (one: T) => void;
}

export function Choose<T extends string | number>({
  label,
  value,
  all,
  name,
  onChange,
}: ChoiceProps<T>) {
  return (
    <label className="choose">
      {label}
      <select
        className="ds-input"
        value={String(value)}
        onChange={({ target }) => {
          const chosen = all.find((one) => String(one) === target.value);
          if (chosen !== undefined) onChange(chosen);
        }}
      >
        {all.map((one) => (
          <option key={one} value={String(one)}>
            {name(one)}
          </option>
        ))}
      </select>
    </label>
  );
}
