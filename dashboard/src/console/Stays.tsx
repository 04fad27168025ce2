// Stays: who is in the house now, one at a time to read and to change, and what to collect.
import { useState } from "react";
import type { StayRow, Ward } from "../api/answers";
import { post } from "../api/http";
import { usePoll } from "../ui/poll";
import { Part, useDay, useHouse, useSaid } from "./parts";
import { StayDetail } from "./StayDetail";
import type { Edits } from "./stayFields";

/** Each look is a row of the access log for each patient: seldom, and at once after a change. */
const EVERY_MS = 60_000;

export function Stays() {
  const own = useHouse().stays;
  const [asked, setAsked] = useState(0);
  const [chosen, setChosen] = useState<string | null>(null);
  const [find, setFind] = useState("");
  // What is written and not saved, by patient: looking at somebody else loses nothing.
  const [drafts, setDrafts] = useState<Record<string, Edits>>({});
  const [gone, setGone] = useState("");
  const polled = usePoll<Ward>(`/stays#${asked}`, EVERY_MS);
  const again = () => setAsked((n) => n + 1);
  return (
    <>
      <p role="status" className="done" data-testid="discharged">
        {gone}
      </p>
      <Part title={own.title} polled={polled} every={EVERY_MS}>
        {(ward) => {
          if (!ward.stays.length) return <p>{own.none}</p>;
          const stay = ward.stays.find(({ patient }) => patient === chosen);
          return (
            <div className="rules">
              <StayList
                stays={ward.stays}
                find={find}
                onFind={setFind}
                chosen={chosen}
                onPick={setChosen}
                unsaved={drafts}
              />
              <div className="rule-place">
                {stay ? (
                  <StayDetail
                    key={stay.patient}
                    stay={stay}
                    ward={ward}
                    edits={drafts[stay.patient] ?? {}}
                    onEdits={(edits) => setDrafts({ ...drafts, [stay.patient]: edits })}
                    onChanged={again}
                    onGone={(said) => {
                      setGone(said);
                      setChosen(null);
                      again();
                    }}
                  />
                ) : (
                  <p className="quiet">{own.pick}</p>
                )}
              </div>
            </div>
          );
        }}
      </Part>
      {polled.data && <Left ward={polled.data} onChanged={again} />}
    </>
  );
}

interface ListProps {
  stays: readonly StayRow[];
  find: string;
  onFind: (text: string) => void;
  chosen: string | null;
  onPick: (patient: string) => void;
  unsaved: Record<string, Edits>;
}

function StayList({ stays, find, onFind, chosen, onPick, unsaved }: ListProps) {
  const words = useHouse();
  const own = words.stays;
  const wanted = find.trim().toLowerCase();
  const found = stays.filter(({ name, room }) => `${name} ${room}`.toLowerCase().includes(wanted));
  return (
    <div className="stay-list">
      <label className="choose">
        {own.find}
        <input
          className="ds-input"
          type="search"
          value={find}
          onChange={({ target }) => onFind(target.value)}
        />
      </label>
      <p className="quiet" role="status">
        {found.length ? own.listed(found.length) : own.notFound}
      </p>
      <ul className="rule-list">
        {found.map((one) => (
          <li key={one.patient}>
            <button
              type="button"
              data-testid="stay-row"
              aria-current={one.patient === chosen || undefined}
              onClick={() => onPick(one.patient)}
            >
              <span className="rule-head">
                <strong>
                  {one.room} · {one.name}
                </strong>
                <span className="state" data-offer={one.offer}>
                  {own.offer[one.offer]}
                </span>
              </span>
              <span className="quiet">
                {one.unit_name}
                {one.profile !== "ordinary" && ` · ${own.profiles[one.profile]}`}
                {one.practice_until && ` · ${own.practice}`}
                {Object.keys(unsaved[one.patient] ?? {}).length > 0 && " · ✎"}
              </span>
              {one.isolation && <span className="strong">{one.isolation}</span>}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Devices of those who left: on the list until somebody has them in hand. */
function Left({ ward, onChanged }: { ward: Ward; onChanged: () => void }) {
  const own = useHouse().stays;
  const day = useDay();
  const { said, run } = useSaid();
  const collect = (device: string) =>
    void run(async () => {
      await post(`/devices/${device}/life`, { life: "cleaning" });
      onChanged();
      return "";
    });
  return (
    <section className="part" data-testid="to-collect">
      <h2>{own.left}</h2>
      {!ward.left.length && <p>{own.leftNone}</p>}
      <p role="alert" className="error">
        {said}
      </p>
      <ul className="due">
        {ward.left.map((one) => (
          <li key={`${one.patient} ${one.until}`}>
            <strong>
              {own.room(one.room)} · {one.name}
            </strong>
            <span className="quiet">{own.leftSince(day(one.until))}</span>
            <ul className="plain">
              {one.to_return.map((device) => (
                <li key={device} className="buttons">
                  {device}
                  <button
                    type="button"
                    className="ds-button no-print"
                    data-variant="secondary"
                    aria-label={`${own.collected}: ${device}`}
                    onClick={() => collect(device)}
                  >
                    {own.collected}
                  </button>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </section>
  );
}
