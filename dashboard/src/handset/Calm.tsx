// H1: no call. Who else is here, and a way to ask for help.
import { useEffect, useState } from "react";
import type { Card, Colleague } from "../api/frames";
import { counter, secondsSince, spoken } from "../core/age";
import { kindOf } from "../core/alarm";
import type { View } from "../core/telephone";
import type { Words } from "../i18n/nb";
import { Hold } from "../ui/Hold";
import { Mark } from "../ui/Mark";
import { Tap } from "../ui/Tap";
import { useWords } from "../ui/words";
import { roomOf } from "./CallCard";

interface CalmProps {
  view: View;
  hubNow: number;
  onHelp: (action: "assist" | "emergency") => void;
  onPatients: () => void;
  onOpen: (call: string) => void;
}

export function Calm({ view, hubNow, onHelp, onPatients, onOpen }: CalmProps) {
  const words = useWords();
  const calls = view.shown?.calls ?? [];
  const age = Math.floor(view.silentMs / 1_000);
  return (
    <section className="calm" data-testid="calm">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="calm-body" tabIndex={0} aria-label={words.calm.colleagues}>
        <h1 className="calm-title">
          {calls.length
            ? words.calm.others
            : view.contact === "lost"
              ? words.calm.unknown
              : words.calm.title}
        </h1>
        <p className="quiet">
          {age < 4 ? words.calm.now : words.calm.since(spoken(age, words.contact.hour))}
        </p>
        <CallList calls={calls} hubNow={hubNow} onOpen={onOpen} />
        <Colleagues colleagues={view.shown?.colleagues ?? []} />
      </section>
      <div className="calm-ways">
        <Tap variant="secondary" onTap={onPatients}>
          {words.calm.patients}
        </Tap>
      </div>
      <HelpBar view={view} onHelp={onHelp} />
    </section>
  );
}

interface CallListProps {
  calls: readonly Card[];
  hubNow: number;
  onOpen: (call: string) => void;
}

/** Calls in short: the way to those that are not in front. */
export function CallList({ calls, hubNow, onOpen }: CallListProps) {
  const words = useWords();
  if (!calls.length) return null;
  return (
    <ul className="call-list">
      {calls.map((card) => {
        const kind = kindOf(card);
        return (
          <li key={card.id}>
            <button
              type="button"
              className="call-row"
              data-kind={kind}
              onClick={() => onOpen(card.id)}
            >
              <Mark kind={kind} />
              <span className="strong">{roomOf(card, words)}</span>
              <span>{words.kind[kind]}</span>
              <span className="call-row-who">
                {card.present[0]?.name ??
                  card.owner?.name ??
                  counter(secondsSince(card.opened_at, hubNow))}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function Colleagues({ colleagues }: { colleagues: readonly Colleague[] }) {
  const words = useWords();
  return (
    <>
      <h2 className="subtitle">{words.calm.colleagues}</h2>
      {colleagues.length === 0 && <p className="quiet">{words.calm.alone}</p>}
      <ul className="people">
        {colleagues.map(({ id, name, doing, room }) => (
          <li key={id} data-doing={doing}>
            <span className="strong">{name}</span>
            <span>
              {words.doing[doing]}
              {room && ` ${room}`}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

type Help = "assist" | "emergency";
const TOLD_MS = 8_000;

/** What became of the last cry for help: never «asked for» before the hub has said so. */
function outcome(view: View, action: Help, asked: boolean, words: Words): string {
  if (view.waiting.some(({ op }) => op.action === action && !op.call)) {
    return view.contact === "lost" ? words.call.waitingOther : words.call.sending;
  }
  const refused = view.notices.some(({ what }) => what.is === "refused");
  if (!asked || refused) return words.help[action];
  return action === "assist" ? words.help.sent : words.help.emergencySent;
}

function HelpBar({ view, onHelp }: { view: View; onHelp: (action: Help) => void }) {
  const words = useWords();
  const [asked, setAsked] = useState<Help | null>(null);
  const ask = (action: Help) => {
    onHelp(action);
    setAsked(action);
  };
  // What became of it stands until it has been read: counted from the hub's answer.
  const waits = view.waiting.some(({ op }) => op.action === asked && !op.call);
  useEffect(() => {
    if (!asked || waits) return;
    const timer = setTimeout(() => setAsked(null), TOLD_MS);
    return () => clearTimeout(timer);
  }, [asked, waits]);
  return (
    <div className="bottom pair">
      <Hold onDone={() => ask("assist")} hint={words.help.assistHow}>
        {outcome(view, "assist", asked === "assist", words)}
      </Hold>
      <Hold onDone={() => ask("emergency")} hint={words.help.assistHow} color="danger">
        {outcome(view, "emergency", asked === "emergency", words)}
      </Hold>
    </div>
  );
}
