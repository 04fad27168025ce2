// What `bjelle demo` adds to the hub (simulators/demo): a phone to play with, stories, and a log.
// Everything else on the demo page is the hub's own API and the telephone's own page.
import { raw } from "../api/http";

export type Story = "bed" | "nobody" | "offline";
export const STORIES: readonly Story[] = ["bed", "nobody", "offline"];

/** A fresh one-time code for the demo's telephone, and an invented person to sign in as. */
export interface DemoPhone {
  code: string;
  staff: string;
  name: string;
  pin: string;
}

/** One thing that happened, in plain words; `n` grows by one. */
export interface Happened {
  n: number;
  at: string;
  nb: string;
  en: string;
}

export interface DemoNow {
  /** Of this run of the demo; another one means that its log has started over. */
  instance: string;
  /** The story that is running, or null. */
  story: Story | null;
  /** Those after `after`, oldest first. */
  log: readonly Happened[];
}

/** POST /demo/api/phone */
export const newPhone = (): Promise<DemoPhone> => raw("POST", "/demo/api/phone", {});

/** GET /demo/api?after=n */
export const demoNow = (after: number): Promise<DemoNow> => raw("GET", `/demo/api?after=${after}`);

/** POST /demo/api/story/{name}: 202, begins at once. */
export const tell = (story: Story): Promise<unknown> => raw("POST", `/demo/api/story/${story}`, {});
