// The hub's HTTP API: JSON both ways, problem+json when it says no.

import { ROOT } from "../core/root";

/** The hub's «no», in its own words: who, what, what to do next. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(path, {
    method,
    credentials: "same-origin",
    headers: {
      "X-Bjelle": "1",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!answer.ok) throw new Refused(answer.status, await sentence(answer));
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function sentence(answer: Response): Promise<string> {
  try {
    const problem = (await answer.json()) as Record<string, unknown>;
    const said = [problem.detail ?? problem.title, problem.next].filter(Boolean);
    return said.join(" – ") || answer.statusText;
  } catch {
    return answer.statusText;
  }
}

const API = `${ROOT}/api/v1`;

export const get = <T>(path: string): Promise<T> => ask("GET", API + path);
export const post = <T>(path: string, body: unknown = {}): Promise<T> =>
  ask("POST", API + path, body);
export const remove = (path: string): Promise<void> => ask("DELETE", API + path);
export const raw = ask;
