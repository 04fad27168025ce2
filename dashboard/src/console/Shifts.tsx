// Staff and shifts: who would hear a call now, where nobody would, and what to do about it.
import type { Shifts as Answer, Coverage, Gap } from "../api/answers";
import { clock } from "../core/age";
import { usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { useWords } from "../ui/words";
import { Part, PrintButton, Table, useDay, useHouse } from "./parts";

const EVERY_MS = 5_000;
const COVER_MS = 10_000;
const READY = "ready";

export function Shifts() {
  const own = useHouse().shifts;
  const { lang } = usePage();
  const polled = usePoll<Answer>("/shifts", EVERY_MS);
  const covered = usePoll<Coverage>(`/coverage?lang=${lang}`, COVER_MS);
  return (
    <>
      <Part title={own.title} polled={polled} every={EVERY_MS} tools={<PrintButton />}>
        {(now) => (
          <>
            <Units shifts={now} />
            {now.missed.length > 0 && <Missed missed={now.missed} />}
          </>
        )}
      </Part>
      <Part title={own.gaps} polled={covered} every={COVER_MS}>
        {(coverage) => <Gaps coverage={coverage} shifts={polled.data} />}
      </Part>
      <Part title={own.people} polled={polled}>
        {(now) => <People shifts={now} />}
      </Part>
      <Part title={own.planned} polled={polled}>
        {(now) => <Planned shifts={now} />}
      </Part>
    </>
  );
}

function Units({ shifts }: { shifts: Answer }) {
  const own = useHouse().shifts;
  return (
    <dl className="facts-row">
      {shifts.units.map((one) => (
        <div key={one.unit} data-testid="unit-now" data-bad={one.ready === 0 || undefined}>
          <dt>{one.name}</dt>
          <dd>{own.ready(one.ready)}</dd>
          <dd className="small">
            {own.signedIn(one.signed_in)} · {own.nurses(one.nurses)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Missed({ missed }: { missed: Answer["missed"] }) {
  const own = useHouse().shifts;
  return (
    <section className="refusal" role="alert" data-testid="missed">
      <h3>{own.missed}</h3>
      <ul>
        {missed.map((one) => (
          <li key={one.call}>
            {own.missedOne(one.name, one.shift, one.since ? clock(one.since) : "–")}
          </li>
        ))}
      </ul>
      <p>{own.missedDo}</p>
    </section>
  );
}

interface GapGroup {
  unit: string;
  missing: Gap["missing"];
  reason: string;
  rooms: readonly string[];
  types: readonly string[];
}

/** Beds of one unit that lack the same are one line: what helps one helps all. */
function grouped(gaps: readonly Gap[]): readonly GapGroup[] {
  const found = new Map<string, { gap: Gap; rooms: Set<string>; types: Set<string> }>();
  for (const gap of gaps) {
    const key = `${gap.unit} ${gap.missing} ${gap.reason}`;
    const group = found.get(key) ?? { gap, rooms: new Set(), types: new Set() };
    group.rooms.add(gap.room);
    group.types.add(gap.call_type);
    found.set(key, group);
  }
  return [...found.values()].map(({ gap, rooms, types }) => ({
    unit: gap.unit,
    missing: gap.missing,
    reason: gap.reason,
    rooms: [...rooms],
    types: [...types],
  }));
}

const ALL_TYPES = 11;

function Gaps({ coverage, shifts }: { coverage: Coverage; shifts: Answer | null }) {
  const words = useHouse();
  const own = words.shifts;
  const { lang } = usePage();
  const list = new Intl.ListFormat(lang, { type: "conjunction" });
  const lived = coverage.gaps.filter(({ occupied }) => occupied);
  const empty = new Set(coverage.gaps.filter(({ occupied }) => !occupied).map(({ bed }) => bed));
  const unitName = (id: string) => shifts?.units.find(({ unit }) => unit === id)?.name ?? id;
  return (
    <>
      {!lived.length && <p data-testid="covered">✓ {own.gapsNone(coverage.beds)}</p>}
      <ul className="gaps">
        {grouped(lived).map((one) => (
          <li key={`${one.unit} ${one.missing} ${one.reason}`} data-testid="gap" className="gap">
            <strong>{own.gapRooms(unitName(one.unit), list.format(one.rooms))}</strong>
            <span>
              {one.missing === "failsafe" ? own.failsafe : (own.why[one.reason] ?? own.whyOther)}
            </span>
            <span className="quiet">
              {own.gapFor(
                one.types.length >= ALL_TYPES
                  ? own.gapAll
                  : list.format(one.types.map((type) => words.callType[type] ?? type)),
              )}
            </span>
            <em>{shifts && whatToDo(one, shifts, own)}</em>
          </li>
        ))}
      </ul>
      {empty.size > 0 && <p className="quiet">{own.gapsEmpty(empty.size)}</p>}
    </>
  );
}

const NURSE = 3;
const MOST_NAMES = 6;

/** The next thing a person can do, by what is missing. */
function whatToDo(gap: GapGroup, shifts: Answer, own: ReturnType<typeof useHouse>["shifts"]) {
  if (gap.missing === "failsafe") return own.doFailsafe;
  const names = (people: readonly { name: string }[]) =>
    [...new Set(people.map(({ name }) => name))].slice(0, MOST_NAMES).join(", ");
  switch (gap.reason) {
    case "no_ready_handset":
    case "not_reachable": {
      const unready = shifts.on_duty.filter(({ state }) => state !== READY);
      const unit = shifts.units.find((one) => one.unit === gap.unit)?.name ?? "";
      // Those of the unit first; where all of them are ready, somebody else may help.
      const waiting = names(unready.filter(({ units }) => units.includes(unit))) || names(unready);
      if (waiting) return own.doReady(waiting);
      break;
    }
    case "not_competent":
    case "student_not_alone": {
      const could = names(shifts.off_duty.filter(({ competence }) => competence >= NURSE));
      return could ? own.doCompetent(could) : own.doNobody;
    }
  }
  return shifts.phones_free.length
    ? own.doSignIn(shifts.phones_free.slice(0, MOST_NAMES).join(", "))
    : own.doNoPhone;
}

function People({ shifts }: { shifts: Answer }) {
  const own = useHouse().shifts;
  const phone = useWords();
  return (
    <>
      {shifts.on_duty.length ? (
        <Table name={own.people} heads={Object.values(own.columns)}>
          {shifts.on_duty.map((one) => (
            <tr key={one.handset} data-testid="on-duty">
              <th scope="row">{one.name}</th>
              <td>
                {one.role ? own.role[one.role] : own.gone}
                {one.competence !== null &&
                  one.role !== "nurse" &&
                  one.role !== "student" &&
                  ` (${own.competence[one.competence]})`}
              </td>
              <td>{one.units.join(", ") || own.own}</td>
              <td>{one.handset_name}</td>
              <td className={one.state === READY ? undefined : "strong"}>
                {phone.state[one.state]}
                {one.reasons.length > 0 &&
                  `: ${one.reasons.map((why) => phone.why[why] ?? why).join(", ")}`}
              </td>
              <td>
                {phone.doing[one.doing]}
                {one.room && ` ${one.room}`}
              </td>
              <td>{one.signed_in ? clock(one.signed_in) : "–"}</td>
            </tr>
          ))}
        </Table>
      ) : (
        <p className="strong">{own.peopleNone}</p>
      )}
      <p>{shifts.phones_free.length ? own.free(shifts.phones_free.join(", ")) : own.freeNone}</p>
      {shifts.off_duty.length > 0 && (
        <details className="due-later">
          <summary>{own.off(shifts.off_duty.length)}</summary>
          <ul className="off-duty">
            {shifts.off_duty.map((one) => (
              <li key={one.staff}>
                <strong>{one.name}</strong> {own.role[one.role]}
                {one.units.length > 0 && ` · ${one.units.join(", ")}`}
              </li>
            ))}
          </ul>
        </details>
      )}
      <p className="quiet">{own.noFigures}</p>
    </>
  );
}

function Planned({ shifts }: { shifts: Answer }) {
  const own = useHouse().shifts;
  const day = useDay();
  if (!shifts.shifts.length) return <p>{own.plannedNone}</p>;
  const days = (weekdays: readonly number[]) =>
    weekdays.length === own.days.length
      ? own.everyDay
      : weekdays.map((one) => own.days[one]).join(", ");
  return (
    <Table name={own.planned} heads={Object.values(own.plannedColumns)}>
      {shifts.shifts.map((one) => (
        <tr key={one.id} data-testid="shift">
          <th scope="row">{one.id}</th>
          <td>
            {one.since}–{one.until}
          </td>
          <td>{days(one.weekdays)}</td>
          <td>{one.units.join(", ") || own.house}</td>
          <td className={one.began ? "strong" : undefined}>
            {one.began
              ? own.on(clock(one.began))
              : one.next && own.next(`${day(one.next)} ${clock(one.next)}`)}
          </td>
        </tr>
      ))}
    </Table>
  );
}
