// What is always on top: contact, whose phone it is, and what is wrong with it.
import { useState } from "react";
import { clock, spoken } from "../core/age";
import type { Notice } from "../core/shown";
import type { View } from "../core/telephone";
import { Tap } from "../ui/Tap";
import { useWords } from "../ui/words";

/** «INGEN FORBINDELSE»: hatched, with seconds and the last call we know of. */
export function LostBar({ view, now, onQuiet }: { view: View; now: number; onQuiet: () => void }) {
  const words = useWords();
  const [routine, setRoutine] = useState(false);
  const [quietUntil, setQuietUntil] = useState(0);
  const quiet = () => {
    onQuiet();
    setQuietUntil(now + 5 * 60_000);
  };
  return (
    <section className="lost" data-testid="lost-bar">
      <div className="lost-text">
        <strong>{words.contact.lost}</strong>
        <span>
          {words.contact.silentFor(spoken(Math.floor(view.silentMs / 1_000), words.contact.hour))}
        </span>
        <span>
          {view.lastCallAt
            ? words.contact.lastCall(clock(view.lastCallAt))
            : words.contact.noCallKnown}
        </span>
        {routine && <span>{words.contact.routineText}</span>}
        {quietUntil > now && <span>{words.contact.quietUntil(clock(quietUntil))}</span>}
      </div>
      <div className="pair">
        <Tap variant="secondary" onTap={() => setRoutine(!routine)}>
          {words.contact.routine}
        </Tap>
        <Tap variant="secondary" onTap={quiet}>
          {words.contact.toDutyRoom}
        </Tap>
      </div>
    </section>
  );
}

export function StatusRow({ view, now, onMenu }: { view: View; now: number; onMenu: () => void }) {
  const words = useWords();
  const handset = view.shown?.handset;
  const reasons = handset?.reasons.map((reason) => words.why[reason] ?? reason) ?? [];
  return (
    <div className="status-row">
      {view.contact !== "lost" && (
        <span className="contact" data-contact={view.contact}>
          <span className="dot" aria-hidden="true" />
          {words.contact[view.contact]}
        </span>
      )}
      <span className="clock">{clock(now)}</span>
      <button
        type="button"
        className="who"
        onClick={onMenu}
        aria-label={`${words.out.open}: ${view.shown?.me.name ?? ""}`}
      >
        <span>{view.shown?.me.name ?? "–"}</span>
        <span aria-hidden="true">☰</span>
      </button>
      {handset && handset.state !== "ready" && (
        <span className="handset-state" data-testid="handset-state">
          {words.state[handset.state]}
          {reasons.length > 0 && `: ${reasons.join(", ")}`}
        </span>
      )}
    </div>
  );
}

export function Banners({
  view,
  soundOff,
  notHeard,
  onSound,
  onCheck,
}: {
  view: View;
  soundOff: boolean;
  /** Somebody said that the test sound was not heard. */
  notHeard: boolean;
  onSound: () => void;
  onCheck: () => void;
}) {
  const words = useWords();
  return (
    <>
      {soundOff && (
        <button
          type="button"
          className="banner banner-button"
          data-testid="sound-off"
          onClick={onSound}
        >
          {words.audioOff}
        </button>
      )}
      {notHeard && !soundOff && (
        <button
          type="button"
          className="banner banner-button"
          data-testid="not-heard"
          onClick={onCheck}
        >
          {words.notHeard}
        </button>
      )}
      {view.shown && view.shown.store !== "recorded" && <p className="banner">{words.storeDown}</p>}
      {view.shown && !view.shown.brokerUp && <p className="banner">{words.brokerDown}</p>}
    </>
  );
}

export function noticeText(notice: Notice, words: ReturnType<typeof useWords>): string {
  const { what } = notice;
  switch (what.is) {
    case "unrecorded":
      return words.notice.unrecorded;
    case "too_old":
      return words.notice.tooOld;
    case "refused":
      return what.text || (what.by ? words.notice.refusedBy(what.by.name) : words.notice.refused);
    case "gone": {
      const room = what.room ? words.notice.ofRoom(what.room) : "";
      if (what.reason === "taken_by_another" && what.by)
        return words.notice.takenBy(what.by.name, room);
      return (
        what.text ||
        (what.reason === "closed" ? words.notice.closed(room) : words.notice.movedOn(room))
      );
    }
  }
}

export function Notices({ notices }: { notices: readonly Notice[] }) {
  const words = useWords();
  return (
    <ul className="notices" aria-live="polite" data-testid="notices">
      {notices.map((notice) => (
        <li key={notice.id} data-notice={notice.kind}>
          {noticeText(notice, words)}
        </li>
      ))}
    </ul>
  );
}
