// Words of the figures at a glance. Norwegian first, English complete.
import type { Before } from "../api/answers";
import type { Lang } from "../ui/words";

const nb = {
  glance: "Hvor lenge ventet pasientene?",
  period: (days: number) => `siste ${days} døgn, mot de ${days} før`,
  half: "Halvparten fikk svar innen",
  most: "9 av 10 fikk svar innen",
  within: "Svar innen målet",
  calls: "Anrop",
  before: (what: string) => `før: ${what}`,
  waiting: (count: number) =>
    count === 1 ? "1 anrop venter fortsatt" : `${count} anrop venter fortsatt`,
  noBefore: "Ingen anrop i perioden før å sammenligne med.",
  verdict: {
    better: "Bedre enn før: forskjellen er større enn tilfeldigheter gir.",
    worse: "Dårligere enn før: forskjellen er større enn tilfeldigheter gir.",
    chance: "Ingen sikker endring: forskjellen er ikke større enn tilfeldigheter gir.",
    few: "For få anrop i en av periodene til å si om det er bedre eller dårligere.",
  } as Record<Before["verdict"], string>,
  short: {
    better: "▲ bedre",
    worse: "▼ dårligere",
    chance: "≈ som før",
    few: "? for få til å si",
  } as Record<Before["verdict"], string>,
  by: { unit: "Per avdeling", priority: "Per prioritet", hour: "Over døgnet" },
  byWords: {
    unit: "Avdeling",
    priority: "Prioritet",
    hour: "Time på døgnet",
    day: "Døgn",
  },
  legend:
    "█ halvparten innen · ┃ 9 av 10 innen · ┆ halvparten, perioden før. Til høyre: halvparten · 9 av 10 · innen målet",
  hourLegend:
    "Søylen: halvparten fikk svar innen så mange sekunder. Streken: 9 av 10. Stiplet søyle: færre enn 5 anrop, si ingenting ut fra den.",
  hour: (hour: string) => `kl. ${hour}–${String((Number(hour) + 1) % 24).padStart(2, "0")}`,
  inUnit: (calls: number) =>
    calls === 0 ? "ingen anrop" : calls === 1 ? "1 anrop" : `${calls} anrop`,
  slowest: (hours: string, time: string) =>
    `Lengst ventetid: ${hours} (halvparten fikk svar innen ${time}).`,
  none: "Ingen anrop i perioden, så ingen tall.",
  file: "Last ned (CSV)",
  fileHow: "Åpnes i et regneark. Under 5 anrop står uten tider. Ingen personer.",
};

type FigureWords = typeof nb;

const en: FigureWords = {
  glance: "How long did patients wait?",
  period: (days) => `last ${days} days, beside the ${days} before`,
  half: "Half were answered within",
  most: "9 of 10 were answered within",
  within: "Answered within target",
  calls: "Calls",
  before: (what) => `before: ${what}`,
  waiting: (count) => (count === 1 ? "1 call still waits" : `${count} calls still wait`),
  noBefore: "No calls in the period before to compare with.",
  verdict: {
    better: "Better than before: the difference is larger than chance makes.",
    worse: "Worse than before: the difference is larger than chance makes.",
    chance: "No certain change: the difference is no larger than chance makes.",
    few: "Too few calls in one of the periods to tell whether it is better or worse.",
  },
  short: {
    better: "▲ better",
    worse: "▼ worse",
    chance: "≈ as before",
    few: "? too few to tell",
  },
  by: { unit: "By ward", priority: "By priority", hour: "By time of day" },
  byWords: { unit: "Ward", priority: "Priority", hour: "Hour of the day", day: "Day" },
  legend:
    "█ half within · ┃ 9 of 10 within · ┆ half, the period before. At the right: half · 9 of 10 · within target",
  hourLegend:
    "The column: half were answered within so many seconds. The tick: 9 of 10. Dashed column: fewer than 5 calls, conclude nothing from it.",
  hour: (hour) => `${hour}–${String((Number(hour) + 1) % 24).padStart(2, "0")}`,
  inUnit: (calls) => (calls === 0 ? "no calls" : calls === 1 ? "1 call" : `${calls} calls`),
  slowest: (hours, time) => `Longest waits: ${hours} (half were answered within ${time}).`,
  none: "No calls in the period, so no figures.",
  file: "Download (CSV)",
  fileHow: "Opens in a spreadsheet. Fewer than 5 calls stand without times. No persons.",
};

export const figureWordsOf = (lang: Lang): FigureWords => (lang === "en" ? en : nb);
