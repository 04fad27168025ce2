import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
// @ts-expect-error: a build script without types
import { typesFrom } from "../scripts/frames.mjs";

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");

it("has the types that the hub's schema says: run `npm run frames` when this fails", () => {
  expect(read("../src/api/frames.ts")).toBe(typesFrom(read("../src/api/frames.schema.json")));
});
