// One rule as it stands: its sentence, its basis, and what may be done with it now.
import { useState } from "react";
import type { Me, Objected, Rule } from "../api/answers";
import { post, postVersion, Refused } from "../api/http";
import { clock } from "../core/age";
import { usePage } from "../ui/page";
import { Choose, useConsole } from "./parts";
import { Rehearsal } from "./Rehearsal";
import { RuleForm } from "./RuleForm";

const PAUSES = [15, 60, 240] as const;

interface DetailProps {
  rule: Rule;
  me: Me;
  names: ReadonlyMap<string, string>;
  decides: boolean;
  onChanged: () => void;
}

export function RuleDetail({ rule, me, names, decides, onChanged }: DetailProps) {
  const own = useConsole().rules;
  const { lang } = usePage();
  const [editing, setEditing] = useState(false);
  const [said, setSaid] = useState("");
  if (editing) {
    return (
      <RuleForm
        rule={rule}
        me={me}
        names={names}
        taken={[]}
        onSaved={(now) => {
          setSaid(own.saved(now.version));
          setEditing(false);
          onChanged();
        }}
        onClose={() => setEditing(false)}
      />
    );
  }
  const run = async (work: () => Promise<string>) => {
    setSaid("");
    try {
      setSaid(await work());
      onChanged();
    } catch (problem) {
      setSaid(problem instanceof Refused ? problem.message : own.refused);
    }
  };
  const end = () =>
    confirm(own.endSure) &&
    run(async () => {
      await postVersion(`/rules/${rule.id}/end`, rule.version);
      return own.state.ended ?? "";
    });
  const object = () =>
    confirm(own.objectSure) &&
    run(async () => {
      const { decides: who, decided_by } = await post<Objected>(`/rules/${rule.id}/object`);
      return [who[lang], decided_by && `${own.fields.decided_by}: ${decided_by}.`].join(" ");
    });
  const over = rule.state === "ended";
  return (
    <article className="rule" data-testid="rule">
      <h3>
        {rule.patient_name}{" "}
        <span className="state" data-state={rule.state}>
          {own.state[rule.state] ?? rule.state}
        </span>
      </h3>
      <p className="rule-sentence">{rule.sentences[lang]}</p>
      <p>{rule.basis[lang]}</p>
      {rule.paused_until && <p className="strong">{own.pausedUntil(clock(rule.paused_until))}</p>}
      <p className="quiet">
        {own.version(rule.version)} · {rule.id}
      </p>
      <p role="status">{said}</p>
      {decides ? (
        <div className="buttons no-print">
          {!over && (
            <button type="button" className="ds-button" onClick={() => setEditing(true)}>
              {own.edit}
            </button>
          )}
          {!over && (
            <button type="button" className="ds-button" data-variant="tertiary" onClick={end}>
              {own.end}
            </button>
          )}
        </div>
      ) : (
        <p className="quiet">{own.readOnly}</p>
      )}
      {!over && (
        <div className="buttons no-print">
          <button
            type="button"
            className="ds-button"
            data-variant="secondary"
            data-color="danger"
            onClick={object}
          >
            {own.object}
          </button>
        </div>
      )}
      {decides && !over && <Pause rule={rule} run={run} />}
      {decides && <Rehearsal body={{ rule: rule.id }} />}
    </article>
  );
}

function Pause({ rule, run }: { rule: Rule; run: (work: () => Promise<string>) => void }) {
  const own = useConsole().rules;
  const [minutes, setMinutes] = useState<(typeof PAUSES)[number]>(15);
  const [reason, setReason] = useState("");
  const pause = () =>
    run(async () => {
      const until = new Date(Date.now() + minutes * 60_000).toISOString();
      await post(`/rules/${rule.id}/pause`, { until, reason });
      return own.pausedUntil(clock(until));
    });
  return (
    <form
      className="pause no-print"
      onSubmit={(event) => {
        event.preventDefault();
        pause();
      }}
    >
      <Choose
        label={own.pause}
        value={minutes}
        all={PAUSES}
        name={(one) => own.pauseFor[one] ?? String(one)}
        onChange={setMinutes}
      />
      <label className="choose">
        {own.pauseWhy}
        <input
          className="ds-input"
          required
          maxLength={200}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
      </label>
      <button type="submit" className="ds-button" data-variant="secondary">
        {own.pause}
      </button>
    </form>
  );
}
