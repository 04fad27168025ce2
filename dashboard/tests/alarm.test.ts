import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Card } from "../src/api/frames";
import { clock, counter, isNight, spoken } from "../src/core/age";
import { kindOf, loudest, PATTERNS, type Pattern, type Tune, tuneOf } from "../src/core/alarm";
import { en } from "../src/i18n/en";
import { nb } from "../src/i18n/nb";

describe("the alarm code", () => {
  it("gives each call its row of the table", () => {
    const kinds = [
      kindOf({ type: "emergency", priority: 0 }),
      kindOf({ type: "assist", priority: 1 }),
      kindOf({ type: "patient", priority: 1 }),
      kindOf({ type: "bed_exit", priority: 2 }),
      kindOf({ type: "door", priority: 3 }),
      kindOf({ type: "technical", priority: 1 }),
    ];
    expect(kinds).toEqual([
      "emergency",
      "assistance",
      "urgent",
      "important",
      "routine",
      "technical",
    ]);
  });

  it("sounds for one call at a time, the most urgent", () => {
    expect(loudest(["routine", "technical", "urgent"])).toBe("urgent");
    expect(loudest([])).toBeNull();
  });

  it("sounds quietly only for what the hub calls quiet and is not urgent", () => {
    const tune = (type: Card["type"], priority: number) => tuneOf({ type, priority, quiet: true });
    expect([tune("patient", 2), tune("motion", 3)]).toEqual(["quiet", "quiet"]);
    expect([
      tune("emergency", 0),
      tune("patient", 0),
      tune("assist", 2),
      tune("bathroom", 1),
      tune("technical", 2),
    ]).toEqual(["emergency", "emergency", "assistance", "urgent", "technical"]);
    expect(tuneOf({ type: "patient", priority: 2, quiet: false })).toBe("important");
  });

  it("lets any other call be heard before a quiet one", () => {
    expect(loudest(["quiet", "routine"])).toBe("routine");
    expect(loudest(["quiet"])).toBe("quiet");
  });

  it("plays one short soft tone and a light vibration for a quiet call", () => {
    const { quiet, ...others } = PATTERNS;
    expect(quiet.soft).toBe(true);
    expect(Object.values(others).some((pattern) => pattern.soft)).toBe(false);
    const shake = ({ vibrate }: Pattern) => vibrate.reduce((sum, ms) => sum + ms, 0);
    expect(shake(quiet)).toBeLessThan(Math.min(...Object.values(others).map(shake)));
    // As often as an ordinary important call: softer, never rarer.
    expect(quiet.everyMs).toBeLessThanOrEqual(PATTERNS.important.everyMs);
  });

  it("ends each pattern before it begins anew", () => {
    for (const { tones, everyMs } of Object.values(PATTERNS)) {
      expect(Math.max(...tones.map((tone) => tone.at + tone.for)) * 1_000).toBeLessThanOrEqual(
        everyMs,
      );
    }
  });

  it("tells kinds apart by count and rhythm, not by pitch alone", () => {
    const rhythm = (kind: Tune) => `${PATTERNS[kind].tones.length}/${PATTERNS[kind].everyMs}`;
    const kinds = Object.keys(PATTERNS) as Tune[];
    expect(new Set(kinds.map(rhythm)).size).toBe(kinds.length);
  });
});

describe("contrast", () => {
  const css = readFileSync("src/ui/tokens.css", "utf8");
  const token = (name: string) => {
    const value = css.match(new RegExp(`--${name}: (#[0-9a-f]{6})`))?.[1];
    if (!value) throw new Error(`tokens.css has no --${name}`);
    return value;
  };
  const luminance = (hex: string) => {
    const [r, g, b] = [1, 3, 5].map((i) => {
      const part = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string) => {
    const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x) as [
      number,
      number,
    ];
    return (light + 0.05) / (dark + 0.05);
  };

  it.each([
    ["urgent", "#ffffff"],
    ["important", "#1a1a1a"],
    ["routine", "#1a1a1a"],
    ["assistance", "#ffffff"],
    ["technical", "#ffffff"],
    ["present", "#ffffff"],
  ])("of the text on %s is at least 4.5", (name, text) => {
    expect(contrast(token(name), text)).toBeGreaterThanOrEqual(4.5);
  });

  it("of night text and muted night text is at least 4.5", () => {
    expect(contrast("#0e1726", "#f2f5fa")).toBeGreaterThanOrEqual(4.5);
    expect(contrast("#162338", "#a9b7cc")).toBeGreaterThanOrEqual(4.5);
  });
});

describe("words", () => {
  const paths = (node: object, at = ""): string[] =>
    Object.entries(node).flatMap(([key, value]) =>
      typeof value === "object" ? paths(value, `${at}${key}.`) : [`${at}${key}`],
    );

  it("are the same in both languages, and none is empty", () => {
    expect(paths(en)).toEqual(paths(nb));
  });

  it("never promise or accuse", () => {
    const all = JSON.stringify([nb, en]).toLowerCase();
    for (const word of ["overvåker", "garanter", "falsk alarm", "false alarm"])
      expect(all).not.toContain(word);
  });
});

describe("times", () => {
  it("are counted and spoken as the house writes them", () => {
    expect([12, 725, 3_725].map(counter)).toEqual(["0:12", "12:05", "1:02:05"]);
    expect([8, 60, 80, 3_600, 3_900].map((s) => spoken(s))).toEqual([
      "8 s",
      "1 min",
      "1 min 20 s",
      "1 t",
      "1 t 5 min",
    ]);
    expect(clock(new Date(2026, 10, 21, 2, 14))).toBe("02:14");
  });

  it("make it night from 22 to 07", () => {
    const at = (hour: number) => isNight(new Date(2026, 10, 21, hour).getTime());
    expect([21, 22, 2, 6, 7].map(at)).toEqual([false, true, true, true, false]);
  });
});
