// The page's language: Norwegian first, English complete. Kept per browser; it is nobody's secret.
import { createContext, useContext } from "react";
import { en } from "../i18n/en";
import { nb, type Words } from "../i18n/nb";

export type Lang = "nb" | "en";

const KEY = "bjelle-lang";

export function storedLang(): Lang {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(KEY);
  return asked === "en" ? "en" : "nb";
}

export function storeLang(lang: Lang): void {
  localStorage.setItem(KEY, lang);
  document.documentElement.lang = lang;
}

export const wordsOf = (lang: Lang): Words => (lang === "en" ? en : nb);

export const WordsContext = createContext<Words>(nb);
export const useWords = (): Words => useContext(WordsContext);
