// The hub's HTTP API: JSON both ways, problem+json when it says no.

import { ROOT } from "../core/root";
import { type Refusal, wordsOfRefusal } from "../i18n/refusals";

/** The hub's «no», in the page's language where its code is known, else in the hub's words. */
export class Refused extends Error {
  readonly status: number;
  /** Which fields are meant, and what was expected there. */
  readonly errors: readonly { field: string; expected: string; code?: string }[];
  readonly code: string;

  constructor(status: number, sentence: string, errors: Refused["errors"] = [], code = "") {
    super(sentence);
    this.status = status;
    this.errors = errors;
    this.code = code;
  }
}

async function ask<T>(method: string, path: string, body?: unknown, version?: number): Promise<T> {
  const answer = await fetch(path, {
    method,
    credentials: "same-origin",
    headers: {
      "X-Bjelle": "1",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(version === undefined ? {} : { "If-Match": `"${version}"` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw await refusal(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function refusal(answer: Response): Promise<Refused> {
  const problem = await answer.json().catch(() => null);
  const { code = "", params = {} } = (problem ?? {}) as Partial<Refusal>;
  const said = [problem?.detail ?? problem?.title, problem?.next].filter(Boolean);
  const errors = Array.isArray(problem?.errors) ? problem.errors : [];
  const sentence = wordsOfRefusal({ code, params }) ?? said.join(" – ");
  return new Refused(answer.status, sentence || answer.statusText, errors, code);
}

const API = `${ROOT}/api/v1`;

export const get = <T>(path: string): Promise<T> => ask("GET", API + path);
export const post = <T>(path: string, body: unknown = {}): Promise<T> =>
  ask("POST", API + path, body);
export const remove = (path: string): Promise<void> => ask("DELETE", API + path);
export const raw = ask;
/** A change of one version of something: refused with 412 where another was quicker. */
export const change = <T>(path: string, body: unknown, version: number): Promise<T> =>
  ask("PATCH", API + path, body, version);
/** A change that has no versions: what is sent holds, the rest stays. */
export const patch = <T>(path: string, body: unknown): Promise<T> => ask("PATCH", API + path, body);
export const postVersion = <T>(path: string, version: number): Promise<T> =>
  ask("POST", API + path, {}, version);
