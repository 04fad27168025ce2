// Two people changed one rule: both changes side by side, and neither is written over unseen.
import type { Rule } from "../api/answers";
import { usePage } from "../ui/page";
import { Table, useConsole } from "./parts";
import { told } from "./ruleFields";

interface ConflictProps {
  /** What I changed, by field. */
  mine: Record<string, unknown>;
  theirs: Rule;
  /** The hub's sentence: who changed what, and when. */
  text: string;
  busy: boolean;
  onMine: () => void;
  onTheirs: () => void;
}

export function Conflict({ mine, theirs, text, busy, onMine, onTheirs }: ConflictProps) {
  const own = useConsole().rules;
  const { lang } = usePage();
  const names = own.fields as Record<string, string>;
  return (
    <section className="conflict" data-testid="conflict" role="alert">
      <h3>{own.conflict}</h3>
      <p>{own.conflictLead}</p>
      <p>{text}</p>
      <p>
        {own.version(theirs.version)}: {theirs.sentences[lang]}
      </p>
      <Table name={own.conflict} heads={[own.field, own.mine, own.theirs]}>
        {Object.entries(mine).map(([field, value]) => (
          <tr key={field}>
            <th scope="row">{names[field] ?? field}</th>
            <td>{told(value)}</td>
            <td>{told(theirs.fields[field])}</td>
          </tr>
        ))}
      </Table>
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
