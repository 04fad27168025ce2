// What `bjelle demo` adds to the hub (simulators/demo): a phone to play with, stories, and a log.
// Everything else on the demo page is the hub's own API and the telephone's own page.
import type { Me } from "../api/answers";
import { raw } from "../api/http";

export type Story = "bed" | "nobody" | "offline" | "walk";
export const STORIES: readonly Story[] = ["bed", "nobody", "offline", "walk"];

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

/** The visitor's two telephones: each is the same page, below a folder with its own cookies. */
export const PHONES = [
  { number: 1, root: "" },
  { number: 2, root: "/demo/2" },
] as const;
export type PhonePlace = (typeof PHONES)[number];

/** Sign one of them in by the same doors as any other; returns who carries it. */
export async function signIn({ number, root }: PhonePlace): Promise<string> {
  const api = `${root}/api/v1`;
  const me = await raw<Me>("GET", `${api}/me`).catch(() => null);
  if (me?.handset) return me.name;
  const phone = await raw<DemoPhone>("POST", `/demo/api/phone/${number}`, {});
  await raw("POST", `${api}/handsets/enrol`, { code: phone.code });
  await raw("POST", `${api}/session`, { staff: phone.staff, pin: phone.pin });
  return phone.name;
}

/** GET /demo/api?after=n */
export const demoNow = (after: number): Promise<DemoNow> => raw("GET", `/demo/api?after=${after}`);

/** POST /demo/api/story/{name}: 202, begins at once. */
export const tell = (story: Story): Promise<unknown> => raw("POST", `/demo/api/story/${story}`, {});
