// H8: who stays in my units, which sensor rules they have, and a bounded pause of those.
import { useState } from "react";
import type { Patient, Patients as WardList } from "../api/answers";
import { clock } from "../core/age";
import type { View } from "../core/telephone";
import { useNow } from "../ui/now";
import { usePoll } from "../ui/poll";
import { Fresh, Tap } from "../ui/Tap";
import { Where } from "../ui/Where";
import { storedLang, useWords } from "../ui/words";
import type { Parts } from "./parts";

const ASK_EVERY_MS = 4_000;
const REASONS = ["care", "visit", "away", "sensor"] as const;
const PAUSE_MINUTES = 15;

/** When the pause of all these rules ends; null while none of them rests. */
export function pausedUntil(patient: Patient): string | null {
  const ends = patient.rules.map((rule) => rule.paused_until).filter((end) => end !== null);
  return ends.toSorted().at(-1) ?? null;
}

interface PatientsProps {
  parts: Parts;
  view: View;
  onClose: () => void;
}

export function Patients({ parts, view, onClose }: PatientsProps) {
  const words = useWords();
  const now = useNow();
  const [asking, setAsking] = useState<Patient | null>(null);
  const waiting = view.waiting.length;
  // Asked anew at once when a tap has been answered: the hub's word, not ours. What stands after
  // «#» is sent to nobody.
  const list = usePoll<WardList>(`/patients?lang=${storedLang()}#${waiting}`, ASK_EVERY_MS);
  const act = (action: "pause" | "resume", patient: Patient, reason?: string) => {
    const extra = reason ? { reason, minutes: PAUSE_MINUTES } : {};
    parts.line.act(action, null, { patient: patient.id, ...extra });
    setAsking(null);
  };
  if (asking) {
    return (
      <Why
        patient={asking}
        onReason={(reason) => act("pause", asking, reason)}
        onClose={() => setAsking(null)}
      />
    );
  }
  const old = view.contact === "lost" || list.failed || list.refused !== null;
  return (
    <Fresh key="patients">
      <section className="screen pad choice" data-testid="patients">
        <h1 className="title">{words.patients.title}</h1>
        <p className="quiet" role="status">
          {old
            ? words.patients.old
            : list.at
              ? words.patients.updated(clock(list.at))
              : words.patients.loading}
        </p>
        {list.data?.patients.length === 0 && <p>{words.patients.none}</p>}
        <ul className="patients">
          {list.data?.patients.map((patient) => (
            <Row
              key={patient.id}
              patient={patient}
              hubNow={now + (view.shown?.ahead ?? 0)}
              busy={view.waiting.some(({ op }) => op.patient === patient.id)}
              student={view.shown?.me.role === "student"}
              onPause={() => setAsking(patient)}
              onResume={() => act("resume", patient)}
            />
          ))}
        </ul>
        <div className="bottom">
          <Tap onTap={onClose}>{words.call.back}</Tap>
        </div>
      </section>
    </Fresh>
  );
}

interface RowProps {
  patient: Patient;
  hubNow: number;
  busy: boolean;
  student: boolean;
  onPause: () => void;
  onResume: () => void;
}

function Row({ patient, hubNow, busy, student, onPause, onResume }: RowProps) {
  const words = useWords();
  const until = pausedUntil(patient);
  const active = patient.rules.some((rule) => rule.state === "active");
  return (
    <li className="patient-row" data-testid="patient" data-paused={until !== null || undefined}>
      <h2 className="subtitle">
        {patient.name} · {words.patients.room(patient.room)}
      </h2>
      {patient.place && <Where place={patient.place} hubNow={hubNow} />}
      {patient.isolation && (
        <p className="isolation">
          <strong>{words.patients.isolation}: </strong>
          {patient.isolation}
        </p>
      )}
      {patient.rules.length === 0 && <p>{words.patients.noRules}</p>}
      {patient.rules.map((rule) => (
        <p key={rule.id}>
          {rule.state !== "active" && <strong>{words.patients.notActive}: </strong>}
          {rule.sentence}
        </p>
      ))}
      {until && <p className="paused">{words.patients.pausedUntil(clock(until))}</p>}
      {active && !student && (
        <Tap variant="secondary" onTap={until ? onResume : onPause} disabled={busy}>
          {busy ? words.patients.sending : until ? words.patients.resume : words.patients.pause}
        </Tap>
      )}
    </li>
  );
}

interface WhyProps {
  patient: Patient;
  onReason: (reason: string) => void;
  onClose: () => void;
}

function Why({ patient, onReason, onClose }: WhyProps) {
  const words = useWords();
  return (
    <Fresh key="why">
      <section className="screen pad choice">
        <h1 className="title">{words.patients.why(patient.name)}</h1>
        <p>{words.patients.lead}</p>
        <div className="answers">
          {REASONS.map((reason) => (
            <Tap key={reason} variant="secondary" onTap={() => onReason(reason)}>
              {words.patients.reasons[reason]}
            </Tap>
          ))}
          <Tap onTap={onClose}>{words.call.back}</Tap>
        </div>
      </section>
    </Fresh>
  );
}
