// A pocket must not ask for help: after a quiet while only a hold opens the screen. A call does too.
import { useEffect, useRef, useState } from "react";
import { Hold } from "../ui/Hold";
import { useWords } from "../ui/words";

const AFTER_MS = 20_000;
const LOOK_EVERY_MS = 500;

/** Return whether the screen is locked, and how to open it. `calm`: nothing asks for a hand. */
export function usePocketLock(calm: boolean): [boolean, () => void] {
  const [locked, setLocked] = useState(false);
  const touched = useRef(performance.now());
  useEffect(() => {
    const touch = () => {
      touched.current = performance.now();
    };
    window.addEventListener("pointerdown", touch, { capture: true });
    window.addEventListener("keydown", touch, { capture: true });
    return () => {
      window.removeEventListener("pointerdown", touch, { capture: true });
      window.removeEventListener("keydown", touch, { capture: true });
    };
  }, []);
  useEffect(() => {
    touched.current = performance.now();
    setLocked(false);
    if (!calm) return;
    const timer = setInterval(() => {
      if (performance.now() - touched.current >= AFTER_MS) setLocked(true);
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [calm]);
  const open = () => {
    touched.current = performance.now();
    setLocked(false);
  };
  return [locked, open];
}

export function Pocket({ onOpen }: { onOpen: () => void }) {
  const words = useWords();
  return (
    <section className="calm" data-testid="pocket">
      <div className="calm-body">
        <h1 className="title">{words.pocket.title}</h1>
        <p>{words.pocket.lead}</p>
      </div>
      <div className="bottom">
        <Hold onDone={onOpen} hint={words.pocket.how}>
          {words.pocket.open}
        </Hold>
      </div>
    </section>
  );
}
