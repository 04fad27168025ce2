// A phone on shift: bars on top, and one thing below them: a call, or calm.
import { useEffect, useState } from "react";
import type { Card } from "../api/frames";
import { kindOf } from "../core/alarm";
import { asksForScreen } from "../core/shown";
import { useNow } from "../ui/now";
import { Tap } from "../ui/Tap";
import { useWords } from "../ui/words";
import { Banners, LostBar, Notices, StatusRow } from "./Bars";
import { roomOf } from "./CallCard";
import { AllCalls, CallScreen } from "./CallScreens";
import { CallList, Calm } from "./Calm";
import { Handover } from "./Handover";
import { Menu } from "./Menu";
import { Patients } from "./Patients";
import { Pocket, usePocketLock } from "./Pocket";
import { type Parts, useView } from "./parts";
import { Charger, ShiftEnd } from "./ShiftEnd";

interface ShiftProps {
  parts: Parts;
  onSignOut: () => void;
  onStay: () => void;
  onCheck: () => void;
  onLanguage: () => void;
  night: boolean;
  onNight: () => void;
}

type Open = "menu" | "handover" | "patients" | "list" | null;

export function Shift(props: ShiftProps) {
  const { parts, onSignOut, onStay, onCheck, onLanguage, night, onNight } = props;
  const words = useWords();
  const now = useNow(250);
  const view = useView(parts.line);
  const [open, setOpen] = useState<Open>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const calls = view.shown?.calls ?? [];
  const asks = (card: Card) => asksForScreen(card, view.shown?.me.id ?? "");
  const ringing = calls.filter((card) => card.ring > 0).map(({ id, ring }) => `${id} ${ring}`);
  const front = calls.find(({ id }) => id === chosen) ?? calls.find(asks);
  const hubNow = now + (view.shown?.ahead ?? 0);
  const lost = view.contact === "lost";

  // A new ring comes to the front whatever was being looked at.
  const rings = ringing.join(",");
  useEffect(() => {
    setChosen(null);
    if (rings) setOpen(null);
  }, [rings]);
  const [locked, unlock] = usePocketLock(!front && open === null);

  const close = () => setOpen(null);
  const show = (call: string) => {
    setChosen(call);
    close();
  };
  if (open === "menu") {
    return (
      <Menu
        view={view}
        night={night}
        onNight={onNight}
        onLanguage={onLanguage}
        onCheck={onCheck}
        onSignOut={() => setOpen("handover")}
        onClose={close}
      />
    );
  }
  if (open === "handover") {
    return <Handover view={view} onOpen={show} onSignOut={onSignOut} onClose={close} />;
  }
  const others = calls.filter((card) => card !== front);
  return (
    <main className="shift">
      <Spoken card={front} lost={lost} />
      {lost && <LostBar view={view} now={now} onQuiet={() => parts.sound.quietFor(5 * 60_000)} />}
      {!(lost && front) && <StatusRow view={view} now={now} onMenu={() => setOpen("menu")} />}
      <Banners
        view={view}
        soundOff={!parts.sound.running}
        notHeard={parts.device.notHeard}
        onSound={() => void parts.sound.unlock()}
        onCheck={onCheck}
      />
      {!front && <ShiftEnd hubNow={hubNow} onStay={onStay} onLeave={() => setOpen("handover")} />}
      <Charger
        asked={view.shown?.ask === "sign_out"}
        shown={!front}
        onLeave={() => setOpen("handover")}
      />
      <Notices notices={view.notices} />
      {open === "patients" ? (
        <Patients parts={parts} view={view} onClose={close} />
      ) : open === "list" ? (
        <AllCalls onClose={close}>
          <CallList calls={calls} hubNow={hubNow} onOpen={show} />
        </AllCalls>
      ) : front && view.shown ? (
        <CallScreen
          key={front.id}
          card={front}
          me={view.shown.me.id}
          hubNow={hubNow}
          pending={parts.line.pending(front.id)?.op.action ?? null}
          busy={parts.line.busy(front.id)}
          contact={view.contact !== "lost"}
          colleagues={view.shown.colleagues}
          tookAt={view.took?.call === front.id ? view.took.at : null}
          act={(action, extra) => parts.line.act(action, front.id, extra)}
          others={
            others.length > 0 && (
              <Tap variant="tertiary" onTap={() => setOpen("list")}>
                {words.call.moreLabel(others.length)}
              </Tap>
            )
          }
        />
      ) : locked ? (
        <Pocket onOpen={unlock} />
      ) : (
        <Calm
          view={view}
          onPatients={() => setOpen("patients")}
          hubNow={hubNow}
          onHelp={(action) => parts.line.act(action, null)}
          onOpen={show}
        />
      )}
    </main>
  );
}

/** What a screen reader says at once: the regions are there before anything happens. */
function Spoken({ card, lost }: { card: Card | undefined; lost: boolean }) {
  const words = useWords();
  const kind = card && card.ring > 0 ? kindOf(card) : null;
  const room = card ? roomOf(card, words) : "";
  const said = card && kind ? `${words.kind[kind]}. ${room}. ${card.why}` : "";
  const urgent = kind === "urgent" || kind === "emergency" || kind === "assistance";
  return (
    <>
      <p className="ds-sr-only" role="alert">
        {lost ? words.contact.lost : urgent ? said : ""}
      </p>
      <p className="ds-sr-only" role="status">
        {urgent ? "" : said}
      </p>
    </>
  );
}
