// «Er du fortsatt på vakt?»: asked before the session ends, so that nobody is signed off unasked.
import { useEffect, useState } from "react";
import type { Me } from "../api/answers";
import { get } from "../api/http";
import { clock } from "../core/age";
import { Tap } from "../ui/Tap";
import { useWords } from "../ui/words";

const ASK_BEFORE_MS = 15 * 60_000;
const LOOK_EVERY_MS = 60_000;

interface ShiftEndProps {
  /** By the hub's clock. */
  hubNow: number;
  onStay: () => void;
  onLeave: () => void;
}

export function ShiftEnd({ hubNow, onStay, onLeave }: ShiftEndProps) {
  const words = useWords();
  const ends = useExpiry();
  if (ends === null || ends - hubNow > ASK_BEFORE_MS) return null;
  return (
    <section className="shift-end" data-testid="shift-end" role="status">
      <strong>{words.shiftEnd.ask}</strong>
      <span>{words.shiftEnd.until(clock(ends))}</span>
      <div className="pair">
        <Tap onTap={onStay}>{words.shiftEnd.yes}</Tap>
        <Tap variant="secondary" onTap={onLeave}>
          {words.shiftEnd.no}
        </Tap>
      </div>
    </section>
  );
}

interface ChargerProps {
  /** The hub asks: a carried telephone rests in its charger. */
  asked: boolean;
  /** No call is in front. */
  shown: boolean;
  onLeave: () => void;
}

/** «Telefonen står i laderen. Logge av?»: asked, never done by itself, and once a rest. */
export function Charger({ asked, shown, onLeave }: ChargerProps) {
  const words = useWords();
  const [stays, setStays] = useState(false);
  useEffect(() => {
    if (!asked) setStays(false);
  }, [asked]);
  if (!asked || stays || !shown) return null;
  return (
    <section className="shift-end" data-testid="charger" role="status">
      <strong>{words.charger.ask}</strong>
      <span>{words.charger.lead}</span>
      <div className="pair">
        <Tap onTap={() => setStays(true)}>{words.charger.no}</Tap>
        <Tap variant="secondary" onTap={onLeave}>
          {words.charger.yes}
        </Tap>
      </div>
    </section>
  );
}

function useExpiry(): number | null {
  const [ends, setEnds] = useState<number | null>(null);
  useEffect(() => {
    const look = () =>
      void get<Me>("/me").then(
        (me) => setEnds(Date.parse(me.expires_at) || null),
        () => undefined,
      );
    look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return ends;
}
