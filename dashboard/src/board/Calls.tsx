// Open calls for people who walk by: shape + word, room, reason, age, who. No patient's name.
import type { Board, BoardCall } from "../api/answers";
import { counter, secondsSince } from "../core/age";
import { kindOf } from "../core/alarm";
import { pressesToSay } from "../core/shown";
import { Mark } from "../ui/Mark";
import { usePage } from "../ui/page";
import { useWords } from "../ui/words";

/** Rows by priority, then age. */
export function inOrder(calls: readonly BoardCall[]): readonly BoardCall[] {
  return calls.toSorted(
    (a, b) => a.priority - b.priority || a.opened_at.localeCompare(b.opened_at),
  );
}

export function Calls({ board, hubNow }: { board: Board; hubNow: number }) {
  const { words } = usePage();
  if (!board.calls.length) return <p className="board-calm">{words.board.calm}</p>;
  const { columns } = words.board;
  return (
    <table className="board-calls">
      <thead className="ds-sr-only">
        <tr>
          <th scope="col">{columns.priority}</th>
          <th scope="col">{columns.room}</th>
          <th scope="col">{columns.why}</th>
          <th scope="col">{columns.age}</th>
          <th scope="col">{columns.who}</th>
        </tr>
      </thead>
      <tbody>
        {inOrder(board.calls).map((call) => (
          <Row key={call.id} call={call} hubNow={hubNow} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ call, hubNow }: { call: BoardCall; hubNow: number }) {
  const { words } = usePage();
  const { kind: kindWords } = useWords();
  const kind = kindOf(call);
  const presses = pressesToSay(call);
  const nowhere = call.type === "technical" ? words.board.house : words.board.noRoom;
  const place = call.room ? words.board.room(call.room) : nowhere;
  return (
    <tr data-testid="board-call" data-call={call.id} data-state={call.state}>
      <td className="board-kind" data-kind={kind}>
        <span>
          <Mark kind={kind} />
          {kindWords[kind]}
        </span>
      </td>
      <th scope="row">{place}</th>
      <td>
        {call.practice && <strong>{words.board.practice}: </strong>}
        {call.why}
        {presses > 0 && ` (${words.board.pressed(presses)})`}
      </td>
      <td className="board-age">{counter(secondsSince(call.opened_at, hubNow))}</td>
      <td className="board-who">
        <Who call={call} hubNow={hubNow} />
      </td>
    </tr>
  );
}

function Who({ call, hubNow }: { call: BoardCall; hubNow: number }) {
  const { words } = usePage();
  if (call.present.length) {
    return (
      <span className="board-present">
        <Mark kind="present" />
        {words.board.present(call.present.join(", "))}
      </span>
    );
  }
  if (call.owner && call.taken_at) {
    return <>{words.board.onTheWay(call.owner, counter(secondsSince(call.taken_at, hubNow)))}</>;
  }
  return <strong>{words.board.nobody}</strong>;
}

export function Staff({ board }: { board: Board }) {
  const { words } = usePage();
  const { doing, state } = useWords();
  const ready = board.staff.filter(({ handset }) => handset === "ready").length;
  return (
    <section className="board-staff" aria-label={words.board.staff}>
      <p className="strong">
        {board.staff.length ? words.board.ready(ready, board.staff.length) : words.board.noStaff}
      </p>
      <ul>
        {board.staff.map((person) => (
          <li key={person.name} data-handset={person.handset}>
            <span className="strong">{person.name}</span>{" "}
            {person.handset === "ready" ? doing[person.doing] : state[person.handset]}
            {person.room && ` ${person.room}`}
          </li>
        ))}
      </ul>
    </section>
  );
}
