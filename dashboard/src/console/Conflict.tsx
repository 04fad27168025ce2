// Two people changed one rule: both changes side by side, and neither is written over unseen.
import type { Rule, RuleFields } from "../api/answers";
import { usePage } from "../ui/page";
import { Table, useConsole } from "./parts";
import { changed, told } from "./ruleFields";

interface ConflictProps {
  /** As the rule stood when I began, what I changed of it, and what the other made of it. */
  base: RuleFields;
  mine: Record<string, unknown>;
  theirs: Rule;
  /** The hub's sentence: who changed what, and when. */
  text: string;
  busy: boolean;
  onMine: () => void;
  onTheirs: () => void;
}

export function Conflict({ base, mine, theirs, text, busy, onMine, onTheirs }: ConflictProps) {
  const own = useConsole().rules;
  const { lang } = usePage();
  const fields = new Set([...Object.keys(mine), ...Object.keys(changed(base, theirs.fields))]);
  const names = own.fields as Record<string, string>;
  return (
    <section className="conflict" data-testid="conflict" role="alert">
      <h3>{own.conflict}</h3>
      <p>{own.conflictLead}</p>
      <p>
        {own.version(theirs.version)}: {theirs.sentences[lang]}
      </p>
      <Table name={own.conflict} heads={[own.field, own.mine, own.theirs]}>
        {[...fields].map((field) => (
          <tr key={field}>
            <th scope="row">{names[field] ?? field}</th>
            <td>{told(field, field in mine ? mine[field] : base[field])}</td>
            <td>{told(field, theirs.fields[field])}</td>
          </tr>
        ))}
      </Table>
      <p className="quiet">{text}</p>
      <div className="buttons">
        <button type="button" className="ds-button" disabled={busy} onClick={onMine}>
          {own.keepMine}
        </button>
        <button
          type="button"
          className="ds-button"
          data-variant="secondary"
          disabled={busy}
          onClick={onTheirs}
        >
          {own.takeTheirs}
        </button>
      </div>
    </section>
  );
}
