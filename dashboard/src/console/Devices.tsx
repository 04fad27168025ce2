// Devices, worst first: what a technician mends, without anybody's name.
import { useState } from "react";
import type { Devices as Answer, DeviceRow, Me, Patients } from "../api/answers";
import { post, Refused } from "../api/http";
import { clock, spoken } from "../core/age";
import { usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { useWords } from "../ui/words";
import { Part, PrintButton, Table, useAgo, useConsole } from "./parts";

const EVERY_MS = 5_000;

export function Devices({ me }: { me: Me }) {
  const own = useConsole().devices;
  // Names are for those who know the patients; a technician mends things without them.
  const knows = me.role === "nurse" || me.role === "leader";
  const people = usePoll<Patients>(knows ? "/patients" : null, 60_000);
  const names = new Map(
    (people.data?.patients ?? []).map((one) => [one.id, `${one.room} · ${one.name}`]),
  );
  const [asked, setAsked] = useState(0);
  const polled = usePoll<Answer>(`/devices#${asked}`, EVERY_MS);
  return (
    <Part title={own.title} polled={polled} every={EVERY_MS} tools={<PrintButton />}>
      {({ devices, now }) =>
        devices.length ? (
          <Table name={own.title} heads={Object.values(own.columns)}>
            {devices.map((one) => (
              <Row
                key={one.id}
                device={one}
                names={names}
                now={now}
                onProof={() => setAsked((n) => n + 1)}
              />
            ))}
          </Table>
        ) : (
          <p>{own.none}</p>
        )
      }
    </Part>
  );
}

interface RowProps {
  device: DeviceRow;
  /** Patients by id, as far as one may know them. */
  names: ReadonlyMap<string, string>;
  now: string;
  onProof: () => void;
}

function Row({ device, names, now, onProof }: RowProps) {
  const own = useConsole().devices;
  const { words } = usePage();
  const { contact } = useWords();
  const ago = useAgo();
  const [error, setError] = useState("");
  const prove = () =>
    post(`/devices/${device.id}/proof`).then(onProof, (problem) =>
      setError(problem instanceof Refused ? problem.message : words.console.failed),
    );
  const { worn, battery_percent: battery, expected_every_s: every } = device;
  const proving = device.proving_until && Date.parse(device.proving_until) > Date.parse(now);
  return (
    <tr data-testid="device-row" data-trouble={device.trouble.length > 0 || undefined}>
      <th scope="row">{device.id}</th>
      <td>{(worn?.patient && names.get(worn.patient)) ?? worn?.patient ?? worn?.room ?? "–"}</td>
      <td className={device.trouble.length ? "strong" : "quiet"}>
        {device.trouble.map((one) => own.trouble[one] ?? one).join(", ") || own.fine}
      </td>
      <td>{device.last_heard ? ago(device.last_heard, now) : own.never}</td>
      <td>{every === null ? "–" : spoken(every, contact.hour)}</td>
      <td>{battery === null ? "–" : `${Math.round(battery)} %`}</td>
      <td>{device.proven_at ? ago(device.proven_at, now) : own.never}</td>
      <td className="no-print">
        {proving && device.proving_until ? (
          own.proving(clock(device.proving_until))
        ) : (
          <button
            type="button"
            className="ds-button"
            data-variant="tertiary"
            onClick={() => void prove()}
          >
            {own.prove}
          </button>
        )}
        {error && <p className="error">{error}</p>}
      </td>
    </tr>
  );
}
