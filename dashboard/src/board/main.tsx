// The corridor board (UX 4.4 B1): legible at six metres, and honest about its own age.
import type { Board } from "../api/answers";
import { clock, spoken } from "../core/age";
import { LOST_AFTER_MS } from "../core/contact";
import { useNow } from "../ui/now";
import { start, usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { useWords } from "../ui/words";
import { Calls, Staff } from "./Calls";
import { openWithKey } from "./key";
import "./board.css";

const EVERY_MS = 500;

function BoardPage() {
  const { words, lang } = usePage();
  const phone = useWords();
  const now = useNow(250);
  const { data, at, refused } = usePoll<Board>(`/board?lang=${lang}`, EVERY_MS);
  if (refused && !data) return <main className="board board-refused">{words.board.refused}</main>;
  const ageMs = at === null ? performance.now() : Math.max(0, now - at);
  const stale = ageMs > LOST_AFTER_MS;
  // Ages count on by the hub's clock as of its last answer.
  const hubNow = data && at !== null ? Date.parse(data.now) + (now - at) : now;
  return (
    <main className="board" data-stale={stale || undefined}>
      <header>
        <h1>{data?.house ?? words.board.title}</h1>
        <span className="board-updated" data-testid="board-age">
          {ageMs < 2_000
            ? words.board.updatedNow
            : words.board.updated(spoken(Math.floor(ageMs / 1_000), phone.contact.hour))}
        </span>
        <span className="board-clock">{clock(now)}</span>
      </header>
      <p className="board-stale" role="alert">
        {stale && (at === null ? words.board.neverFresh : words.board.stale(clockSeconds(at)))}
      </p>
      {data?.store !== undefined && data.store !== "recorded" && (
        <p className="board-fault">{phone.storeDown}</p>
      )}
      {data && !data.broker_up && <p className="board-fault">{phone.brokerDown}</p>}
      {data && <Calls board={data} hubNow={hubNow} />}
      {data && <Staff board={data} />}
    </main>
  );
}

const clockSeconds = (at: number): string =>
  `${clock(at)}:${String(new Date(at).getSeconds()).padStart(2, "0")}`;

void openWithKey().then(() => start(<BoardPage />));
