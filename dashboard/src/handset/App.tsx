// The telephone's day: enrol once, sign in, ready check, shift, out.
import { useCallback, useEffect, useState } from "react";
import type { Card } from "../api/frames";
import { get, Refused, remove } from "../api/http";
import { isNight } from "../core/age";
import { ROOT } from "../core/root";
import { asksForScreen, type Shown } from "../core/shown";
import { Tap } from "../ui/Tap";
import { type Lang, storedLang, storeLang, useWords, WordsContext, wordsOf } from "../ui/words";
import { Check } from "./Check";
import { type Parts, useView } from "./parts";
import { Shift } from "./Shift";
import { Enrol, People, Pin, type Tile, type Tiles, Units } from "./SignIn";

type Stage =
  | { is: "opening" }
  | { is: "enrol" }
  | { is: "people"; tiles: Tiles }
  | { is: "units"; tile: Tile; tiles: Tiles }
  | { is: "pin"; tile: Tile; tiles: Tiles; units: readonly string[] | null }
  /** Still on duty at the end of the session: the same person, the PIN once more. */
  | { is: "again"; tile: Tile; units: readonly string[] }
  | { is: "check" }
  | { is: "shift" };

// Lives as long as the tab: a reload in the middle of a call must not ask for the check again.
const CHECKED = `bjelle-checked${ROOT}`;
const PROBE_EVERY_MS = 5_000;

export function App({ parts }: { parts: Parts }) {
  const [lang, setLang] = useState<Lang>(storedLang);
  const [night, setNight] = useState(() => isNight(Date.now()));
  useEffect(() => storeLang(lang), [lang]);
  useEffect(() => {
    document.documentElement.dataset.colorScheme = night ? "dark" : "light";
  }, [night]);
  const switchLang = () => {
    storeLang(lang === "nb" ? "en" : "nb");
    setLang(lang === "nb" ? "en" : "nb");
    parts.line.refresh();
  };
  return (
    <WordsContext.Provider value={wordsOf(lang)}>
      <Day parts={parts} onLanguage={switchLang} night={night} onNight={() => setNight(!night)} />
    </WordsContext.Provider>
  );
}

interface DayProps {
  parts: Parts;
  onLanguage: () => void;
  night: boolean;
  onNight: () => void;
}

function Day({ parts, onLanguage, night, onNight }: DayProps) {
  const words = useWords();
  const view = useView(parts.line);
  const [stage, setStage] = useState<Stage>({ is: "opening" });
  const opening = useCallback(() => void open(parts).then(setStage), [parts]);
  useEffect(opening, [opening]);

  // A refused socket looks like a lost one; the hub's answer to «who am I» tells them apart.
  const lost = view.contact === "lost";
  useEffect(() => {
    if (!lost) return;
    const probe = setInterval(() => {
      get("/me").catch((problem) => {
        if (problem instanceof Refused && problem.status === 401) void parts.line.end("expired");
      });
    }, PROBE_EVERY_MS);
    return () => clearInterval(probe);
  }, [lost, parts]);

  const signOut = async () => {
    await remove("/session").catch(() => undefined);
    await forget(parts);
    opening();
  };
  const start = () => {
    sessionStorage.setItem(CHECKED, "1");
    setStage({ is: "shift" });
  };

  // The demo's page around us begins the shift on both of its telephones with one click.
  useEffect(() => {
    if (window.parent === window) return;
    const begun = () => {
      void parts.sound.unlock();
      parts.device.hear(true);
      sessionStorage.setItem(CHECKED, "1");
      setStage((now) => (now.is === "check" ? { is: "shift" } : now));
    };
    window.addEventListener("bjelle:start", begun);
    return () => window.removeEventListener("bjelle:start", begun);
  }, [parts]);

  const stay = () => {
    const me = view.shown?.me;
    if (!me) return;
    const units = me.units ?? [];
    setStage({ is: "again", tile: { staff: me.id, name: me.name, units }, units });
  };

  if (view.ended) return <Ended parts={parts} reason={view.ended} onAgain={opening} />;
  switch (stage.is) {
    case "opening":
      return (
        <main className="screen pad">
          <p role="status">{words.contact.connecting}</p>
        </main>
      );
    case "enrol":
      return <Enrol onDone={opening} />;
    case "people":
      return <People tiles={stage.tiles.people} onPick={(tile) => setStage(picked(tile, stage))} />;
    case "units":
      return (
        <Units
          all={stage.tiles.units}
          own={stage.tile.units}
          onDone={(units) => setStage({ ...stage, is: "pin", units })}
          onBack={() => setStage({ is: "people", tiles: stage.tiles })}
        />
      );
    case "pin":
      return (
        <Pin
          tile={stage.tile}
          units={stage.units}
          onTouch={() => void parts.sound.unlock()}
          onDone={() => void begin(parts).then(() => setStage({ is: "check" }))}
          onBack={() => setStage({ is: "people", tiles: stage.tiles })}
        />
      );
    case "again":
      // A call breaks through here too: who types a PIN must not miss it.
      if (!breaksThrough(view.shown)) {
        return (
          <Pin
            tile={stage.tile}
            units={stage.units}
            onTouch={() => void parts.sound.unlock()}
            onDone={() => void begin(parts).then(start)}
            onBack={start}
          />
        );
      }
      break;
    case "check":
      // A call breaks through the check, and stays in front while it is mine. A fault waits: often
      // it is that nobody is ready, which is what the check mends.
      if (!breaksThrough(view.shown, (card) => card.type !== "technical"))
        return <Check parts={parts} onStart={start} />;
      break;
    case "shift":
      break;
  }
  return (
    <Shift
      parts={parts}
      onSignOut={() => void signOut()}
      onStay={stay}
      onCheck={() => setStage({ is: "check" })}
      onLanguage={onLanguage}
      night={night}
      onNight={onNight}
    />
  );
}

const breaksThrough = (shown: Shown | null, counts: (card: Card) => boolean = () => true) =>
  shown?.calls.some((card) => counts(card) && asksForScreen(card, shown.me.id)) ?? false;

/** Only a house with several units asks which: where there is one, it is that one. */
const picked = (tile: Tile, { tiles }: { tiles: Tiles }): Stage =>
  tiles.units.length > 1 ? { is: "units", tile, tiles } : { is: "pin", tile, tiles, units: null };

/** Find out where this phone stands: signed in, enrolled, or neither. */
async function open(parts: Parts): Promise<Stage> {
  try {
    const { handset } = await get<{ handset: string | null }>("/me");
    if (handset) {
      await begin(parts);
      return { is: sessionStorage.getItem(CHECKED) ? "shift" : "check" };
    }
  } catch (problem) {
    // No contact: the shell shows that, and nobody's data; the line goes on knocking.
    if (!(problem instanceof Refused) || problem.status >= 500) {
      await begin(parts);
      return { is: "shift" };
    }
  }
  try {
    return { is: "people", tiles: await get<Tiles>("/handset/people") };
  } catch {
    return { is: "enrol" };
  }
}

async function begin(parts: Parts): Promise<void> {
  await parts.line.start();
  void parts.device.keepAwake();
}

async function forget(parts: Parts): Promise<void> {
  sessionStorage.clear();
  await parts.line.stop();
  await parts.device.letSleep();
}

interface EndedProps {
  parts: Parts;
  reason: "replaced" | "signed_out" | "expired" | "reload";
  onAgain: () => void;
}

function Ended({ parts, reason, onAgain }: EndedProps) {
  const words = useWords();
  const again = async () => {
    if (reason === "reload") location.reload();
    else if (reason === "replaced") await parts.line.start();
    else {
      await forget(parts);
      parts.line.forgive();
      onAgain();
    }
  };
  const [text, button] = {
    replaced: [words.out.replaced, words.out.useHere],
    signed_out: [words.out.expired, words.out.again],
    expired: [words.out.expired, words.out.again],
    reload: [words.out.reload, words.out.fetch],
  }[reason] as [string, string];
  return (
    <main className="screen pad choice">
      <h1 className="title" role="alert">
        {text}
      </h1>
      <Tap big onTap={() => void again()}>
        {button}
      </Tap>
    </main>
  );
}
