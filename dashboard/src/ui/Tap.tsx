// Buttons that know a tap from a palm: see core/guard.
import {
  createContext,
  type PointerEvent,
  type ReactNode,
  useContext,
  useRef,
  useState,
} from "react";
import { counts } from "../core/guard";

const ShownAt = createContext(0);

/** Everything below appeared now: its buttons do not count yet. Give it a key per screen. */
export function Fresh({ children }: { children: ReactNode }) {
  const [at] = useState(() => performance.now());
  return <ShownAt.Provider value={at}>{children}</ShownAt.Provider>;
}

export interface TapProps {
  onTap: () => void;
  children: ReactNode;
  variant?: "primary" | "secondary" | "tertiary";
  big?: boolean;
  color?: "accent" | "danger" | "success" | "neutral";
  disabled?: boolean;
  label?: string;
  pressed?: boolean;
}

export function Tap({
  onTap,
  children,
  variant = "primary",
  big,
  color,
  disabled,
  label,
  pressed,
}: TapProps) {
  const shownAt = useContext(ShownAt);
  const contact = useRef({ width: 0, height: 0, at: 0 });
  const down = ({ width, height }: PointerEvent) => {
    contact.current = { width, height, at: performance.now() };
  };
  const click = () => {
    // A key or a screen reader clicks without touching first.
    const { width, height, at } = contact.current;
    contact.current = { width: 0, height: 0, at: 0 };
    if (counts({ at: at || performance.now(), shownAt, width, height })) onTap();
  };
  return (
    <button
      type="button"
      className={big ? "ds-button tap tap-big" : "ds-button tap"}
      data-variant={variant}
      data-color={color}
      disabled={disabled}
      aria-label={label}
      aria-pressed={pressed}
      onPointerDown={down}
      onClick={click}
    >
      {children}
    </button>
  );
}
