// Sound from Web Audio, tone by tone: no file to load, and the page knows whether it really sounds.
// A browser lets audio run only after a touch; `unlock` is called from one.
import { CONTACT_BACK, type Kind, LOST_CONTACT, PATTERNS, type Pattern, type Tone } from "./alarm";
import type { Bell } from "./telephone";

const LOUDNESS = 0.9;
const EDGE_S = 0.012;

export class Sound implements Bell {
  #context: AudioContext | null = null;
  #playing: OscillatorNode[] = [];
  #repeat: ReturnType<typeof setInterval> | null = null;
  #startedAt: number | null = null;
  #kind: Kind | null = null;
  #quietUntil = 0;
  readonly #changed: () => void;

  constructor(changed: () => void = () => undefined) {
    this.#changed = changed;
  }

  /** Make the audio now, so that its state is known before anybody touches the page. */
  prepare(): void {
    this.#audio();
  }

  /** Whether the audio runs, in the browser's own word. */
  get running(): boolean {
    return this.#audio().state === "running";
  }

  /** Let audio run; must be called from a touch or a key. */
  async unlock(): Promise<void> {
    if (!this.running) await this.#audio().resume();
  }

  ring(kind: Kind | null): void {
    this.#silence();
    this.#kind = kind;
    if (!kind) return;
    const pattern = PATTERNS[kind];
    this.#once(pattern);
    this.#repeat = setInterval(() => this.#once(pattern), pattern.everyMs);
  }

  async sounds(): Promise<boolean> {
    const began = this.#startedAt;
    if (began === null || this.#kind === null) return false;
    // The clock of the audio moves only while samples really leave.
    for (let look = 0; look < 50; look++) {
      if (this.running && this.#audio().currentTime > began) return true;
      await new Promise((done) => setTimeout(done, 10));
    }
    return false;
  }

  /** Play a pattern one time, for the shift check. */
  sample(pattern: Pattern): void {
    this.#once(pattern);
  }

  /** «Jeg går til vaktrommet»: the warning of lost contact rests for a while. Calls never do. */
  quietFor(ms: number): void {
    this.#quietUntil = Date.now() + ms;
  }

  lost(): void {
    if (!this.#kind && Date.now() > this.#quietUntil) this.#once(LOST_CONTACT);
  }

  back(): void {
    if (!this.#kind) this.#once(CONTACT_BACK);
  }

  #audio(): AudioContext {
    if (!this.#context) {
      this.#context = new AudioContext({ latencyHint: "interactive" });
      this.#context.onstatechange = this.#changed;
    }
    return this.#context;
  }

  #once(pattern: Pattern): void {
    vibrate(pattern.vibrate);
    if (!this.running) {
      this.#startedAt = null;
      return;
    }
    const now = this.#audio().currentTime;
    this.#startedAt = now;
    for (const tone of pattern.tones) this.#tone(tone, now);
  }

  #tone(tone: Tone, now: number): void {
    const audio = this.#audio();
    const [from, until] = [now + tone.at, now + tone.at + tone.for];
    const wave = audio.createOscillator();
    const gain = audio.createGain();
    // A square wave has the overtones that a small loudspeaker can play.
    wave.type = "square";
    wave.frequency.setValueAtTime(tone.hz, from);
    if (tone.to) wave.frequency.linearRampToValueAtTime(tone.to, until);
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(LOUDNESS, from + EDGE_S);
    gain.gain.setValueAtTime(LOUDNESS, until - EDGE_S);
    gain.gain.linearRampToValueAtTime(0, until);
    wave.connect(gain).connect(audio.destination);
    wave.start(from);
    wave.stop(until);
    wave.onended = () => {
      this.#playing = this.#playing.filter((other) => other !== wave);
      gain.disconnect();
    };
    this.#playing.push(wave);
  }

  #silence(): void {
    if (this.#repeat) clearInterval(this.#repeat);
    this.#repeat = null;
    this.#startedAt = null;
    for (const wave of this.#playing) wave.stop();
    this.#playing = [];
    vibrate([0]);
  }
}

function vibrate(pattern: readonly number[]): void {
  // Before the first touch the browser refuses and says so in its console; nothing else happens.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([...pattern]);
}
