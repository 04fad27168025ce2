// The console: sign in, then calls, figures, rules, devices and how the house is, by role.
import { type FormEvent, useEffect, useState } from "react";
import type { Me } from "../api/answers";
import { get, post, Refused, remove } from "../api/http";
import { LangButton, start, usePage } from "../ui/page";
import { Calls } from "./Calls";
import { Devices } from "./Devices";
import { Figures } from "./Figures";
import { useConsole } from "./parts";
import { Rules } from "./Rules";
import { Shifts } from "./Shifts";
import { State } from "./State";
import { Stays } from "./Stays";
import { Templates } from "./Templates";
import "./console.css";

const TABS = [
  "calls",
  "shifts",
  "stays",
  "rules",
  "templates",
  "figures",
  "devices",
  "state",
] as const;
type Tab = (typeof TABS)[number];

/** What each role finds here; the hub refuses the rest anyway. */
const OF_ROLE: Record<Me["role"], readonly Tab[]> = {
  student: [],
  carer: ["calls", "rules"],
  nurse: TABS,
  leader: TABS,
  technician: ["calls", "devices", "state"],
};

function ConsolePage() {
  const { words } = usePage();
  const [me, setMe] = useState<Me | null | undefined>(undefined);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    get<Me>("/me").then(setMe, (problem) => {
      setMe(null);
      setFailed(!(problem instanceof Refused));
    });
  }, []);
  const signOut = () => void remove("/session").finally(() => setMe(null));
  return (
    <>
      <header className="top">
        <a className="skip" href="#main">
          ↓
        </a>
        <img src="/icons/bjelle.svg" alt="" width="40" height="40" />
        <strong>{me ? me.house_name : words.console.title}</strong>
        {me && <span className="quiet">{me.name}</span>}
        <nav aria-label={words.console.links}>
          <a className="ds-link" href="/h">
            {words.console.phone}
          </a>
          <a className="ds-link" href="/tavle">
            {words.console.boardLink}
          </a>
        </nav>
        <LangButton label={words.console.other} />
        {me && (
          <button type="button" className="ds-button" data-variant="secondary" onClick={signOut}>
            {words.console.signOut}
          </button>
        )}
      </header>
      <main id="main" className="page">
        {me === undefined && <p role="status">{words.console.loading}</p>}
        {me === null && <SignIn onDone={setMe} failed={failed} />}
        {me && <Parts me={me} />}
      </main>
    </>
  );
}

function Parts({ me }: { me: Me }) {
  const { words } = usePage();
  const own = useConsole();
  const tabs = OF_ROLE[me.role];
  const { tab, at } = useTab(tabs);
  if (!tab) return <p>{words.console.forbidden}</p>;
  return (
    <>
      <nav className="tabs no-print" aria-label={own.tabsLabel}>
        {tabs.map((one) => (
          <a key={one} href={`#${one}`} aria-current={one === tab ? "page" : undefined}>
            {own.tabs[one]}
          </a>
        ))}
      </nav>
      <h1 className="ds-sr-only">{own.tabs[tab]}</h1>
      {tab === "calls" && <Calls />}
      {tab === "figures" && <Figures />}
      {tab === "shifts" && <Shifts />}
      {tab === "stays" && <Stays />}
      {tab === "rules" && <Rules key={at} me={me} at={at} />}
      {tab === "templates" && <Templates />}
      {tab === "devices" && <Devices me={me} />}
      {tab === "state" && <State me={me} />}
    </>
  );
}

/** The part that the address names (#rules/bed-101), so that «back» and a bookmark work. */
function useTab(tabs: readonly Tab[]): { tab: Tab | undefined; at: string } {
  const [hash, setHash] = useState(location.hash.slice(1));
  useEffect(() => {
    const look = () => setHash(location.hash.slice(1));
    window.addEventListener("hashchange", look);
    return () => window.removeEventListener("hashchange", look);
  }, []);
  const [name, at = ""] = hash.split("/");
  return { tab: tabs.find((one) => one === name) ?? tabs[0], at: decodeURIComponent(at) };
}

function SignIn({ onDone, failed }: { onDone: (me: Me) => void; failed: boolean }) {
  const { words } = usePage();
  const [error, setError] = useState(failed ? words.console.failed : "");
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError("");
    try {
      onDone(
        await post<Me>("/session", { login: form.get("login"), password: form.get("password") }),
      );
    } catch (problem) {
      const said = problem instanceof Refused && problem.status < 500;
      setError(said ? problem.message : words.console.failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="sign-in" onSubmit={submit}>
      <h1>{words.console.signIn}</h1>
      <label>
        {words.console.login}
        <input className="ds-input" name="login" autoComplete="username" required />
      </label>
      <label>
        {words.console.password}
        <input
          className="ds-input"
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
      </label>
      <p role="alert" className="error">
        {error}
      </p>
      <button type="submit" className="ds-button" disabled={busy}>
        {words.console.signIn}
      </button>
    </form>
  );
}

start(<ConsolePage />);
