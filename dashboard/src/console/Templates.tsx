// Templates of rules: what each says, and which rules follow it, deviate and why, or are older.
import { useState } from "react";
import type { Templates as Answer, RuleOfTemplate, TemplateRow } from "../api/answers";
import { usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { Choose, Part, PrintButton, Table, useConsole, useHouse } from "./parts";
import { minutesOf } from "./ruleFields";

/** Each look is a row of the access log for each patient with such a rule. */
const EVERY_MS = 300_000;
const FILTERS = ["all", "odd"] as const;
type Filter = (typeof FILTERS)[number];

export function Templates() {
  const own = useHouse().templates;
  const [filter, setFilter] = useState<Filter>("all");
  const polled = usePoll<Answer>("/templates", EVERY_MS);
  return (
    <Part
      title={own.title}
      polled={polled}
      every={EVERY_MS}
      tools={
        <>
          <Choose
            label={own.show}
            value={filter}
            all={FILTERS}
            name={(one) => own.filters[one]}
            onChange={setFilter}
          />
          <PrintButton />
        </>
      }
    >
      {({ templates, missing, untied }) => (
        <>
          {!templates.length && <p>{own.none}</p>}
          {templates.map((one) => (
            <Template key={one.id} template={one} filter={filter} />
          ))}
          {missing.length > 0 && (
            <section>
              <h3>{own.missing}</h3>
              <RulesOf name={own.missing} rules={missing} newest={0} />
            </section>
          )}
          {untied > 0 && <p className="quiet">{own.untied(untied)}</p>}
        </>
      )}
    </Part>
  );
}

function Template({ template, filter }: { template: TemplateRow; filter: Filter }) {
  const own = useHouse().templates;
  const tell = useTold();
  const odd = template.rules.filter(({ follows }) => follows !== "follows");
  const shown = filter === "odd" ? odd : template.rules;
  const says = Object.entries(template.fields);
  return (
    <article className="template" data-testid="template">
      <h3>
        {template.title || template.id}{" "}
        <small className="of-version">{own.version(template.version)}</small>
      </h3>
      <p className="quiet">
        {template.id}
        {template.routine && ` · ${own.routine(template.routine)}`}
      </p>
      {template.newest > template.version && <p className="strong">{own.newer(template.newest)}</p>}
      {template.otherwise && <p className="strong">{own.otherwise}</p>}
      <h4>{own.says}</h4>
      {says.length ? (
        <dl className="says">
          {says.map(([field, value]) => (
            <div key={field}>
              <dt>{own.fields[field] ?? field}</dt>
              <dd>{tell(field, value)}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p>{own.saysNothing}</p>
      )}
      <h4>{own.rules(template.rules.length)}</h4>
      {template.rules.length > 0 ? (
        <>
          <p>{own.all(template.rules.length - odd.length, odd.length)}</p>
          {shown.length > 0 && (
            <RulesOf name={template.title} rules={shown} newest={template.newest} />
          )}
        </>
      ) : (
        <p>{own.noRules}</p>
      )}
    </article>
  );
}

function RulesOf({
  name,
  rules,
  newest,
}: {
  name: string;
  rules: readonly RuleOfTemplate[];
  newest: number;
}) {
  const own = useHouse().templates;
  const states = useConsole().rules.state;
  return (
    <Table name={name} heads={Object.values(own.columns)}>
      {rules.map((one) => (
        <tr key={one.rule} data-testid="rule-of" data-follows={one.follows}>
          <th scope="row">{one.patient_name}</th>
          <td>{states[one.state] ?? one.state}</td>
          <td>
            <span className={one.follows === "follows" ? undefined : "strong"}>
              {one.follows === "follows" ? "✓ " : "≠ "}
              {own.follows[one.follows]}
            </span>
            {one.follows === "older" && (
              <span className="quiet"> {own.olderOf(one.version, newest)}</span>
            )}
          </td>
          <td>
            <Differences rule={one} />
          </td>
          <td>{one.reason || (one.differs.length ? own.noReason : "–")}</td>
          <td className="no-print">
            <a className="ds-link" href={`#rules/${encodeURIComponent(one.rule)}`}>
              {own.see}
            </a>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Differences({ rule }: { rule: RuleOfTemplate }) {
  const own = useHouse().templates;
  const tell = useTold();
  if (!rule.differs.length) return <>{rule.follows === "older" ? own.notKept : "–"}</>;
  return (
    <ul className="plain">
      {rule.differs.map(({ field, template, rule: here }) => (
        <li key={field}>
          {own.fields[field] ?? field}: {tell(field, template)} →{" "}
          <strong>{tell(field, here)}</strong>
        </li>
      ))}
    </ul>
  );
}

interface Trigger {
  kind: string;
  within?: string;
}

/** A field of the house file as a person reads it. */
function useTold() {
  const own = useHouse();
  const words = useConsole();
  const { lang } = usePage();
  const list = new Intl.ListFormat(lang, { type: "conjunction" });
  return (field: string, value: unknown): string => {
    const { templates } = own;
    if (field === "window") {
      const window = value as { since: string; until: string } | null | undefined;
      return window ? `${window.since}–${window.until}` : templates.always;
    }
    if (value === null || value === undefined || value === "") {
      return field === "delay" ? "0 min" : templates.usual;
    }
    if (field === "delay") return `${minutesOf(String(value))} min`;
    if (field === "triggers" || field === "unless") {
      const kinds = (value as readonly Trigger[]).map(
        ({ kind, within }) =>
          (words.rules.kind[kind] ?? kind) + (within ? ` (${minutesOf(within)} min)` : ""),
      );
      return list.format(kinds);
    }
    if (field === "call_type") return own.callType[String(value)] ?? String(value);
    if (field === "priority") return words.figures.priority[String(value)] ?? String(value);
    if (typeof value === "boolean") return value ? templates.yes : templates.no;
    return String(value);
  };
}
