// Rules of sensor calls: what is due, the list, and one rule at a time to read or to change.
import { useState } from "react";
import type { Rules as Answer, Me, Patients, Reviews, Rule } from "../api/answers";
import { usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { Choose, Part, useConsole, useDay } from "./parts";
import { RuleDetail } from "./RuleDetail";
import { RuleForm } from "./RuleForm";

const FILTERS = ["all", "use", "attention"] as const;
type Filter = (typeof FILTERS)[number];

const passes = (rule: Rule, filter: Filter): boolean => {
  if (filter === "use") return rule.state === "active" || rule.state === "trial";
  if (filter === "attention")
    return rule.review_overdue || rule.state === "suspended" || rule.problems.length > 0;
  return true;
};

export function Rules({ me, at }: { me: Me; at: string }) {
  const words = useConsole();
  const own = words.rules;
  const { lang } = usePage();
  // What stands after «#» is sent to nobody: it only asks again, after a change.
  const [asked, setAsked] = useState(0);
  const [chosen, setChosen] = useState<string | null>(at || null);
  const [filter, setFilter] = useState<Filter>("all");
  const decides = me.role === "nurse" || me.role === "leader";
  const rules = usePoll<Answer>(`/rules#${asked}`, 15_000);
  const people = usePoll<Patients>(`/patients?lang=${lang}`, 60_000);
  const again = () => setAsked((n) => n + 1);
  const names = new Map([
    ...(rules.data?.rules ?? []).map((rule) => [rule.patient, rule.patient_name] as const),
    ...(people.data?.patients ?? []).map((one) => [one.id, `${one.name} · ${one.room}`] as const),
  ]);
  return (
    <>
      {decides && <Due onPick={setChosen} />}
      <Part
        title={own.title}
        polled={rules}
        tools={
          <>
            <Choose
              label={own.filter}
              value={filter}
              all={FILTERS}
              name={(one) => own.filters[one]}
              onChange={setFilter}
            />
            {decides && (
              <button
                type="button"
                className="ds-button"
                data-variant="secondary"
                onClick={() => setChosen("")}
              >
                {own.make}
              </button>
            )}
          </>
        }
      >
        {({ rules: all }) => {
          const rule = all.find(({ id }) => id === chosen);
          return (
            <div className="rules">
              <RuleList
                rules={all.filter((one) => passes(one, filter))}
                chosen={chosen}
                onPick={setChosen}
              />
              <div className="rule-place">
                {rule && (
                  <RuleDetail
                    key={rule.id}
                    rule={rule}
                    me={me}
                    names={names}
                    decides={decides}
                    onChanged={again}
                  />
                )}
                {!rule && chosen === "" && decides && (
                  <RuleForm
                    rule={null}
                    me={me}
                    names={names}
                    taken={all.map(({ id }) => id)}
                    onSaved={(made) => {
                      again();
                      setChosen(made.id);
                    }}
                    onClose={() => setChosen(null)}
                  />
                )}
                {!rule && !(chosen === "" && decides) && <p className="quiet">{own.pick}</p>}
              </div>
            </div>
          );
        }}
      </Part>
    </>
  );
}

interface ListProps {
  rules: readonly Rule[];
  chosen: string | null;
  onPick: (id: string) => void;
}

function RuleList({ rules, chosen, onPick }: ListProps) {
  const own = useConsole().rules;
  const { lang } = usePage();
  const day = useDay();
  if (!rules.length) return <p>{own.none}</p>;
  return (
    <ul className="rule-list">
      {rules.map((rule) => (
        <li key={rule.id}>
          <button
            type="button"
            data-testid="rule-row"
            aria-current={rule.id === chosen || undefined}
            onClick={() => onPick(rule.id)}
          >
            <span className="rule-head">
              <strong>{rule.patient_name}</strong>
              <span className="state" data-state={rule.state}>
                {own.state[rule.state] ?? rule.state}
              </span>
            </span>
            <span>{rule.sentences[lang]}</span>
            {rule.review_by && (
              <span className={rule.review_overdue ? "strong" : "quiet"}>
                {own.fields.review_by} {day(rule.review_by)}
                {rule.review_overdue && ` · ${own.overdue}`}
              </span>
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What is to be decided again, the longest overdue first. */
function Due({ onPick }: { onPick: (id: string) => void }) {
  const own = useConsole().rules;
  const { lang } = usePage();
  const polled = usePoll<Reviews>(`/reviews?lang=${lang}`, 60_000);
  return (
    <Part title={own.due} polled={polled}>
      {({ reviews }) => {
        const soon = reviews.filter(({ due, overdue }) => overdue || isSoon(due));
        const later = reviews.filter((one) => !soon.includes(one));
        return (
          <>
            {!soon.length && <p>{own.dueNone}</p>}
            <DueList reviews={soon} onPick={onPick} />
            {later.length > 0 && (
              <details className="due-later">
                <summary>{own.dueLater(later.length)}</summary>
                <DueList reviews={later} onPick={onPick} />
              </details>
            )}
          </>
        );
      }}
    </Part>
  );
}

const SOON_MS = 7 * 24 * 3_600_000;
const isSoon = (due: string) => Date.parse(due) - Date.now() < SOON_MS;

function DueList({
  reviews,
  onPick,
}: {
  reviews: Reviews["reviews"];
  onPick: (id: string) => void;
}) {
  const own = useConsole().rules;
  const day = useDay();
  return (
    <ul className="due" data-testid="due">
      {reviews.map(({ kind, patient, room, rule, due, overdue, sentence }) => (
        <li key={`${kind} ${patient} ${rule}`}>
          <strong>
            {patient} · {room}
          </strong>
          <span>{sentence}</span>
          <span className={overdue ? "strong" : "quiet"}>
            {own.dueBy(day(due))}
            {overdue && ` · ${own.overdue}`}
          </span>
          {rule && (
            <button
              type="button"
              className="ds-button no-print"
              data-variant="tertiary"
              onClick={() => onPick(rule)}
            >
              {own.see}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
