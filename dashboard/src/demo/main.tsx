// /demo: an invented ward, the board, and one real telephone page in a frame.
import { useCallback, useEffect, useRef, useState } from "react";
import type { Board, Me } from "../api/answers";
import { get, post, Refused } from "../api/http";
import { Calls, Staff } from "../board/Calls";
import { clock } from "../core/age";
import { useNow } from "../ui/now";
import { LangButton, start, usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { type DemoPhone, demoNow, type Happened, newPhone, STORIES, type Story, tell } from "./api";
import "./demo.css";

type Phone = { is: "opening" } | { is: "ready"; name: string } | { is: "failed" } | { is: "off" };

const LOG_ROWS = 200;
const LOG_EVERY_MS = 500;

function DemoPage() {
  const { words } = usePage();
  const phone = usePhone();
  const frame = useRef<HTMLIFrameElement>(null);
  const [offAir, setOffAir] = useState(false);
  const { log, running } = useLog();

  const setAir = useCallback((off: boolean) => {
    frame.current?.contentWindow?.dispatchEvent(new CustomEvent("bjelle:air", { detail: { off } }));
    setOffAir(off);
  }, []);
  const begin = (story: Story) => {
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
          <p>{phone.is === "off" ? words.demo.off : words.demo.lead}</p>
          <h2 className="ds-sr-only">{words.demo.stories}</h2>
          <div className="stories">
            {STORIES.map((story) => (
              <button
                key={story}
                type="button"
                className="ds-button story"
                data-variant="secondary"
                data-running={running === story || undefined}
                disabled={phone.is !== "ready"}
                onClick={() => begin(story)}
              >
                <strong>{words.demo.story[story][0]}</strong>
                <span>{running === story ? words.demo.running : words.demo.story[story][1]}</span>
              </button>
            ))}
          </div>
          {offAir && (
            <button type="button" className="ds-button" onClick={() => setAir(false)}>
              {words.demo.air}
            </button>
          )}
          <h2>{words.demo.board}</h2>
          {phone.is === "ready" && <Ward />}
          <h2>{words.demo.log}</h2>
          <Log rows={log} />
        </section>
        <section
          className="demo-right"
          aria-label={phone.is === "ready" ? words.demo.phone(phone.name) : words.demo.phoneOpening}
        >
          {phone.is === "ready" ? (
            <>
              <h2>{words.demo.phone(phone.name)}</h2>
              <iframe
                ref={frame}
                className="phone"
                src="/h"
                title={words.demo.phone(phone.name)}
                allow="autoplay; screen-wake-lock"
              />
              <p className="quiet">{words.demo.soundHint}</p>
            </>
          ) : (
            <p role="status">
              {phone.is === "opening"
                ? words.demo.phoneOpening
                : phone.is === "failed" && words.demo.phoneFailed}
            </p>
          )}
        </section>
      </main>
    </>
  );
}

/** Sign the framed telephone in, by the same doors as any other. */
function usePhone(): Phone {
  const [phone, setPhone] = useState<Phone>({ is: "opening" });
  useEffect(() => {
    signIn().then(
      (name) => setPhone({ is: "ready", name }),
      (problem) =>
        setPhone({ is: problem instanceof Refused && problem.status === 404 ? "off" : "failed" }),
    );
  }, []);
  return phone;
}

async function signIn(): Promise<string> {
  const me = await get<Me>("/me").catch(() => null);
  if (me?.handset) return me.name;
  const phone: DemoPhone = await newPhone();
  await post("/handsets/enrol", { code: phone.code });
  await post("/session", { staff: phone.staff, pin: phone.pin });
  return phone.name;
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
