// A rule to be written: the hub reads it back while one types, and nothing typed is ever lost.
import { type ReactNode, useEffect, useState } from "react";
import type { Me, Preview, Rule, RuleFields } from "../api/answers";
import { change, get, post, Refused } from "../api/http";
import { wordsOfRefusal } from "../i18n/refusals";
import { usePage } from "../ui/page";
import { Conflict } from "./Conflict";
import { useConsole } from "./parts";
import { Rehearsal } from "./Rehearsal";
import {
  changed,
  named as idOf,
  KINDS,
  minutesOf,
  SAVE_AS,
  type SaveAs,
  withKind,
} from "./ruleFields";

const READ_AFTER_MS = 400;

interface FormProps {
  /** Null: a new one. */
  rule: Rule | null;
  me: Me;
  /** Patients by id. */
  names: ReadonlyMap<string, string>;
  taken: readonly string[];
  onSaved: (rule: Rule) => void;
  onClose: () => void;
}

type Trouble =
  | { is: "none" }
  | { is: "refused"; text: string; fields: ReadonlyMap<string, string> }
  | { is: "conflict"; theirs: Rule; text: string };

export function RuleForm({ rule, me, names, taken, onSaved, onClose }: FormProps) {
  const own = useConsole().rules;
  const { words } = usePage();
  const [base, setBase] = useState(rule);
  const [fields, setFields] = useState<RuleFields>(rule?.fields ?? blank(me, names));
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>({ is: "none" });
  const put = (more: Partial<RuleFields>) => setFields((before) => ({ ...before, ...more }));
  const labels = own.fields as Record<string, string>;
  const named = (field: string, text: string) =>
    labels[field] ? `${labels[field]} ${text}` : text;
  const wrong = trouble.is === "refused" ? trouble.fields : new Map<string, string>();

  const send = async (as: SaveAs, on: Rule | null) => {
    setBusy(true);
    const written = { ...fields, state: as };
    try {
      const saved = on
        ? await change<Rule>(`/rules/${on.id}`, changed(on.fields, written), on.version)
        : await post<Rule>("/rules", { id: idOf(fields, taken), fields: written });
      onSaved(saved);
    } catch (problem) {
      setFields(written);
      setTrouble(await troubleOf(problem, on, words.console.failed));
    } finally {
      setBusy(false);
    }
  };
  if (trouble.is === "conflict" && base) {
    return (
      <Conflict
        base={base.fields}
        mine={changed(base.fields, fields)}
        theirs={trouble.theirs}
        text={trouble.text}
        busy={busy}
        onMine={() => {
          setBase(trouble.theirs);
          void send((fields.state as SaveAs) ?? "draft", {
            ...trouble.theirs,
            // Only what I changed is sent: the rest stays the other's.
            fields: base.fields,
          });
        }}
        onTheirs={() => {
          setBase(trouble.theirs);
          setFields(trouble.theirs.fields);
          setTrouble({ is: "none" });
        }}
      />
    );
  }
  return (
    <form
      className="rule-form"
      data-testid="rule-form"
      onSubmit={(event) => {
        event.preventDefault();
        const button = (event.nativeEvent as SubmitEvent).submitter as HTMLButtonElement | null;
        void send((button?.value as SaveAs) ?? "draft", base);
      }}
    >
      <div className="rule-fields">
        <h3>{base ? `${base.patient_name} · ${own.version(base.version)}` : own.make}</h3>
        <WhatAndWhen fields={fields} names={names} isNew={!base} put={put} wrong={wrong} />
        <Grounds fields={fields} put={put} wrong={wrong} />
        {trouble.is === "refused" && (
          <div role="alert" className="refusal">
            <strong>{own.refused}</strong>
            <p>{trouble.text}</p>
            <ul>
              {[...trouble.fields].map(([field, text]) => (
                <li key={field}>{named(field, text)}</li>
              ))}
            </ul>
          </div>
        )}
        <div className="buttons">
          {SAVE_AS.map((as) => (
            <button
              key={as}
              type="submit"
              value={as}
              className="ds-button"
              data-variant={as === "active" ? "primary" : "secondary"}
              disabled={busy}
            >
              {own.save[as]}
            </button>
          ))}
          <button type="button" className="ds-button" data-variant="tertiary" onClick={onClose}>
            {own.cancel}
          </button>
        </div>
        <p role="status">{busy ? own.saving : ""}</p>
      </div>
      <ReadBack id={base?.id ?? "draft"} fields={fields} />
    </form>
  );
}

const blank = (me: Me, names: ReadonlyMap<string, string>): RuleFields => ({
  patient: names.keys().next().value ?? "",
  need: "",
  triggers: [{ kind: "bed_exit" }],
  call_type: "bed_exit",
  state: "draft",
  window: { since: "22:00", until: "07:00" },
  delay: "10min",
  ends_by_itself: true,
  decided_by: me.staff,
});

async function troubleOf(problem: unknown, on: Rule | null, failed: string): Promise<Trouble> {
  if (!(problem instanceof Refused)) return { is: "refused", text: failed, fields: new Map() };
  if (problem.status === 412 && on) {
    const theirs = await get<Rule>(`/rules/${on.id}`).catch(() => null);
    if (theirs) return { is: "conflict", theirs, text: problem.message };
  }
  const fields = problem.errors.map(
    ({ field, expected, code = "" }) =>
      [field.split(".")[0] ?? "", wordsOfField(field, code) ?? expected] as const,
  );
  return { is: "refused", text: problem.message, fields: new Map(fields) };
}

/** Why fields do not read as a rule yet: each field's own words, else the whole sentence. */
function whyNot(problem: unknown): string {
  if (!(problem instanceof Refused)) return problem instanceof Error ? problem.message : "";
  const said = problem.errors.map(
    ({ field, expected, code = "" }) => wordsOfField(field, code) ?? expected,
  );
  return said.join(" ") || problem.message;
}

const wordsOfField = (field: string, code: string) =>
  wordsOfRefusal({ code, params: {} }) ??
  wordsOfRefusal({ code: `field-${field.split(".")[0]}`, params: {} });

interface PartProps {
  fields: RuleFields;
  put: (more: Partial<RuleFields>) => void;
  wrong: ReadonlyMap<string, string>;
}

function Field({
  name,
  label,
  wrong,
  children,
}: {
  name: string;
  label: string;
  wrong: ReadonlyMap<string, string>;
  children: ReactNode;
}) {
  const own = useConsole().rules;
  const text = wrong.get(name);
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="field" data-wrong={text !== undefined || undefined}>
      <span>{label}</span>
      {children}
      {text !== undefined && (
        <span className="error">
          {own.refusedField}: {text}
        </span>
      )}
    </label>
  );
}

interface WhatProps extends PartProps {
  names: ReadonlyMap<string, string>;
  isNew: boolean;
}

function WhatAndWhen({ fields, names, isNew, put, wrong }: WhatProps) {
  const own = useConsole();
  const { rules: words } = own;
  const name = words.fields;
  const window = fields.window ?? null;
  const kind = fields.triggers[0]?.kind ?? "bed_exit";
  return (
    <>
      {isNew && (
        <Field name="patient" label={name.patient} wrong={wrong}>
          <select
            className="ds-input"
            value={fields.patient}
            onChange={({ target }) => put({ patient: target.value })}
          >
            {[...names].map(([id, text]) => (
              <option key={id} value={id}>
                {text}
              </option>
            ))}
          </select>
        </Field>
      )}
      <Field name="need" label={name.need} wrong={wrong}>
        <textarea
          className="ds-input"
          rows={2}
          value={fields.need}
          onChange={({ target }) => put({ need: target.value })}
        />
      </Field>
      <Field name="triggers" label={name.kind} wrong={wrong}>
        <select
          className="ds-input"
          value={kind}
          onChange={({ target }) => put(withKind(fields, target.value))}
        >
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {words.kind[one]}
            </option>
          ))}
        </select>
        {fields.triggers.length > 1 && <small>{words.more(fields.triggers.length - 1)}</small>}
      </Field>
      <Field name="delay" label={`${name.delay} (${words.minutes})`} wrong={wrong}>
        <input
          className="ds-input"
          type="number"
          min={0}
          max={720}
          step="any"
          value={minutesOf(fields.delay)}
          onChange={({ target }) => put({ delay: `${Math.round(Number(target.value) * 60)}s` })}
        />
      </Field>
      <fieldset className="field">
        <legend>{name.window}</legend>
        <label className="tick">
          <input
            type="checkbox"
            checked={window === null}
            onChange={({ target }) =>
              put({ window: target.checked ? null : { since: "22:00", until: "07:00" } })
            }
          />
          {name.always}
        </label>
        {window && (
          <div className="pair">
            <Field name="since" label={name.since} wrong={wrong}>
              <input
                className="ds-input"
                inputMode="numeric"
                pattern="[0-2]?\d:[0-5]\d"
                maxLength={5}
                value={window.since}
                onChange={({ target }) => put({ window: { ...window, since: target.value } })}
              />
            </Field>
            <Field name="until" label={name.until} wrong={wrong}>
              <input
                className="ds-input"
                inputMode="numeric"
                pattern="[0-2]?\d:[0-5]\d"
                maxLength={5}
                value={window.until}
                onChange={({ target }) => put({ window: { ...window, until: target.value } })}
              />
            </Field>
          </div>
        )}
        {wrong.get("window") && <span className="error">{wrong.get("window")}</span>}
      </fieldset>
      <Field name="priority" label={name.priority} wrong={wrong}>
        <select
          className="ds-input"
          value={fields.priority ?? ""}
          onChange={({ target }) => put({ priority: target.value || null })}
        >
          <option value="">{name.usual}</option>
          {(["urgent", "important", "routine"] as const).map((one) => (
            <option key={one} value={one}>
              {own.figures.priority[one]}
            </option>
          ))}
        </select>
      </Field>
      <label className="tick">
        <input
          type="checkbox"
          checked={fields.ends_by_itself ?? false}
          onChange={({ target }) => put({ ends_by_itself: target.checked })}
        />
        {name.ends_by_itself}
      </label>
      <Field name="text" label={name.text} wrong={wrong}>
        <input
          className="ds-input"
          value={fields.text ?? ""}
          onChange={({ target }) => put({ text: target.value })}
        />
      </Field>
    </>
  );
}

function Grounds({ fields, put, wrong }: PartProps) {
  const own = useConsole().rules;
  const name = own.fields;
  return (
    <>
      <Field name="basis" label={name.basis} wrong={wrong}>
        <select
          className="ds-input"
          value={fields.basis ?? ""}
          onChange={({ target }) => put({ basis: target.value || null })}
        >
          <option value="">{name.noBasis}</option>
          {Object.entries(own.basis).map(([id, text]) => (
            <option key={id} value={id}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      {(["basis_reference", "least_intrusive"] as const).map((one) => (
        <Field key={one} name={one} label={name[one]} wrong={wrong}>
          <input
            className="ds-input"
            value={fields[one] ?? ""}
            onChange={({ target }) => put({ [one]: target.value })}
          />
        </Field>
      ))}
      <Field name="review_by" label={name.review_by} wrong={wrong}>
        <input
          className="ds-input"
          type="date"
          value={fields.review_by ?? ""}
          onChange={({ target }) => put({ review_by: target.value || null })}
        />
      </Field>
    </>
  );
}

/** «Slik vil det virke»: the hub's own sentence, a moment after each keystroke. */
function ReadBack({ id, fields }: { id: string; fields: RuleFields }) {
  const own = useConsole().rules;
  const { lang } = usePage();
  const [read, setRead] = useState<Preview | null>(null);
  const [error, setError] = useState("");
  const [reading, setReading] = useState(true);
  useEffect(() => {
    let over = false;
    setReading(true);
    const timer = setTimeout(async () => {
      try {
        const state = fields.state === "ended" ? "draft" : "active";
        const found = await post<Preview>("/rules/preview", { id, fields: { ...fields, state } });
        if (over) return;
        setRead(found);
        setError("");
      } catch (problem) {
        if (!over) setError(whyNot(problem));
      }
      if (!over) setReading(false);
    }, READ_AFTER_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [id, fields]);
  return (
    <aside className="read-back">
      <h4>{own.how}</h4>
      <p
        className="rule-sentence"
        data-testid="read-back"
        aria-live="polite"
        data-old={reading || undefined}
      >
        {read ? read.sentences[lang] : own.reading}
      </p>
      {read && <p>{read.basis[lang]}</p>}
      {read && read.problems.length > 0 && (
        <>
          <strong>{own.notActive}</strong>
          <ul>
            {read.problems.map((problem, n) => (
              <li key={problem}>
                {wordsOfRefusal({ code: read.problem_codes[n] ?? "", params: {} }) ?? problem}
              </li>
            ))}
          </ul>
        </>
      )}
      <p className="error">{error}</p>
      <Rehearsal body={{ fields }} />
    </aside>
  );
}
