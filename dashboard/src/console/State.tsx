// How the house is now: hub, telephones, bridges, ways out, gaps in the shift, quarantine.
import { useState } from "react";
import type { Coverage, Me, Quarantine, Status } from "../api/answers";
import { post, Refused } from "../api/http";
import { clock } from "../core/age";
import { usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { useWords } from "../ui/words";
import { Boards } from "./Boards";
import { Part, Table, useAgo, useConsole } from "./parts";

const MOST_GAPS = 12;
const EVERY_MS = 3_000;

export function State({ me }: { me: Me }) {
  const own = useConsole().state;
  const polled = usePoll<Status>("/status", EVERY_MS);
  const technical = me.role === "technician" || me.role === "leader";
  return (
    <>
      <Part title={own.house} polled={polled} every={EVERY_MS}>
        {(status) => (
          <>
            <Now status={status} />
            <Phones status={status} may={technical} />
            <Bridges status={status} />
            <Rungs status={status} />
          </>
        )}
      </Part>
      {technical && <Boards />}
      <Cover />
      {technical && <QuarantineList />}
    </>
  );
}

function Now({ status }: { status: Status }) {
  const own = useConsole().state;
  const stored = status.store === "recorded";
  return (
    <>
      <dl className="facts-row">
        <div data-bad={!status.broker || undefined}>
          <dt>{own.broker}</dt>
          <dd>{status.broker ? own.brokerUp : own.brokerDown}</dd>
        </div>
        <div data-bad={!stored || undefined}>
          <dt>{own.store}</dt>
          <dd>{stored ? own.stored : own.notStored}</dd>
        </div>
      </dl>
      {status.never_heard > 0 && <p>{own.never(status.never_heard)}</p>}
      <p className="quiet">{own.version(status.version, status.plan_version)}</p>
    </>
  );
}

function Phones({ status, may }: { status: Status; may: boolean }) {
  const own = useConsole().state;
  const phone = useWords();
  const ago = useAgo();
  return (
    <>
      <h3>{own.phones}</h3>
      <Table name={own.phones} heads={Object.values(own.phoneColumns).slice(0, may ? 5 : 4)}>
        {status.handsets.map((one) => (
          <tr key={one.id} data-testid="phone-row">
            <th scope="row">{one.name}</th>
            <td>
              {phone.state[one.state]}
              {one.reasons.length > 0 &&
                `: ${one.reasons.map((why) => phone.why[why] ?? why).join(", ")}`}
            </td>
            <td>{one.staff_name ?? own.nobody}</td>
            <td>{ago(one.since, status.now)}</td>
            {may && (
              <td className="no-print">
                <Code handset={one.id} />
              </td>
            )}
          </tr>
        ))}
      </Table>
    </>
  );
}

interface CodeAnswer {
  code: string;
  expires_at: string;
  picture: string;
}

/** A one-time code that makes a device this telephone. */
function Code({ handset }: { handset: string }) {
  const own = useConsole().state;
  const { words } = usePage();
  const [made, setMade] = useState<CodeAnswer | null>(null);
  const [error, setError] = useState("");
  const make = () =>
    post<CodeAnswer>(`/handsets/${handset}/code`).then(setMade, (problem) =>
      setError(problem instanceof Refused ? problem.message : words.console.failed),
    );
  if (made) {
    return (
      <span role="status" className="code">
        {own.codeIs(made.code, clock(made.expires_at))}
        <img src={made.picture} alt="" />
        <small>{own.codeScan}</small>
      </span>
    );
  }
  return (
    <>
      <button
        type="button"
        className="ds-button"
        data-variant="tertiary"
        onClick={() => void make()}
      >
        {own.code}
      </button>
      {error && <p className="error">{error}</p>}
    </>
  );
}

function Bridges({ status }: { status: Status }) {
  const own = useConsole().state;
  const ago = useAgo();
  return (
    <>
      <h3>{own.bridges}</h3>
      <Table name={own.bridges} heads={Object.values(own.bridgeColumns)}>
        {status.bridges.map((one) => (
          <tr key={one.id}>
            <th scope="row">{one.id}</th>
            <td>{one.ecosystem}</td>
            <td className={one.online ? undefined : "strong"}>
              {one.online === null ? own.unknown : one.online ? own.online : own.offline}
            </td>
            <td>{ago(one.last_heard, status.now)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Rungs({ status }: { status: Status }) {
  const own = useConsole().state;
  const ago = useAgo();
  const words = (one: Status["channels"][number]) => {
    if (!one.configured) return own.rungOff;
    return one.failing || (one.overdue ? own.rungOverdue : own.rungFine);
  };
  return (
    <>
      <h3>{own.rungs}</h3>
      {status.channels.length ? (
        <Table name={own.rungs} heads={Object.values(own.rungColumns)}>
          {status.channels.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.name}</th>
              <td>{one.kind}</td>
              <td>{ago(one.last_proof, status.now)}</td>
              <td className={words(one) === own.rungFine ? undefined : "strong"}>{words(one)}</td>
            </tr>
          ))}
        </Table>
      ) : (
        <p className="strong">{own.rungsNone}</p>
      )}
    </>
  );
}

function Cover() {
  const own = useConsole().state;
  const { lang } = usePage();
  const polled = usePoll<Coverage>(`/coverage?lang=${lang}`, 15_000);
  return (
    <Part title={own.cover} polled={polled}>
      {({ beds, gaps }) => {
        const said = [...new Set(gaps.filter((gap) => gap.occupied).map((gap) => gap.text))];
        return said.length ? (
          <ul className="gaps">
            {said.slice(0, MOST_GAPS).map((text) => (
              <li key={text}>{text}</li>
            ))}
            {said.length > MOST_GAPS && <li>{own.coverMore(said.length - MOST_GAPS)}</li>}
          </ul>
        ) : (
          <p>{own.coverNone(beds)}</p>
        );
      }}
    </Part>
  );
}

function QuarantineList() {
  const { words } = usePage();
  const own = useConsole().state;
  const polled = usePoll<Quarantine>("/quarantine?limit=50", 10_000);
  const { quarantine: title, quarantineColumns, quarantineCount, quarantineNone } = words.console;
  return (
    <Part title={title} polled={polled}>
      {({ messages }) =>
        messages.length ? (
          <>
            <p>{quarantineCount(messages.length)}</p>
            <p className="quiet">{own.quarantineHow}</p>
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
