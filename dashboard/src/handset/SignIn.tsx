// H0 up to the PIN: enrol the phone with a code, pick a person, type the PIN.
import { type FormEvent, useState } from "react";
import { post, Refused } from "../api/http";
import { Fresh, Tap } from "../ui/Tap";
import { useWords } from "../ui/words";

export interface Tile {
  staff: string;
  name: string;
  /** The units this person usually has. */
  units: readonly string[];
}

/** What `GET /handset/people` tells before the PIN. */
export interface Tiles {
  people: readonly Tile[];
  units: readonly { id: string; name: string }[];
}

export function Enrol({ onDone }: { onDone: () => void }) {
  const words = useWords();
  const [code, setCode] = useState(codeFromAddress);
  const [error, setError] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError("");
    try {
      await post("/handsets/enrol", { code: code.trim() });
      onDone();
    } catch (problem) {
      setError(
        problem instanceof Refused && problem.status < 500 ? words.enrol.wrong : words.failed,
      );
    }
  };
  return (
    <main className="screen pad">
      <h1 className="title">{words.enrol.title}</h1>
      <p>{words.enrol.lead}</p>
      <form className="stack" onSubmit={submit}>
        <label className="stack-tight">
          <span className="strong">{words.enrol.code}</span>
          <input
            className="ds-input code"
            name="code"
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            required
            value={code}
            aria-invalid={error ? true : undefined}
            aria-describedby="enrol-error"
            onChange={(event) => setCode(event.target.value)}
          />
        </label>
        <p id="enrol-error" role="alert" className="error">
          {error}
        </p>
        <button type="submit" className="ds-button tap tap-big">
          {words.enrol.submit}
        </button>
      </form>
    </main>
  );
}

/** A QR code leads here with the code in the fragment, which a browser sends to nobody. */
function codeFromAddress(): string {
  const code = new URLSearchParams(location.hash.slice(1)).get("enrol") ?? "";
  if (code) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

export function People({
  tiles,
  onPick,
}: {
  tiles: readonly Tile[];
  onPick: (tile: Tile) => void;
}) {
  const words = useWords();
  return (
    <main className="screen pad">
      <h1 className="title">{words.people.title}</h1>
      <p>{tiles.length ? words.people.lead : words.people.none}</p>
      <ul className="tiles">
        {tiles.map((tile) => (
          <li key={tile.staff}>
            <Tap variant="secondary" onTap={() => onPick(tile)}>
              <span className="initials" aria-hidden="true">
                {initials(tile.name)}
              </span>
              <span>{tile.name}</span>
            </Tap>
          </li>
        ))}
      </ul>
    </main>
  );
}

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((part) => part[0] ?? "")
    .join("")
    .toUpperCase();

interface UnitsProps {
  all: Tiles["units"];
  own: readonly string[];
  onDone: (units: readonly string[]) => void;
  onBack: () => void;
}

/** Which units this person takes responsibility for today; their own are chosen already. */
export function Units({ all, own, onDone, onBack }: UnitsProps) {
  const words = useWords();
  const [chosen, setChosen] = useState<readonly string[]>(own);
  const flip = (id: string) =>
    setChosen((now) => (now.includes(id) ? now.filter((one) => one !== id) : [...now, id]));
  return (
    <Fresh>
      <main className="screen pad choice" data-testid="units">
        <h1 className="title">{words.units.title}</h1>
        <p>{words.units.lead}</p>
        <div className="answers">
          {all.map(({ id, name }) => (
            <Tap
              key={id}
              variant={chosen.includes(id) ? "primary" : "secondary"}
              pressed={chosen.includes(id)}
              onTap={() => flip(id)}
            >
              {chosen.includes(id) ? `✓ ${name}` : name}
            </Tap>
          ))}
        </div>
        <div className="bottom pair">
          <Tap variant="tertiary" onTap={onBack}>
            {words.people.other}
          </Tap>
          <Tap big onTap={() => onDone(chosen)} disabled={chosen.length === 0}>
            {words.units.next}
          </Tap>
        </div>
      </main>
    </Fresh>
  );
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const SHORTEST = 4;
const LONGEST = 6;

interface PinProps {
  tile: Tile;
  /** The units taken on; null: the person's own. */
  units: readonly string[] | null;
  /** Called inside the touch, so that audio may start. */
  onTouch: () => void;
  onDone: () => void;
  onBack: () => void;
}

export function Pin({ tile, units, onTouch, onDone, onBack }: PinProps) {
  const words = useWords();
  const [pin, setPin] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const type = (digit: string) => {
    onTouch();
    setError("");
    setPin((typed) => (typed.length < LONGEST ? typed + digit : typed));
  };
  const submit = async () => {
    onTouch();
    setBusy(true);
    try {
      await post("/session", { staff: tile.staff, pin, units });
      onDone();
    } catch (problem) {
      setPin("");
      setError(pinError(problem, words));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Fresh>
      <main className="screen pad pin">
        <h1 className="title">{words.pin.title(tile.name)}</h1>
        <p className="dots" role="status">
          <span aria-hidden="true">
            {"●".repeat(pin.length)}
            {"○".repeat(Math.max(0, SHORTEST - pin.length))}
          </span>
          <span className="ds-sr-only">{words.pin.typed(pin.length)}</span>
        </p>
        <p role="alert" className="error">
          {error}
        </p>
        <div className="keys">
          {KEYS.map((digit) => (
            <Key key={digit} label={digit} onPress={() => type(digit)} />
          ))}
          <Key label="⌫" name={words.pin.erase} onPress={() => setPin(pin.slice(0, -1))} />
          <Key label="0" onPress={() => type("0")} />
          <Key label={words.people.other} words onPress={onBack} />
        </div>
        <Tap big onTap={submit} disabled={pin.length < SHORTEST || busy}>
          {words.pin.submit}
        </Tap>
      </main>
    </Fresh>
  );
}

function pinError(problem: unknown, words: ReturnType<typeof useWords>): string {
  if (!(problem instanceof Refused) || problem.status >= 500) return words.failed;
  return problem.status === 423 || problem.status === 429 ? words.pin.locked : words.pin.wrong;
}

interface KeyProps {
  label: string;
  name?: string;
  /** The label is words, not a sign. */
  words?: boolean;
  onPress: () => void;
}

function Key({ label, name, words, onPress }: KeyProps) {
  return (
    <button
      type="button"
      className={words ? "ds-button key key-words" : "ds-button key"}
      data-variant="secondary"
      aria-label={name}
      onClick={onPress}
    >
      {label}
    </button>
  );
}
