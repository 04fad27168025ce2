// One stay: the alarm's answer, the goal in the patient's words, a move, practice, a discharge.
import { useState } from "react";
import { type Offer, PROFILES, type StayRow, type Ward } from "../api/answers";
import { patch, post } from "../api/http";
import { clock } from "../core/age";
import { Discharge } from "./Discharge";
import { useConsole, useDay, useHouse, useSaid } from "./parts";
import { differing, type Edits, fieldsOf, NEXT } from "./stayFields";

const PRACTICE_MS = 30 * 60_000;

interface DetailProps {
  stay: StayRow;
  ward: Ward;
  edits: Edits;
  onEdits: (edits: Edits) => void;
  onChanged: () => void;
  onGone: (said: string) => void;
}

export function StayDetail({ stay, ward, edits, onEdits, onChanged, onGone }: DetailProps) {
  const words = useHouse();
  const own = words.stays;
  const day = useDay();
  const { said, bad, busy, run } = useSaid();
  const [undo, setUndo] = useState<(() => Promise<unknown>) | null>(null);
  const path = `/patients/${stay.patient}`;

  /** Do something that can be undone, say so, and look again. */
  const act = (work: () => Promise<unknown>, done: string, back: () => Promise<unknown>) =>
    void run(async () => {
      await work();
      setUndo(() => back);
      onChanged();
      return done;
    });
  const offer = (to: Offer) => {
    const before = stay.offer;
    act(
      () => patch(`${path}/stay`, { offer: to }),
      own.offer[to],
      () => patch(`${path}/stay`, { offer: before }),
    );
  };
  const takeBack = () =>
    void run(async () => {
      await undo?.();
      setUndo(null);
      onChanged();
      return words.undone;
    });
  const wears = stay.devices.some(({ purpose }) => purpose === "help");
  return (
    <article className="stay" data-testid="stay">
      <h3>
        {own.room(stay.room)} · {stay.name}
      </h3>
      <p className="quiet">
        {stay.unit_name} · {own.since(day(stay.since))}
      </p>
      <blockquote className="rule-sentence">
        {stay.goal ? `«${stay.goal}»` : <span className="quiet">{own.noGoal}</span>}
      </blockquote>
      <div className="outcome" data-bad={bad || undefined}>
        <p role={bad ? "alert" : "status"}>{said}</p>
        {undo && (
          <button
            type="button"
            className="ds-button"
            data-variant="tertiary"
            disabled={busy}
            onClick={takeBack}
          >
            {words.undo}
          </button>
        )}
      </div>
      <h4>{own.alarm}</h4>
      <p>
        <span className="state" data-offer={stay.offer}>
          {own.offer[stay.offer]}
        </span>
      </p>
      {stay.offer === "accepted" && !wears && <p className="strong">{own.noDevice}</p>}
      {(stay.offer === "declined" || stay.offer === "returned") && wears && (
        <p className="strong">{own.saidNo}</p>
      )}
      <div className="buttons no-print">
        {NEXT[stay.offer].map((to) => (
          <button
            key={to}
            type="button"
            className="ds-button"
            data-variant="secondary"
            disabled={busy}
            onClick={() => offer(to)}
          >
            {own.offerAct[to]}
          </button>
        ))}
      </div>
      <h4>{own.devices}</h4>
      <p>
        {stay.devices.length
          ? stay.devices
              .map(({ id, purpose }) => `${id} (${own.purpose[purpose] ?? purpose})`)
              .join(", ")
          : own.noDevices}
      </p>
      <StayForm stay={stay} ward={ward} edits={edits} onEdits={onEdits} onChanged={onChanged} />
      <Practice stay={stay} run={run} busy={busy} onChanged={onChanged} />
      <Move
        stay={stay}
        ward={ward}
        busy={busy}
        onMove={(bed, room) => {
          const before = stay.bed;
          act(
            () => post(`${path}/move`, { bed }),
            own.moved(room),
            () => post(`${path}/move`, { bed: before }),
          );
        }}
      />
      <Discharge stay={stay} onGone={onGone} />
    </article>
  );
}

interface FormProps {
  stay: StayRow;
  ward: Ward;
  edits: Edits;
  onEdits: (edits: Edits) => void;
  onChanged: () => void;
}

/** What is written about the stay. Refused, it stands as it was written. */
function StayForm({ stay, ward, edits, onEdits, onChanged }: FormProps) {
  const own = useHouse().stays;
  const { said, bad, busy, run } = useSaid(own.unsaved);
  const fields = { ...fieldsOf(stay), ...edits };
  const open = differing(stay, edits);
  const dirty = Object.keys(open).length > 0;
  const put = (more: Edits) => onEdits({ ...edits, ...more });
  const save = () =>
    void run(async () => {
      await patch(`/patients/${stay.patient}/stay`, open);
      onEdits({});
      onChanged();
      return own.saved;
    });
  return (
    <form
      className="rule-fields stay-form"
      data-testid="stay-form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      {(["goal", "note", "isolation"] as const).map((name) => (
        <label key={name} className="field">
          <span>{own[name]}</span>
          <textarea
            className="ds-input"
            rows={2}
            maxLength={name === "isolation" ? 120 : 500}
            value={fields[name]}
            onChange={({ target }) => put({ [name]: target.value })}
          />
        </label>
      ))}
      <label className="field">
        <span>{own.profile}</span>
        <select
          className="ds-input"
          value={fields.profile}
          onChange={({ target }) =>
            put({ profile: PROFILES.find((one) => one === target.value) ?? fields.profile })
          }
        >
          {PROFILES.map((one) => (
            <option key={one} value={one}>
              {own.profiles[one]}
            </option>
          ))}
        </select>
      </label>
      {(["assigned", "backup"] as const).map((name) => (
        <fieldset key={name} className="field people">
          <legend>{own[name]}</legend>
          {name === "assigned" && !fields.assigned.length && <p className="quiet">{own.nobody}</p>}
          <div className="ticks">
            {ward.carers.map(({ id, name: who }) => (
              <label key={id} className="tick">
                <input
                  type="checkbox"
                  checked={fields[name].includes(id)}
                  onChange={({ target }) =>
                    put({
                      [name]: target.checked
                        ? [...fields[name], id]
                        : fields[name].filter((one) => one !== id),
                    })
                  }
                />
                {who}
              </label>
            ))}
          </div>
        </fieldset>
      ))}
      <p role={bad ? "alert" : "status"} className={bad ? "refusal" : undefined}>
        {said}
      </p>
      <div className="buttons">
        <button type="submit" className="ds-button" disabled={busy || !dirty}>
          {dirty ? own.save : own.nothing}
        </button>
        {dirty && (
          <button
            type="button"
            className="ds-button"
            data-variant="tertiary"
            disabled={busy}
            onClick={() => onEdits({})}
          >
            {own.drop}
          </button>
        )}
      </div>
    </form>
  );
}

interface PracticeProps {
  stay: StayRow;
  busy: boolean;
  run: (work: () => Promise<string>) => Promise<void>;
  onChanged: () => void;
}

function Practice({ stay, busy, run, onChanged }: PracticeProps) {
  const own = useHouse().stays;
  const set = (until: string | null) =>
    void run(async () => {
      await patch(`/patients/${stay.patient}/stay`, { practice_until: until });
      onChanged();
      return until ? own.practiceUntil(clock(until)) : "";
    });
  const on = stay.practice_until && Date.parse(stay.practice_until) > Date.now();
  return (
    <section className="stay-act no-print">
      <h4>{own.practice}</h4>
      <p className="quiet">{own.practiceHow}</p>
      {on && <p className="strong">{own.practiceUntil(clock(stay.practice_until ?? ""))}</p>}
      <button
        type="button"
        className="ds-button"
        data-variant="secondary"
        disabled={busy}
        onClick={() => set(on ? null : new Date(Date.now() + PRACTICE_MS).toISOString())}
      >
        {on ? own.practiceStop : own.practiceStart}
      </button>
    </section>
  );
}

interface MoveProps {
  stay: StayRow;
  ward: Ward;
  busy: boolean;
  onMove: (bed: string, room: string) => void;
}

function Move({ stay, ward, busy, onMove }: MoveProps) {
  const own = useHouse().stays;
  const { unit } = useConsole();
  const [bed, setBed] = useState("");
  const to = ward.free_beds.find((one) => one.bed === bed);
  return (
    <form
      className="stay-act no-print"
      onSubmit={(event) => {
        event.preventDefault();
        if (to) onMove(to.bed, to.room);
        setBed("");
      }}
    >
      <h4>{own.move}</h4>
      <p className="quiet">{own.moveHow}</p>
      {ward.free_beds.length ? (
        <div className="pause">
          <label className="choose">
            {own.moveChoose}
            <select
              className="ds-input"
              value={bed}
              required
              onChange={({ target }) => setBed(target.value)}
            >
              <option value="" />
              {ward.free_beds.map((one) => (
                <option key={one.bed} value={one.bed}>
                  {own.room(one.room)}
                  {one.bed !== one.room && ` (${one.bed})`}
                  {one.unit !== stay.unit && ` · ${unit} ${one.unit_name}`}
                </option>
              ))}
            </select>
          </label>
          <button
            type="submit"
            className="ds-button"
            data-variant="secondary"
            disabled={busy || !to}
          >
            {own.moveNow}
          </button>
        </div>
      ) : (
        <p>{own.moveNone}</p>
      )}
    </form>
  );
}
