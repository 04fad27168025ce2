// A discharge cannot be undone: it is asked about, with all that it ends and what to collect.
import { useRef } from "react";
import type { DischargeAnswer, StayRow } from "../api/answers";
import { post } from "../api/http";
import { useHouse, useSaid } from "./parts";

export function Discharge({ stay, onGone }: { stay: StayRow; onGone: (said: string) => void }) {
  const words = useHouse();
  const own = words.stays;
  const dialog = useRef<HTMLDialogElement>(null);
  const { said, busy, run } = useSaid();
  const end = () =>
    void run(async () => {
      const { rules_ended, to_return } = await post<DischargeAnswer>(
        `/patients/${stay.patient}/discharge`,
      );
      dialog.current?.close();
      onGone(
        [
          own.discharged(stay.name),
          rules_ended.length > 0 && own.dischargeRules(rules_ended.length),
          to_return.length > 0
            ? `${own.dischargeReturn} ${to_return.join(", ")}.`
            : own.dischargeNothing,
        ]
          .filter(Boolean)
          .join(" "),
      );
      return "";
    });
  return (
    <section className="stay-act no-print">
      <h4>{own.discharge}</h4>
      <button
        type="button"
        className="ds-button"
        data-variant="secondary"
        data-color="danger"
        onClick={() => dialog.current?.showModal()}
      >
        {own.discharge} …
      </button>
      <dialog ref={dialog} className="ask" aria-labelledby="discharge-ask" data-testid="ask">
        <h2 id="discharge-ask">{own.dischargeAsk(stay.name)}</h2>
        <p className="strong">{own.dischargeLead}</p>
        {stay.rules > 0 && <p>{own.dischargeRules(stay.rules)}</p>}
        {stay.devices.length ? (
          <>
            <p>{own.dischargeReturn}</p>
            <ul>
              {stay.devices.map(({ id, purpose }) => (
                <li key={id}>
                  {id} ({own.purpose[purpose] ?? purpose})
                </li>
              ))}
            </ul>
          </>
        ) : (
          <p>{own.dischargeNothing}</p>
        )}
        <p role="alert" className="error">
          {said}
        </p>
        <div className="buttons">
          {/* The harmless one first: it has the focus when the question opens. */}
          <button
            type="button"
            className="ds-button"
            data-variant="secondary"
            onClick={() => dialog.current?.close()}
          >
            {words.cancel}
          </button>
          <button
            type="button"
            className="ds-button"
            data-color="danger"
            disabled={busy}
            onClick={end}
          >
            {busy ? own.discharging : own.dischargeYes}
          </button>
        </div>
      </dialog>
    </section>
  );
}
