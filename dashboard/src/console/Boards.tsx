// Screens in corridors: each has a key of its own, shown once and taken back by name.
import { type FormEvent, useState } from "react";
import type { BoardKey, BoardMade } from "../api/answers";
import { post, Refused, remove } from "../api/http";
import { usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { Part, useAgo, useConsole } from "./parts";

export function Boards() {
  const own = useConsole().state;
  const { words } = usePage();
  const ago = useAgo();
  const [asked, setAsked] = useState(0);
  const [made, setMade] = useState<BoardMade | null>(null);
  const [error, setError] = useState("");
  const polled = usePoll<readonly BoardKey[]>(`/boards#${asked}`, 30_000);
  const run = async (work: () => Promise<void>) => {
    setError("");
    try {
      await work();
      setAsked((n) => n + 1);
    } catch (problem) {
      setError(problem instanceof Refused ? problem.message : words.console.failed);
    }
  };
  const make = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get("name"));
    void run(async () => {
      setMade(await post<BoardMade>("/boards", { name }));
      form.reset();
    });
  };
  return (
    <Part title={own.boards} polled={polled}>
      {(boards) => (
        <>
          {!boards.length && <p>{own.boardsNone}</p>}
          <ul className="boards">
            {boards.map(({ id, name, looked_at }) => (
              <li key={id} className="buttons">
                <strong>{name}</strong>
                <span className="quiet">
                  {looked_at
                    ? own.boardSeen(ago(looked_at, new Date().toISOString()))
                    : own.boardUnseen}
                </span>
                <button
                  type="button"
                  className="ds-button"
                  data-variant="tertiary"
                  onClick={() => void run(() => remove(`/boards/${id}`))}
                >
                  {own.boardEnd}
                </button>
              </li>
            ))}
          </ul>
          <form className="pause no-print" onSubmit={make}>
            <label className="choose">
              {own.boardName}
              <input className="ds-input" name="name" required maxLength={100} />
            </label>
            <button type="submit" className="ds-button" data-variant="secondary">
              {own.boardMake}
            </button>
          </form>
          {made && (
            <p role="status" className="code">
              {own.boardOnce}
              <a className="ds-link" href={made.link}>
                {made.link}
              </a>
              <img src={made.picture} alt="" />
            </p>
          )}
          <p role="alert" className="error">
            {error}
          </p>
        </>
      )}
    </Part>
  );
}
