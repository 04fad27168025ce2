// Where somebody is grows old on the page, without a new frame.
import { describe, expect, it } from "vitest";
import { howSure, NOWHERE } from "../src/core/place";
import { en } from "../src/i18n/en";
import { nb } from "../src/i18n/nb";
import { NOON } from "./world";

const at = (seconds: number) => new Date(NOON + seconds * 1_000).toISOString();
const lounge = {
  room: "Dagligstue Nord",
  seen_at: at(0),
  certain_until: at(60),
  known_until: at(300),
  look: ["rom 204"],
};

describe("a place", () => {
  it.each([
    [0, "certain"],
    [60, "certain"],
    [61, "likely"],
    [300, "likely"],
    [301, "unknown"],
  ])("heard %i s ago is %s", (seconds, known) => {
    expect(howSure(lounge, NOON + seconds * 1_000)).toBe(known);
  });

  it("that was only likely is never certain", () => {
    expect(howSure({ ...lounge, certain_until: null }, NOON)).toBe("likely");
  });

  it("that nobody knows is unknown, and says so", () => {
    expect(howSure(NOWHERE, NOON)).toBe("unknown");
    expect([nb.place.unknown, en.place.unknown]).toEqual(["Nå: ukjent sted", "Now: place unknown"]);
  });

  it("is told with its age in both languages", () => {
    expect(nb.place.certain("Dagligstue Nord", "8 s")).toBe("Nå: Dagligstue Nord · 8 s siden");
    expect(nb.place.likely("rom 204", "2 min")).toBe("Nå: trolig rom 204 · 2 min siden");
    expect(en.place.likely("room 204", "2 min")).toBe("Now: probably room 204 · 2 min ago");
    expect(nb.place.last("rom 204", "12 min")).toBe("Sist hørt: rom 204 · 12 min siden");
    expect(en.place.look("room 204")).toBe("Look also in: room 204");
  });
});
