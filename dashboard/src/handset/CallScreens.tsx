// H2 to H6: one call, full screen, and the one decision it asks for.
import { type ReactNode, useState } from "react";
import type { Action, Card, Colleague, Doing, Outcome } from "../api/frames";
import { counter, secondsSince, spoken } from "../core/age";
import { undoLeft } from "../core/guard";
import { isHere } from "../core/shown";
import type { Extra } from "../core/telephone";
import { Mark } from "../ui/Mark";
import { Fresh, Tap } from "../ui/Tap";
import { useWords } from "../ui/words";
import { Facts, PriorityBar } from "./CallCard";

export interface CallProps {
  card: Card;
  hubNow: number;
  /** A tap on this call that the hub has not answered. */
  pending: Action | null;
  /** That tap is too young for another one. */
  busy: boolean;
  /** Without contact a tap waits, and must not look done. */
  contact: boolean;
  colleagues: readonly Colleague[];
  tookAt: number | null;
  act: (action: Action, extra?: Extra) => void;
  /** The other calls, as a way to them. */
  others: ReactNode;
}

/** The screen for where this call stands with me. */
export function CallScreen(props: CallProps & { me: string }) {
  const { card, me } = props;
  const [asking, setAsking] = useState<"cannot" | "handOver" | "outcome" | null>(null);
  const close = () => setAsking(null);
  if (asking === "cannot") return <Cannot {...props} onClose={close} />;
  if (asking === "handOver") return <HandOver {...props} onClose={close} />;
  if (asking === "outcome") return <OutcomeChoice {...props} onClose={close} />;
  const stage = stageOf(card, me);
  const Actions = { there: ThereActions, way: WayActions, incoming: IncomingActions }[stage];
  return (
    <Fresh key={stage}>
      <article
        className="call"
        data-testid="call-card"
        data-call={card.id}
        data-stage={stage}
        data-color-scheme="light"
      >
        <PriorityBar card={card} hubNow={props.hubNow} />
        {stage === "there" && <ThereBar />}
        <Facts card={card} hubNow={props.hubNow} />
        <div className="actions">
          <Sent {...props} />
          <Actions {...props} ask={setAsking} />
          {props.others}
        </div>
      </article>
    </Fresh>
  );
}

/** Where I stand with it: who comes beside another, and is offered it, has that to answer. */
function stageOf(card: Card, me: string): "there" | "way" | "incoming" {
  if (isHere(card, me)) return "there";
  return card.mine && !card.can.includes("take") ? "way" : "incoming";
}

type Stage = CallProps & { ask: (what: "cannot" | "handOver" | "outcome") => void };

/** Whether the last tap has left: optimistic for nobody but oneself. */
function Sent({ pending, contact }: CallProps) {
  const words = useWords();
  if (!pending) return null;
  const text = contact
    ? words.call.sending
    : pending === "take"
      ? words.call.waiting
      : words.call.waitingOther;
  return (
    <p className="sent" data-waiting={!contact || undefined} role="status">
      {text}
    </p>
  );
}

/** Who has it, and since when. */
function Taken({ card, hubNow }: { card: Card; hubNow: number }) {
  const words = useWords();
  if (!card.owner || !card.taken_at) return null;
  const since = spoken(secondsSince(card.taken_at, hubNow), words.contact.hour);
  return <p className="owner">{words.call.takenBy(card.owner.name, since)}</p>;
}

function IncomingActions({ card, hubNow, busy, act, ask }: Stage) {
  const words = useWords();
  const may = (action: Action) => card.can.includes(action);
  return (
    <>
      <Taken card={card} hubNow={hubNow} />
      {card.present.length > 0 && (
        <p className="owner">
          {words.call.presentBy(card.present.map(({ name }) => name).join(", "))}
        </p>
      )}
      {may("take") && (
        <Tap big onTap={() => act("take")} disabled={busy}>
          {words.call.take}
        </Tap>
      )}
      <div className="pair">
        {may("decline") && (
          <Tap variant="secondary" onTap={() => ask("cannot")} disabled={busy}>
            {words.call.decline}
          </Tap>
        )}
        {may("hand_over") && (
          <Tap variant="secondary" onTap={() => ask("handOver")} disabled={busy}>
            {words.call.handOver}
          </Tap>
        )}
        {!may("take") && may("arrive") && (
          <Tap variant="secondary" onTap={() => act("arrive")} disabled={busy}>
            {words.way.arrive}
          </Tap>
        )}
      </div>
    </>
  );
}

function WayActions({ card, hubNow, busy, tookAt, act, ask }: Stage) {
  const words = useWords();
  const may = (action: Action) => card.can.includes(action);
  const left = tookAt === null || !may("undo") ? 0 : undoLeft(tookAt, Date.now());
  return (
    <>
      <p className="owner" role="status">
        <strong>{words.call.youTook}.</strong>{" "}
        {card.taken_at && words.way.since(counter(secondsSince(card.taken_at, hubNow)))}{" "}
        <ArriveBy card={card} hubNow={hubNow} />
      </p>
      {left > 0 && (
        <Tap variant="secondary" color="danger" onTap={() => act("undo")} disabled={busy}>
          {words.call.undo} ({Math.ceil(left / 1_000)})
        </Tap>
      )}
      {may("arrive") && (
        <Tap big color="success" onTap={() => act("arrive")} disabled={busy}>
          {words.way.arrive}
        </Tap>
      )}
      {!may("arrive") && may("close") && (
        <Tap big onTap={() => ask("outcome")} disabled={busy}>
          {words.there.close}
        </Tap>
      )}
      <div className="pair">
        <Tap variant="secondary" onTap={() => act("assist")} disabled={busy}>
          {words.way.help}
        </Tap>
        {may("hand_over") && (
          <Tap variant="secondary" onTap={() => ask("handOver")} disabled={busy}>
            {words.call.handOver}
          </Tap>
        )}
        {may("decline") && !may("hand_over") && (
          <Tap variant="secondary" onTap={() => ask("cannot")} disabled={busy}>
            {words.call.decline}
          </Tap>
        )}
      </div>
    </>
  );
}

function ArriveBy({ card, hubNow }: { card: Card; hubNow: number }) {
  const words = useWords();
  if (!card.arrive_by) return null;
  const left = Math.ceil((Date.parse(card.arrive_by) - hubNow) / 1_000);
  return <> · {left > 0 ? words.way.arriveIn(counter(left)) : words.way.overdue}</>;
}

function ThereBar() {
  const words = useWords();
  return (
    <p className="present">
      <Mark kind="present" />
      {words.there.title}
    </p>
  );
}

function ThereActions({ card, hubNow, busy, act, ask }: Stage) {
  const words = useWords();
  const may = (action: Action) => card.can.includes(action);
  return (
    <>
      {card.present_at && (
        <p className="owner">
          {words.there.since(spoken(secondsSince(card.present_at, hubNow), words.contact.hour))}
        </p>
      )}
      {!card.mine && <Taken card={card} hubNow={hubNow} />}
      {card.offered && may("take") && (
        <Tap big onTap={() => act("take")} disabled={busy}>
          {words.call.take}
        </Tap>
      )}
      {may("close") && (
        <Tap big onTap={() => ask("outcome")} disabled={busy}>
          {words.there.close}
        </Tap>
      )}
      <div className="pair">
        <Tap variant="secondary" onTap={() => act("assist")} disabled={busy}>
          {words.there.help}
        </Tap>
        {may("hand_over") && (
          <Tap variant="secondary" onTap={() => ask("handOver")} disabled={busy}>
            {words.call.handOver}
          </Tap>
        )}
        {may("leave") && (
          <Tap variant="secondary" onTap={() => act("leave")} disabled={busy}>
            {words.there.leave}
          </Tap>
        )}
      </div>
    </>
  );
}

/** All calls of this phone, to choose which one is in front. */
export function AllCalls({ children, onClose }: { children: ReactNode; onClose: () => void }) {
  const words = useWords();
  return (
    <Choice title={words.call.all} onClose={onClose}>
      {children}
    </Choice>
  );
}

/** A question with its answers: one tap decides. */
function Choice({
  title,
  lead,
  children,
  onClose,
}: {
  title: string;
  lead?: string;
  children: ReactNode;
  onClose: () => void;
}) {
  const words = useWords();
  return (
    <Fresh>
      <section className="screen pad choice" data-testid="choice">
        <h1 className="title" tabIndex={-1} ref={(node) => node?.focus()}>
          {title}
        </h1>
        {lead && <p>{lead}</p>}
        <div className="answers">{children}</div>
        <Tap variant="tertiary" onTap={onClose}>
          {words.call.back}
        </Tap>
      </section>
    </Fresh>
  );
}

type Ask = CallProps & { onClose: () => void };

function Cannot({ act, onClose }: Ask) {
  const words = useWords();
  const decline = (reason: string) => {
    act("decline", { reason });
    onClose();
  };
  return (
    <Choice title={words.cannot.title} lead={words.cannot.lead} onClose={onClose}>
      {(["busy", "break", "other_unit", "none"] as const).map((reason) => (
        <Tap key={reason} variant="secondary" onTap={() => decline(reason)}>
          {words.cannot[reason]}
        </Tap>
      ))}
    </Choice>
  );
}

/** Who can come soonest stands first. */
const AVAILABLE: readonly Doing[] = ["free", "on_the_way", "with_patient", "no_contact"];

function HandOver({ act, onClose, colleagues, card }: Ask) {
  const words = useWords();
  const present = colleagues
    .filter(({ doing }) => doing !== "signed_off")
    .toSorted((a, b) => AVAILABLE.indexOf(a.doing) - AVAILABLE.indexOf(b.doing));
  const give = (to: string) => {
    act("hand_over", { to });
    onClose();
  };
  const giveBack = () => {
    act("decline", { reason: "none" });
    onClose();
  };
  return (
    <Choice
      title={words.handOver.title}
      lead={present.length ? words.handOver.lead : words.handOver.nobody}
      onClose={onClose}
    >
      {present.map((colleague) => (
        <Tap
          key={colleague.id}
          variant="secondary"
          disabled={colleague.doing === "no_contact"}
          onTap={() => give(colleague.id)}
        >
          <span>{colleague.name}</span>
          <small>
            {words.doing[colleague.doing]}
            {colleague.room && ` ${colleague.room}`}
          </small>
        </Tap>
      ))}
      {card.mine && card.can.includes("decline") && (
        <Tap variant="secondary" onTap={giveBack}>
          <span>{words.handOver.anybody}</span>
          <small>{words.handOver.atOnce}</small>
        </Tap>
      )}
    </Choice>
  );
}

const OUTCOMES = [
  "helped",
  "toilet",
  "unrest",
  "fall",
  "not_needed",
  "sensor_fault",
  "other",
] as const satisfies Outcome[];

function OutcomeChoice({ act, onClose }: Ask) {
  const words = useWords();
  const finish = (outcome: Outcome) => {
    act("close", { outcome });
    onClose();
  };
  return (
    <Choice title={words.outcome.title} onClose={onClose}>
      {OUTCOMES.map((outcome) => (
        <Tap key={outcome} variant="secondary" onTap={() => finish(outcome)}>
          {words.outcome[outcome]}
        </Tap>
      ))}
    </Choice>
  );
}
