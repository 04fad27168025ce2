// Signing out, language, night view.
import { useState } from "react";
import type { View } from "../core/telephone";
import { Fresh, Tap } from "../ui/Tap";
import { useWords } from "../ui/words";

interface MenuProps {
  view: View;
  night: boolean;
  onNight: () => void;
  onLanguage: () => void;
  onSignOut: () => void;
  onClose: () => void;
}

export function Menu({ view, night, onNight, onLanguage, onSignOut, onClose }: MenuProps) {
  const words = useWords();
  const [sure, setSure] = useState(false);
  return (
    <Fresh key={sure ? "sure" : "menu"}>
      <main className="screen pad choice">
        <h1 className="title">{sure ? words.out.ask : (view.shown?.me.name ?? words.appName)}</h1>
        {sure ? <p>{words.out.lead}</p> : <p>{view.shown?.handset.name}</p>}
        <div className="answers">
          {sure ? (
            <Tap color="danger" onTap={onSignOut}>
              {words.out.confirm}
            </Tap>
          ) : (
            <>
              <Tap variant="secondary" pressed={night} onTap={onNight}>
                {words.calm.night}
              </Tap>
              <Tap variant="secondary" onTap={onLanguage}>
                <span lang={words.language === "English" ? "en" : "nb"}>{words.language}</span>
              </Tap>
              <Tap variant="secondary" onTap={() => setSure(true)}>
                {words.out.signOut}
              </Tap>
            </>
          )}
        </div>
        <Tap onTap={onClose}>{sure ? words.out.stay : words.call.back}</Tap>
      </main>
    </Fresh>
  );
}
