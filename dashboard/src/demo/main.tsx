// /demo: an invented ward, the board, and two real telephone pages in frames.
import { useEffect, useRef, useState } from "react";
import type { Board } from "../api/answers";
import { Refused } from "../api/http";
import { Calls, Staff } from "../board/Calls";
import { clock } from "../core/age";
import { useNow } from "../ui/now";
import { LangButton, start, usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { demoNow, type Happened, PHONES, STORIES, type Story, signIn, tell } from "./api";
import "./demo.css";

type Phone = { is: "opening" } | { is: "ready"; name: string } | { is: "failed" } | { is: "off" };

const LOG_ROWS = 200;
const LOG_EVERY_MS = 500;

function DemoPage() {
  const { words } = usePage();
  const phones = usePhones();
  const frames = useRef<(HTMLIFrameElement | null)[]>([]);
  const [offAir, setOffAir] = useState(false);
  const { log, running } = useLog();
  const ready = phones.every(({ is }) => is === "ready");
  const off = phones.some(({ is }) => is === "off");

  const say = (event: CustomEvent, frame: HTMLIFrameElement | null | undefined) =>
    frame?.contentWindow?.dispatchEvent(event);
  /** The first telephone leaves the air, or comes back. */
  const setAir = (out: boolean) => {
    say(new CustomEvent("bjelle:air", { detail: { off: out } }), frames.current[0]);
    setOffAir(out);
  };
  const startShifts = () => {
    for (const frame of frames.current) say(new CustomEvent("bjelle:start"), frame);
  };
  const begin = (story: Story) => {
    startShifts();
    setAir(story === "offline");
    void tell(story).catch(() => undefined);
  };

  return (
    <>
      <p className="demo-banner">
        <strong>{words.demo.banner}</strong>
        <LangButton label={words.demo.other} />
      </p>
      <main className="demo">
        <section className="demo-left">
          <h1>{words.demo.title}</h1>
          <p>{off ? words.demo.off : words.demo.lead}</p>
          <h2 className="ds-sr-only">{words.demo.stories}</h2>
          <div className="stories">
            {STORIES.map((story) => (
              <button
                key={story}
                type="button"
                className="ds-button story"
                data-variant="secondary"
                data-running={running === story || undefined}
                disabled={!ready}
                onClick={() => begin(story)}
              >
                <strong>{words.demo.story[story][0]}</strong>
                <span>{words.demo.story[story][1]}</span>
                {running === story && <em>{words.demo.running}</em>}
              </button>
            ))}
          </div>
          <h2>{words.demo.board}</h2>
          {ready && <Ward />}
          <h2>{words.demo.log}</h2>
          <Log rows={log} />
        </section>
        <section className="demo-right" aria-label={words.demo.phones}>
          {PHONES.map(({ number, root }, n) => (
            <PhoneFrame
              key={number}
              phone={phones[n] ?? { is: "opening" }}
              src={`${root}/h`}
              offAir={offAir && n === 0}
              take={(frame) => {
                frames.current[n] = frame;
              }}
            />
          ))}
          <p className="demo-start">
            <button
              type="button"
              className="ds-button"
              data-variant="secondary"
              disabled={!ready}
              onClick={startShifts}
            >
              {words.demo.startShifts}
            </button>
            {offAir && (
              <button type="button" className="ds-button" onClick={() => setAir(false)}>
                {words.demo.air}
              </button>
            )}
            <span className="quiet">{words.demo.soundHint}</span>
          </p>
        </section>
      </main>
    </>
  );
}

interface FrameProps {
  phone: Phone;
  src: string;
  offAir: boolean;
  take: (frame: HTMLIFrameElement | null) => void;
}

/** A real telephone page. Its words come out smaller than in a hand: it is to be watched. */
function PhoneFrame({ phone, src, offAir, take }: FrameProps) {
  const { words } = usePage();
  if (phone.is !== "ready") {
    return (
      <div className="phone-place">
        <p role="status">
          {phone.is === "opening"
            ? words.demo.phoneOpening
            : phone.is === "failed" && words.demo.phoneFailed}
        </p>
      </div>
    );
  }
  return (
    <div className="phone-place">
      <h2>
        {words.demo.phone(phone.name)}
        {offAir && ` (${words.demo.noAir})`}
      </h2>
      <div className="phone" data-off={offAir || undefined}>
        <iframe
          ref={take}
          src={src}
          title={words.demo.phone(phone.name)}
          allow="autoplay; screen-wake-lock"
        />
      </div>
    </div>
  );
}

/** Sign the framed telephones in, one after the other. */
function usePhones(): readonly Phone[] {
  const [phones, setPhones] = useState<readonly Phone[]>(PHONES.map(() => ({ is: "opening" })));
  useEffect(() => {
    const put = (n: number, phone: Phone) =>
      setPhones((before) => before.map((one, at) => (at === n ? phone : one)));
    for (const [n, place] of PHONES.entries()) {
      signIn(place).then(
        (name) => put(n, { is: "ready", name }),
        (problem) =>
          put(n, {
            is: problem instanceof Refused && problem.status === 404 ? "off" : "failed",
          }),
      );
    }
  }, []);
  return phones;
}

function useLog(): { log: readonly Happened[]; running: Story | null } {
  const [log, setLog] = useState<readonly Happened[]>([]);
  const [running, setRunning] = useState<Story | null>(null);
  const last = useRef(0);
  const instance = useRef("");
  useEffect(() => {
    const timer = setInterval(async () => {
      const now = await demoNow(last.current).catch(() => null);
      if (!now) return;
      setRunning(now.story);
      if (now.instance !== instance.current) {
        // Its numbers start over: so do we, and ask for them all with the next look.
        if (instance.current) setLog([]);
        if (last.current) {
          last.current = 0;
          instance.current = now.instance;
          return;
        }
        instance.current = now.instance;
      }
      const fresh = now.log.filter(({ n }) => n > last.current);
      last.current = fresh.at(-1)?.n ?? last.current;
      if (fresh.length) setLog((rows) => [...rows, ...fresh].slice(-LOG_ROWS));
    }, LOG_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return { log, running };
}

function Ward() {
  const { lang } = usePage();
  const now = useNow(250);
  const { data, at } = usePoll<Board>(`/board?lang=${lang}`, 500);
  if (!data || at === null) return null;
  return (
    <div className="ward">
      <Calls board={data} hubNow={Date.parse(data.now) + (now - at)} />
      <Staff board={data} />
    </div>
  );
}

function Log({ rows }: { rows: readonly Happened[] }) {
  const { words, lang } = usePage();
  if (!rows.length) return <p className="quiet">{words.demo.logEmpty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <ol className="log" data-testid="log" tabIndex={0} aria-label={words.demo.log}>
      {rows.toReversed().map((row) => (
        <li key={row.n}>
          <time dateTime={row.at}>{stamp(row.at)}</time>
          <span>{row[lang]}</span>
        </li>
      ))}
    </ol>
  );
}

/** «02:14:07.350»: in the demo the thousandths are the point. */
const stamp = (at: string): string => `${clock(at)}:${new Date(at).toISOString().slice(17, 23)}`;

start(<DemoPage />);
