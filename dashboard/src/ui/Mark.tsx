// The shape of a priority. It says the same as the word beside it, so a screen reader skips it.
import type { Kind } from "../core/alarm";

const SHAPES: Record<Kind | "present", string> = {
  emergency: "M8 1h8l7 7v8l-7 7H8l-7-7V8z",
  urgent: "M8 1h8l7 7v8l-7 7H8l-7-7V8z",
  important: "M12 1.5 23.5 22H.5z",
  routine: "M12 1a11 11 0 1 1 0 22 11 11 0 0 1 0-22z",
  assistance: "M6.5 2h11L23 12l-5.5 10h-11L1 12z",
  technical: "M2 2h20v20H2z",
  present: "M12 1.5 23 11v12H1V11z",
};

const SIGNS: Record<Kind | "present", string> = {
  emergency: "M11 5h2v9h-2zM11 16h2v2.5h-2z",
  urgent: "M12 6l5 8H7zM7 15.5h10v2H7z",
  important: "M11 9h2v6h-2zM11 17h2v2h-2z",
  routine: "M11 6h2v8h-2zM11 16h2v2h-2z",
  assistance:
    "M9 7.2a2.1 2.1 0 1 1 0 4.2 2.1 2.1 0 0 1 0-4.2zM5.3 17c0-4 7.4-4 7.4 0zM15.6 8.4a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM14 17c0-1.4-.3-2.4-.8-3.2 2.2-1.6 5.8-.3 5.8 3.2z",
  technical:
    "M8 4h2v4h4V4h2v4h2v4a5 5 0 0 1-5 5v3h-2v-3a5 5 0 0 1-5-5V8h2zM4 18 18 4l1.5 1.5-14 14z",
  present: "M12 9a2.4 2.4 0 1 1 0 4.8A2.4 2.4 0 0 1 12 9zM7.5 20c0-5.5 9-5.5 9 0z",
};

export function Mark({ kind }: { kind: Kind | "present" }) {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path className="mark-shape" d={SHAPES[kind]} />
      <path className="mark-sign" d={SIGNS[kind]} />
    </svg>
  );
}
