// Calls with their times: a time that has not come is said, never left blank; each says why.
import { Fragment, useState } from "react";
import type { CallsPage, CallTimes, Story } from "../api/answers";
import type { Outcome } from "../api/frames";
import { clock, spoken } from "../core/age";
import { kindOf } from "../core/alarm";
import { Mark } from "../ui/Mark";
import { usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { useWords } from "../ui/words";
import { Part, PrintButton, Table, useConsole } from "./parts";

const DAY_MS = 24 * 3_600_000;
const EVERY_MS = 3_000;

export function Calls() {
  const { words } = usePage();
  const own = useConsole();
  const [since] = useState(() => new Date(Date.now() - DAY_MS).toISOString());
  const [openOnly, setOpenOnly] = useState(false);
  const [asked, setAsked] = useState<string | null>(null);
  const polled = usePoll<CallsPage>(`/calls?since=${since}&open=${openOnly}`, EVERY_MS);
  const { calls: title, callColumns, callsEmpty } = words.console;
  const heads = [...Object.values(callColumns)];
  heads.splice(2, 0, own.patient);
  return (
    <Part
      title={title}
      polled={polled}
      every={EVERY_MS}
      tools={
        <>
          <label className="tick">
            <input
              type="checkbox"
              checked={openOnly}
              onChange={({ target }) => setOpenOnly(target.checked)}
            />
            {own.onlyOpen}
          </label>
          <PrintButton />
        </>
      }
    >
      {({ calls }) =>
        calls.length ? (
          <Table name={title} heads={[...heads, ""]} kind="times">
            {calls.map((call) => (
              <Fragment key={call.id}>
                <CallRow
                  call={call}
                  open={asked === call.id}
                  onWhy={() => setAsked(asked === call.id ? null : call.id)}
                />
                {asked === call.id && (
                  <tr>
                    <td colSpan={heads.length + 1}>
                      <StoryOf call={call.id} />
                    </td>
                  </tr>
                )}
              </Fragment>
            ))}
          </Table>
        ) : (
          <p>{callsEmpty}</p>
        )
      }
    </Part>
  );
}

function CallRow({ call, open, onWhy }: { call: CallTimes; open: boolean; onWhy: () => void }) {
  const { words } = usePage();
  const own = useConsole();
  const phone = useWords();
  const kind = kindOf(call);
  const after = (at: string | null) =>
    at
      ? spoken(
          Math.round((Date.parse(at) - Date.parse(call.registered_at)) / 1_000),
          phone.contact.hour,
        )
      : words.console.notYet;
  const outcome = call.outcome as Outcome | null;
  return (
    <tr data-testid="call-row" data-call={call.id} data-state={call.state}>
      <td>{clock(call.registered_at)}</td>
      <td>{call.room ?? "–"}</td>
      <td>{call.patient ?? "–"}</td>
      <td>
        <span className="kind" data-kind={kind}>
          <Mark kind={kind} />
          {phone.kind[kind]}
        </span>
        {call.practice && ` (${words.console.practice})`}
      </td>
      <td>{words.console.state[call.state]}</td>
      <td>{after(call.delivered_at)}</td>
      <td>{after(call.taken_at)}</td>
      <td>{after(call.present_at)}</td>
      <td>{after(call.closed_at)}</td>
      <td>{call.owner?.name ?? "–"}</td>
      <td>{outcome ? phone.outcome[outcome] : "–"}</td>
      <td className="no-print">
        <button
          type="button"
          className="ds-button"
          data-variant="tertiary"
          aria-expanded={open}
          onClick={onWhy}
        >
          {open ? own.hide : own.why}
        </button>
      </td>
    </tr>
  );
}

/** What happened to a call, each step with the hub's own reason. */
function StoryOf({ call }: { call: string }) {
  const { words, lang } = usePage();
  const own = useConsole();
  const { data, refused, failed } = usePoll<Story>(`/calls/${call}?lang=${lang}`, 3_000);
  if (refused) return <p>{refused.message}</p>;
  if (!data) return <p role="status">{failed ? words.console.failed : words.console.loading}</p>;
  if (!data.story.length) return <p>{own.storyEmpty}</p>;
  return (
    <ol className="story-list" data-testid="story" aria-label={own.story}>
      {data.story.map((told) => (
        <li key={`${told.at} ${told.move} ${told.handset} ${told.staff?.id}`}>
          <time dateTime={told.at}>{seconds(told.at)}</time>
          <strong>{own.move[told.move] ?? told.move}</strong>
          <span>
            {told.text}
            {told.staff && <em> · {told.staff.name}</em>}
            {told.handset && <em> ({told.handset})</em>}
          </span>
        </li>
      ))}
    </ol>
  );
}

const seconds = (at: string): string => `${clock(at)}:${new Date(at).toISOString().slice(17, 19)}`;
