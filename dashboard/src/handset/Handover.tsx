// H10: what the next one must know, before the telephone is put in the charger.
import { useEffect, useState } from "react";
import type { Patients as WardList } from "../api/answers";
import type { Card } from "../api/frames";
import { get } from "../api/http";
import { clock } from "../core/age";
import type { View } from "../core/telephone";
import { Fresh, Tap } from "../ui/Tap";
import { storedLang, useWords, type wordsOf } from "../ui/words";
import { roomOf } from "./CallCard";
import { pausedUntil } from "./Patients";

interface Item {
  id: string;
  text: string;
  /** A call that is mine can be handed over from its own screen. */
  call?: string;
}

interface HandoverProps {
  view: View;
  onOpen: (call: string) => void;
  onSignOut: () => void;
  onClose: () => void;
}

export function Handover({ view, onOpen, onSignOut, onClose }: HandoverProps) {
  const words = useWords();
  const pauses = usePauses(words);
  const [told, setTold] = useState<ReadonlySet<string>>(new Set());
  const items = pauses && [...open(view, words), ...pauses];
  const left = items?.filter(({ id }) => !told.has(id)).length ?? 1;
  const tell = (id: string) =>
    setTold(
      (before) => new Set(before.has(id) ? [...before].filter((x) => x !== id) : [...before, id]),
    );
  return (
    <Fresh>
      <main className="screen pad choice" data-testid="handover">
        <h1 className="title">{words.handover.title}</h1>
        <p>{words.out.lead}</p>
        {!items && <p role="status">{words.patients.loading}</p>}
        {items?.length === 0 && <p>{words.handover.nothing}</p>}
        {items && items.length > 0 && <p>{words.handover.lead}</p>}
        <ul className="handover">
          {items?.map(({ id, text, call }) => (
            <li key={id}>
              <Tap variant="secondary" pressed={told.has(id)} onTap={() => tell(id)}>
                <span>{text}</span>
                <small>
                  {told.has(id) ? `✓ ${words.handover.done}` : `• ${words.handover.left}`}
                </small>
              </Tap>
              {call && (
                <Tap variant="tertiary" onTap={() => onOpen(call)}>
                  {words.call.handOver}
                </Tap>
              )}
            </li>
          ))}
        </ul>
        <div className="answers">
          <p>{words.handover.charger}</p>
          <Tap color="danger" onTap={onSignOut} disabled={left > 0}>
            {words.out.confirm}
          </Tap>
          <Tap onTap={onClose}>{words.out.stay}</Tap>
        </div>
      </main>
    </Fresh>
  );
}

type Words = ReturnType<typeof wordsOf>;

function open(view: View, words: Words): Item[] {
  const items = (view.shown?.calls ?? []).map((card) => item(card, words));
  const broken = view.shown && (view.shown.store !== "recorded" || !view.shown.brokerUp);
  return broken ? [...items, { id: "house", text: words.handover.house }] : items;
}

function item(card: Card, words: Words): Item {
  if (card.type === "technical") return { id: card.id, text: words.handover.fault(card.why) };
  const room = roomOf(card, words);
  if (!card.mine) return { id: card.id, text: words.handover.call(room) };
  return { id: card.id, text: words.handover.mine(room), call: card.id };
}

/** Pauses of my units; null while they are being fetched. Unknown is said, never left out. */
function usePauses(words: Words): readonly Item[] | null {
  const [pauses, setPauses] = useState<readonly Item[] | null>(null);
  useEffect(() => {
    let over = false;
    get<WardList>(`/patients?lang=${storedLang()}`)
      .then(({ patients }) =>
        patients.flatMap((patient): Item[] => {
          const until = pausedUntil(patient);
          const text = until && words.handover.paused(patient.name, clock(until));
          return text ? [{ id: `pause ${patient.id}`, text }] : [];
        }),
      )
      .catch(() => [{ id: "pauses", text: words.handover.pausesUnknown }])
      .then((found) => over || setPauses(found));
    return () => {
      over = true;
    };
  }, [words]);
  return pauses;
}
