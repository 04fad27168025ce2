// What the larger pages share: start, language.
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { pageWordsOf } from "../i18n/pages";
import { type Lang, storedLang, storeLang, WordsContext, wordsOf } from "./words";

const PageContext = createContext({
  words: pageWordsOf("nb"),
  lang: "nb" as Lang,
  switchLang: () => {},
});

export const usePage = () => useContext(PageContext);

function Page({ children }: { children: ReactNode }) {
  const [lang, setLang] = useState<Lang>(storedLang);
  useEffect(() => storeLang(lang), [lang]);
  const page = {
    words: pageWordsOf(lang),
    lang,
    switchLang: () => setLang(lang === "nb" ? "en" : "nb"),
  };
  return (
    <WordsContext.Provider value={wordsOf(lang)}>
      <PageContext.Provider value={page}>{children}</PageContext.Provider>
    </WordsContext.Provider>
  );
}

export function start(content: ReactNode): void {
  storeLang(storedLang());
  const root = document.getElementById("root");
  if (root) createRoot(root).render(<Page>{content}</Page>);
}

export function LangButton({ label }: { label: string }) {
  const { lang, switchLang } = usePage();
  return (
    <button
      type="button"
      className="ds-button"
      data-variant="tertiary"
      lang={lang === "nb" ? "en" : "nb"}
      onClick={switchLang}
    >
      {label}
    </button>
  );
}
