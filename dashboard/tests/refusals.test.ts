// Refusals in the page's language: both languages know the same codes, and parameters are said.
import { afterEach, describe, expect, test, vi } from "vitest";
import { REFUSALS, wordsOfRefusal } from "../src/i18n/refusals";

const speaking = (lang: string) => vi.stubGlobal("document", { documentElement: { lang } });

afterEach(() => vi.unstubAllGlobals());

describe("refusals", () => {
  test("both languages know the same codes", () => {
    expect(Object.keys(REFUSALS.en)).toEqual(Object.keys(REFUSALS.nb));
  });

  test("each code has words, also without its parameters", () => {
    for (const lang of ["nb", "en"] as const) {
      speaking(lang);
      for (const code of Object.keys(REFUSALS[lang])) {
        expect(wordsOfRefusal({ code, params: { seconds: "30" } })).toBeTruthy();
      }
    }
  });

  test("what it is about stands in the sentence, and long waits are minutes", () => {
    speaking("nb");
    expect(wordsOfRefusal({ code: "stay-bed-taken", params: { bed: "102-1" } })).toContain("102-1");
    expect(wordsOfRefusal({ code: "locked", params: { seconds: "30" } })).toContain("30 sekunder");
    expect(wordsOfRefusal({ code: "locked", params: { seconds: "600" } })).toContain("10 min");
  });

  test("a code that has no words here is left to the hub", () => {
    speaking("en");
    expect(wordsOfRefusal({ code: "none-such", params: {} })).toBeNull();
  });
});
