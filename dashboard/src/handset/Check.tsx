// H0, klarsjekk: can this phone ring for me? Each row: mark, word, and at most one fix.
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { SOUND_CHECK } from "../core/alarm";
import { Fresh, Tap } from "../ui/Tap";
import { storedLang, useWords } from "../ui/words";
import type { Parts } from "./parts";
import { useView } from "./parts";
import { houseSends, type Notices, onPermit, type Permit, permit, takeNotices } from "./push";

type Mark = "ok" | "todo" | "fail";

interface RowProps {
  mark: Mark;
  title: string;
  value?: string | undefined;
  children?: ReactNode;
}

function Row({ mark, title, value, children }: RowProps) {
  const words = useWords();
  return (
    <li className="check" data-mark={mark}>
      <span className="check-mark" aria-hidden="true">
        {{ ok: "✓", todo: "•", fail: "!" }[mark]}
      </span>
      <span className="check-text">
        <span className="strong">{title}</span>
        <span>{value ?? words.check[mark]}</span>
      </span>
      {children}
    </li>
  );
}

export function Check({ parts, onStart }: { parts: Parts; onStart: () => void }) {
  const words = useWords();
  const [heard, setHeard] = useState<boolean | null>(null);
  const done = () => {
    parts.device.hear(heard === true);
    parts.line.audioChanged();
    onStart();
  };
  return (
    <Fresh>
      <main className="screen pad" data-testid="ready-check">
        <h1 className="title">{words.check.title}</h1>
        <p>{words.check.lead}</p>
        <ul className="checks">
          <SoundRow parts={parts} heard={heard} onHeard={setHeard} />
          <VibrationRow />
          <ScreenRow parts={parts} />
          <NoticesRow />
          <InstalledRow />
          <LinkRow parts={parts} />
          <BatteryRow parts={parts} />
        </ul>
        <div className="bottom">
          <Tap big onTap={done} disabled={heard === null}>
            {heard === false ? words.check.startLimited : words.check.start}
          </Tap>
        </div>
      </main>
    </Fresh>
  );
}

interface SoundRowProps {
  parts: Parts;
  heard: boolean | null;
  onHeard: (heard: boolean) => void;
}

function SoundRow({ parts, heard, onHeard }: SoundRowProps) {
  const words = useWords();
  const [played, setPlayed] = useState(false);
  const play = () => {
    void parts.sound.unlock().then(() => parts.sound.sample(SOUND_CHECK));
    setPlayed(true);
  };
  const mark = heard ? "ok" : heard === false ? "fail" : "todo";
  return (
    <Row
      mark={mark}
      title={words.check.sound}
      value={
        heard === false
          ? words.check.soundNo
          : played && heard === null
            ? words.check.soundAsk
            : undefined
      }
    >
      <span className="fixes">
        {heard !== true && (
          <Tap variant="secondary" onTap={play}>
            {words.check.soundPlay}
          </Tap>
        )}
        {played && heard !== true && (
          <>
            <Tap onTap={() => onHeard(true)}>{words.check.yes}</Tap>
            <Tap variant="secondary" onTap={() => onHeard(false)}>
              {words.check.no}
            </Tap>
          </>
        )}
      </span>
    </Row>
  );
}

function VibrationRow() {
  const words = useWords();
  const [tried, setTried] = useState(false);
  if (!("vibrate" in navigator)) {
    return <Row mark="fail" title={words.check.vibration} value={words.check.vibrationMissing} />;
  }
  const vibrate = () => {
    navigator.vibrate([300, 100, 300]);
    setTried(true);
  };
  return (
    <Row mark={tried ? "ok" : "todo"} title={words.check.vibration}>
      {!tried && (
        <Tap variant="secondary" onTap={vibrate}>
          {words.check.vibrationTry}
        </Tap>
      )}
    </Row>
  );
}

function ScreenRow({ parts }: { parts: Parts }) {
  const words = useWords();
  const [awake, setAwake] = useState(parts.device.awake);
  const keep = () => void parts.device.keepAwake().then(setAwake);
  useEffect(() => void parts.device.keepAwake().then(setAwake), [parts]);
  return (
    <Row
      mark={awake ? "ok" : "fail"}
      title={words.check.screen}
      value={awake ? undefined : words.check.screenMissing}
    >
      {!awake && (
        <Tap variant="secondary" onTap={keep}>
          {words.check.screenFix}
        </Tap>
      )}
    </Row>
  );
}

function NoticesRow() {
  const words = useWords();
  const [allowed, setAllowed] = useState<Permit>(permit);
  const [sends, setSends] = useState(true);
  const [taken, setTaken] = useState<Notices | null>(null);
  const take = useCallback(() => {
    setTaken(null);
    void takeNotices(storedLang()).then(setTaken);
  }, []);
  useEffect(() => void houseSends().then(setSends), []);
  useEffect(() => onPermit(() => setAllowed(permit())), []);
  // Also where it was allowed on an earlier shift: a subscription may have ended since.
  useEffect(() => {
    if (allowed === "granted") take();
  }, [allowed, take]);
  if (!sends || taken === "none") {
    return <Row mark="ok" title={words.check.notices} value={words.check.noticesUnused} />;
  }
  const value =
    allowed === "granted"
      ? taken === null
        ? words.check.noticesJoining
        : taken === "off"
          ? words.check.noticesFailed
          : undefined
      : {
          default: words.check.noticesAsk,
          denied: words.check.noticesBlocked,
          missing: words.check.noticesMissing,
        }[allowed];
  return (
    <Row mark={taken === "on" ? "ok" : "todo"} title={words.check.notices} value={value}>
      {allowed === "default" && (
        <Tap
          variant="secondary"
          onTap={() => void Notification.requestPermission().then(setAllowed)}
        >
          {words.check.noticesAllow}
        </Tap>
      )}
      {allowed === "granted" && taken === "off" && (
        <Tap variant="secondary" onTap={take}>
          {words.tryAgain}
        </Tap>
      )}
    </Row>
  );
}

function InstalledRow() {
  const words = useWords();
  const installed = matchMedia("(display-mode: standalone)").matches;
  return (
    <Row
      mark={installed ? "ok" : "todo"}
      title={words.check.installed}
      value={installed ? undefined : words.check.installedNo}
    />
  );
}

function LinkRow({ parts }: { parts: Parts }) {
  const words = useWords();
  const { contact, answerMs } = useView(parts.line);
  const good = contact === "connected";
  const value =
    good && answerMs !== null
      ? words.check.linkMs(Math.max(1, Math.round(answerMs)))
      : words.contact[contact];
  return (
    <Row
      mark={good ? "ok" : contact === "lost" ? "fail" : "todo"}
      title={words.check.link}
      value={value}
    />
  );
}

function BatteryRow({ parts }: { parts: Parts }) {
  const words = useWords();
  const percent = parts.device.batteryPercent;
  if (percent === null)
    return <Row mark="todo" title={words.check.battery} value={words.check.batteryUnknown} />;
  const low = percent < 30;
  const value = low ? `${percent} % · ${words.check.batteryLow}` : `${percent} %`;
  return <Row mark={low ? "fail" : "ok"} title={words.check.battery} value={value} />;
}
