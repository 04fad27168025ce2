// The browser as the telephone's world: clocks, socket, screen lock, battery, what was painted.

import type { Socket } from "../core/link";
import { openOutbox } from "../core/outbox";
import { ROOT } from "../core/root";
import type { Sound } from "../core/sound";
import type { Facts, World } from "../core/telephone";
import { storedLang } from "../ui/words";

export const VERSION = "0.1.0";

const PAINT_EVERY_MS = 500;
const LIMITED = `bjelle-not-heard${ROOT}`;

interface Battery {
  level: number;
  charging: boolean;
}

/** Screen lock, battery and paint: facts that a heartbeat's answer tells. */
export class Device {
  #lock: WakeLockSentinel | null = null;
  #battery: Battery | null = null;
  #painted = performance.now();
  /** A person said that the test sound was not heard. */
  notHeard = sessionStorage.getItem(LIMITED) === "1";
  /** The demo's «flight mode»: frames are lost on the air, the page is not told. */
  offAir = false;

  async begin(changed: () => void): Promise<void> {
    setInterval(() => requestAnimationFrame((at) => (this.#painted = at)), PAINT_EVERY_MS);
    document.addEventListener("visibilitychange", () => void this.keepAwake().then(changed));
    const source = navigator as { getBattery?: () => Promise<Battery> };
    this.#battery = (await source.getBattery?.().catch(() => null)) ?? null;
  }

  /** Ask for the screen to stay on; the browser takes it back whenever the page is hidden. */
  async keepAwake(): Promise<boolean> {
    if (document.visibilityState !== "visible" || !navigator.wakeLock) return false;
    if (this.#lock && !this.#lock.released) return true;
    this.#lock = await navigator.wakeLock.request("screen").catch(() => null);
    return this.#lock !== null;
  }

  async letSleep(): Promise<void> {
    await this.#lock?.release();
    this.#lock = null;
  }

  hear(heard: boolean): void {
    this.notHeard = !heard;
    sessionStorage.setItem(LIMITED, heard ? "0" : "1");
  }

  get awake(): boolean {
    return this.#lock !== null && !this.#lock.released;
  }

  /** In the charger; null where the browser does not tell. */
  get charging(): boolean | null {
    return this.#battery?.charging ?? null;
  }

  get batteryPercent(): number | null {
    return this.#battery ? Math.round(this.#battery.level * 100) : null;
  }

  facts(audio: boolean): Facts {
    return {
      visible: document.visibilityState === "visible",
      painted_ms: Math.max(0, Math.round(performance.now() - this.#painted)),
      audio: audio && !this.notHeard,
      wake_lock: this.awake,
      battery: this.batteryPercent,
      charging: this.charging,
    };
  }
}

/** A socket nobody answers. */
const deaf = (): Socket => ({
  onopen: null,
  onmessage: null,
  onclose: null,
  send() {},
  close() {},
});

function openSocket(device: Device): Socket {
  if (device.offAir) return deaf();
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const real = new WebSocket(`${scheme}://${location.host}${ROOT}/api/v1/handset`);
  const socket: Socket = {
    onopen: null,
    onmessage: null,
    onclose: null,
    send: (text) => {
      if (!device.offAir && real.readyState === WebSocket.OPEN) real.send(text);
    },
    close: () => real.close(),
  };
  real.onopen = () => socket.onopen?.();
  real.onmessage = (event) => !device.offAir && socket.onmessage?.(event);
  real.onclose = (event) => socket.onclose?.(event);
  return socket;
}

/** Resolve once the next frame is on the screen of a visible page; false if nobody can see it. */
async function painted(): Promise<boolean> {
  if (document.visibilityState !== "visible") return false;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return document.visibilityState === "visible";
}

export function browserWorld(device: Device, sound: Sound): World {
  return {
    open: () => openSocket(device),
    now: () => ({ monotonic: performance.now(), wall: Date.now() }),
    later: (ms, act) => {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
    chance: Math.random,
    bell: sound,
    outbox: openOutbox(),
    facts: () => device.facts(sound.running),
    lang: storedLang,
    version: VERSION,
    painted,
  };
}
