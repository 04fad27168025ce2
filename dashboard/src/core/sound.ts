// Sound from Web Audio, tone by tone: no file to load, and the page knows whether it really sounds.
// A browser lets audio run only after a touch; `unlock` is called from one.
import { CONTACT_BACK, LOST_CONTACT, PATTERNS, type Pattern, type Tone, type Tune } from "./alarm";
import type { Bell } from "./telephone";

const LOUDNESS = 0.9;
// Heard in the hand and in the pocket of who carries it, not across the room.
const SOFT_LOUDNESS = 0.25;
const EDGE_S = 0.012;

export class Sound implements Bell {
  #context: AudioContext | null = null;
  #playing: OscillatorNode[] = [];
  #repeat: ReturnType<typeof setInterval> | null = null;
  #startedAt: number | null = null;
  #tune: Tune | null = null;
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

  ring(tune: Tune | null): void {
    this.#silence();
    this.#tune = tune;
    if (!tune) return;
    const pattern = PATTERNS[tune];
    this.#once(pattern);
    this.#repeat = setInterval(() => this.#once(pattern), pattern.everyMs);
  }

  async sounds(): Promise<boolean> {
    const began = this.#startedAt;
    if (began === null || this.#tune === null) return false;
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
    if (!this.#tune && Date.now() > this.#quietUntil) this.#once(LOST_CONTACT);
  }

  back(): void {
    if (!this.#tune) this.#once(CONTACT_BACK);
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
    for (const tone of pattern.tones) this.#tone(tone, now, pattern.soft ?? false);
  }

  #tone(tone: Tone, now: number, soft: boolean): void {
    const loudness = soft ? SOFT_LOUDNESS : LOUDNESS;
    const audio = this.#audio();
    const [from, until] = [now + tone.at, now + tone.at + tone.for];
    const wave = audio.createOscillator();
    const gain = audio.createGain();
    // A square wave has the overtones that a small loudspeaker can play.
    wave.type = soft ? "triangle" : "square";
    wave.frequency.setValueAtTime(tone.hz, from);
    if (tone.to) wave.frequency.linearRampToValueAtTime(tone.to, until);
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(loudness, from + EDGE_S);
    gain.gain.setValueAtTime(loudness, until - EDGE_S);
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
