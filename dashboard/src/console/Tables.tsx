// Calls, figures and quarantine as tables: a time that has not come is said, never left blank.
import { type ReactNode, useState } from "react";
import type { CallsPage, CallTimes, Figures, Group, Quarantine } from "../api/answers";
import type { Outcome } from "../api/frames";
import { clock, spoken } from "../core/age";
import { kindOf } from "../core/alarm";
import { Mark } from "../ui/Mark";
import { usePage } from "../ui/page";
import { type Polled, usePoll } from "../ui/poll";
import { useWords } from "../ui/words";

const DAY_MS = 24 * 3_600_000;

interface PartProps<T> {
  title: string;
  polled: Polled<T>;
  children: (data: T) => ReactNode;
}

/** A part of the page with its own states: fetching, refused, old. */
function Part<T>({ title, polled, children }: PartProps<T>) {
  const { words } = usePage();
  const { data, at, refused, failed } = polled;
  return (
    <section className="part">
      <h2>{title}</h2>
      {refused && <p>{refused.status === 403 ? words.console.forbidden : refused.message}</p>}
      {failed && (
        <p role="alert">{at === null ? words.console.failed : words.console.oldData(clock(at))}</p>
      )}
      {!data && !refused && !failed && <p>{words.console.loading}</p>}
      {data && !refused && children(data)}
    </section>
  );
}

function Table({
  name,
  heads,
  children,
}: {
  name: string;
  heads: readonly string[];
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="scroll" aria-label={name} tabIndex={0}>
      <table className="ds-table" data-zebra>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

export function CallsTable() {
  const { words } = usePage();
  const [since] = useState(() => new Date(Date.now() - DAY_MS).toISOString());
  const polled = usePoll<CallsPage>(`/calls?since=${since}`, 3_000);
  const { calls: title, callColumns, callsEmpty } = words.console;
  return (
    <Part title={title} polled={polled}>
      {({ calls }) =>
        calls.length ? (
          <Table name={title} heads={Object.values(callColumns)}>
            {calls.map((call) => (
              <CallRow key={call.id} call={call} />
            ))}
          </Table>
        ) : (
          <p>{callsEmpty}</p>
        )
      }
    </Part>
  );
}

function CallRow({ call }: { call: CallTimes }) {
  const { words } = usePage();
  const phone = useWords();
  const kind = kindOf(call);
  const after = (at: string | null) =>
    at
      ? spoken(
          Math.round((Date.parse(at) - Date.parse(call.registered_at)) / 1_000),
          phone.contact.hour,
        )
      : words.console.notYet;
  const outcome = call.outcome as Outcome | null;
  return (
    <tr data-testid="call-row" data-call={call.id} data-state={call.state}>
      <td>{clock(call.registered_at)}</td>
      <td>{call.room ?? "–"}</td>
      <td>
        <span className="kind" data-kind={kind}>
          <Mark kind={kind} />
          {phone.kind[kind]}
        </span>
        {call.practice && ` (${words.console.practice})`}
      </td>
      <td>{words.console.state[call.state]}</td>
      <td>{after(call.delivered_at)}</td>
      <td>{after(call.taken_at)}</td>
      <td>{after(call.present_at)}</td>
      <td>{after(call.closed_at)}</td>
      <td>{call.owner?.name ?? "–"}</td>
      <td>{outcome ? phone.outcome[outcome] : "–"}</td>
    </tr>
  );
}

export function FiguresTable() {
  const { words } = usePage();
  const polled = usePoll<Figures>("/quality/response-times?by=unit", 10_000);
  const { figures: title, figureColumns, figuresEmpty, definitions, whole } = words.console;
  return (
    <Part title={title} polled={polled}>
      {(figures) =>
        figures.whole.calls ? (
          <>
            <Table name={title} heads={Object.values(figureColumns)}>
              {figures.groups.map((group) => (
                <FigureRow key={group.key} group={group} name={group.name || group.key} />
              ))}
              <FigureRow group={figures.whole} name={whole} />
            </Table>
            <p className="quiet">{definitions}</p>
          </>
        ) : (
          <p>{figuresEmpty}</p>
        )
      }
    </Part>
  );
}

function FigureRow({ group, name }: { group: Group; name: string }) {
  const { words, lang } = usePage();
  const { contact } = useWords();
  const seconds = (value: number | null) =>
    value === null ? words.console.beyond : spoken(Math.round(value), contact.hour);
  const percent = new Intl.NumberFormat(lang, { style: "percent" });
  return (
    <tr data-testid="figure-row">
      <th scope="row">{name}</th>
      <td>
        {group.calls}
        {group.small && ` (${words.console.small})`}
      </td>
      <td>{seconds(group.response.median_s)}</td>
      <td>{seconds(group.response.p90_s)}</td>
      <td>{seconds(group.arrival.median_s)}</td>
      <td>{group.share_within === null ? "–" : percent.format(group.share_within)}</td>
      <td>{group.open}</td>
    </tr>
  );
}

export function QuarantineList() {
  const { words } = usePage();
  const polled = usePoll<Quarantine>("/quarantine?limit=50", 10_000);
  const { quarantine: title, quarantineColumns, quarantineCount, quarantineNone } = words.console;
  return (
    <Part title={title} polled={polled}>
      {({ messages }) =>
        messages.length ? (
          <>
            <p>{quarantineCount(messages.length)}</p>
            <Table name={title} heads={Object.values(quarantineColumns)}>
              {messages.map((one) => (
                <tr key={one.signal}>
                  <td>{clock(one.at)}</td>
                  <td>{one.topic}</td>
                  <td>{one.why}</td>
                  <td>{one.bytes}</td>
                </tr>
              ))}
            </Table>
          </>
        ) : (
          <p>{quarantineNone}</p>
        )
      }
    </Part>
  );
}
