// Ready check, signing out, language, night view.
import type { View } from "../core/telephone";
import { Fresh, Tap } from "../ui/Tap";
import { useWords } from "../ui/words";

interface MenuProps {
  view: View;
  night: boolean;
  onNight: () => void;
  onLanguage: () => void;
  onCheck: () => void;
  onSignOut: () => void;
  onClose: () => void;
}

export function Menu({ view, night, onNight, onLanguage, onCheck, onSignOut, onClose }: MenuProps) {
  const words = useWords();
  return (
    <Fresh>
      <main className="screen pad choice">
        <h1 className="title">{view.shown?.me.name ?? words.appName}</h1>
        <p>{view.shown?.handset.name}</p>
        <div className="answers">
          <Tap variant="secondary" onTap={onCheck}>
            {words.out.check}
          </Tap>
          <Tap variant="secondary" pressed={night} onTap={onNight}>
            {words.calm.night}
          </Tap>
          <Tap variant="secondary" onTap={onLanguage}>
            <span lang={words.language === "English" ? "en" : "nb"}>{words.language}</span>
          </Tap>
          <Tap variant="secondary" onTap={onSignOut}>
            {words.out.signOut}
          </Tap>
        </div>
        <Tap onTap={onClose}>{words.call.back}</Tap>
      </main>
    </Fresh>
  );
}
