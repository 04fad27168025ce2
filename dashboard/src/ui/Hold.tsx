// For what must not happen by accident: hold for one second, or tap twice.
import { type ReactNode, useEffect, useRef, useState } from "react";

const HOLD_MS = 1_000;
const TWICE_MS = 2_000;

interface HoldProps {
  onDone: () => void;
  children: ReactNode;
  hint: string;
  color?: "accent" | "danger";
  disabled?: boolean;
}

export function Hold({ onDone, children, hint, color = "accent", disabled }: HoldProps) {
  const [armed, setArmed] = useState(false);
  const [held, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const done = useRef(false);

  useEffect(() => {
    if (!armed) return;
    const end = setTimeout(() => setArmed(false), TWICE_MS);
    return () => clearTimeout(end);
  }, [armed]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const release = () => {
    clearTimeout(timer.current);
    setHeld(false);
  };
  const press = () => {
    done.current = false;
    setHeld(true);
    timer.current = setTimeout(() => {
      done.current = true;
      setHeld(false);
      onDone();
    }, HOLD_MS);
  };
  const click = () => {
    if (done.current) {
      done.current = false;
    } else if (armed) {
      setArmed(false);
      onDone();
    } else setArmed(true);
  };
  return (
    <button
      type="button"
      className="ds-button tap hold"
      data-variant="secondary"
      data-color={color}
      data-held={held || undefined}
      data-armed={armed || undefined}
      disabled={disabled}
      onPointerDown={press}
      onPointerUp={release}
      onPointerLeave={release}
      onPointerCancel={release}
      onContextMenu={(event) => event.preventDefault()}
      onClick={click}
    >
      <span>{children}</span>
      <small>{hint}</small>
    </button>
  );
}
