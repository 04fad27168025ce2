// What is known of a call, in the order a carer needs it (UX H2).
import type { Card } from "../api/frames";
import { counter, secondsSince } from "../core/age";
import { kindOf } from "../core/alarm";
import { NOWHERE } from "../core/place";
import { pressesToSay } from "../core/shown";
import type { Words } from "../i18n/nb";
import { Mark } from "../ui/Mark";
import { Where } from "../ui/Where";
import { useWords } from "../ui/words";

export interface CardProps {
  card: Card;
  hubNow: number;
}

export function PriorityBar({ card, hubNow }: CardProps) {
  const words = useWords();
  const kind = kindOf(card);
  const ringing = card.state === "ringing";
  const since = counter(secondsSince(card.opened_at, hubNow));
  return (
    <header className="priority" data-kind={kind} data-ringing={card.ring > 0 || undefined}>
      <Mark kind={kind} />
      <span className="priority-word">{words.kind[kind]}</span>
      <span className="priority-age">{ringing ? words.call.unanswered(since) : since}</span>
    </header>
  );
}

/** Room, patient, why, where, note: everything but the buttons. */
export function Facts({ card, hubNow }: CardProps) {
  const words = useWords();
  return (
    <div className="facts">
      <h1 className="room" tabIndex={-1} ref={focusOnce}>
        {roomOf(card, words)}
      </h1>
      <p className="where">
        {[card.room && floor(card.room.floor, words.call.floor), card.room?.unit]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <Labels card={card} />
      {/* Before names and reasons, whose length nobody knows: it is read before one enters. */}
      {card.isolation && (
        <p className="isolation">
          <strong>{words.call.isolation}: </strong>
          {card.isolation}
        </p>
      )}
      {card.patient && <p className="patient">{card.patient}</p>}
      <p className="why">{card.why}</p>
      <PlaceLine card={card} hubNow={hubNow} />
      {card.note && (
        <p className="note">
          <span className="ds-sr-only">{words.call.note}: </span>
          {card.note}
        </p>
      )}
      {card.ring > 0 && (
        <p className="also">
          {card.also_ringing.length
            ? words.call.alsoRinging(card.also_ringing.join(", "))
            : words.call.onlyYou}
        </p>
      )}
    </div>
  );
}

/** Where to go. A fault is often nobody's room: then it is the house's. */
export function roomOf(card: Card, words: Words): string {
  if (card.room) return words.call.room(card.room.number);
  return card.type === "technical" ? words.call.house : words.call.noRoom;
}

// Floors are numbers in most houses, and names in some.
const floor = (name: string, numbered: (n: string) => string) =>
  /^\d+$/.test(name) ? numbered(name) : name;

// A new call takes focus on its room, not on a button: a stray Enter must not accept it.
const focusOnce = (node: HTMLElement | null) => node?.focus({ preventScroll: true });

function Labels({ card }: { card: Card }) {
  const words = useWords();
  const presses = pressesToSay(card);
  const labels = [
    card.practice && words.call.practice,
    card.late && words.call.late,
    presses > 0 && words.call.pressed(presses),
    card.reopened > 0 && words.call.reopened(card.reopened),
    card.offered && words.call.offered,
    card.quiet && card.ring > 0 && words.call.quiet,
  ].filter((label) => label !== false);
  if (!labels.length) return null;
  return (
    <ul className="labels">
      {labels.map((label) => (
        <li key={label}>{label}</li>
      ))}
    </ul>
  );
}

function PlaceLine({ card, hubNow }: CardProps) {
  if (!card.place && !card.patient) return null;
  return <Where place={card.place ?? NOWHERE} hubNow={hubNow} />;
}
