"""«Hva skjer»: what the hub decided, in plain words, with thousandths of a second."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

from hub.names import Names
from hub.sentences import sentence
from routing.effects import Effect, Move, Note, Reason
from routing.ids import HouseId
from routing.state import State

ROWS = 300
WORDS: dict[Move, tuple[str, str]] = {
    Move.OPENED: ("Anrop fra {room}: {why}", "Call from {room}: {why}"),
    Move.JOINED: ("{room}: {why}", "{room}: {why}"),
    Move.PRESSED_AGAIN: ("{room}: {why}", "{room}: {why}"),
    Move.RAISED: ("{room} haster mer: {why}", "{room} is more urgent: {why}"),
    Move.CLIMBED: ("{room} sendes videre: {why}", "{room} is passed on: {why}"),
    Move.RANG: ("{room} ringer hos {who}", "{room} rings at {who}"),
    Move.SEEN: ("{who} har sett {room}", "{who} has seen {room}"),
    Move.TAKEN: ("{who} tok {room}", "{who} took {room}"),
    Move.RESPONDED: ("{who} kommer også til {room}", "{who} is coming to {room} too"),
    Move.DECLINED: ("{who} kan ikke ta {room}", "{who} cannot take {room}"),
    Move.HANDED_OVER: ("{who} overfører {room}", "{who} hands {room} over"),
    Move.NOT_COME: ("{who} kom ikke til {room}", "{who} did not come to {room}"),
    Move.ARRIVED: ("{who} er hos pasienten i {room}", "{who} is with the patient in {room}"),
    Move.LEFT: ("{who} gikk fra {room}", "{who} left {room}"),
    Move.LEFT_TO_OWNER: (
        "{who} gikk fra {room}, en kollega kommer",
        "{who} left {room}, a colleague comes",
    ),
    Move.REOPENED: ("{room} åpnet igjen: {why}", "{room} opened again: {why}"),
    Move.CLOSED: ("{room} avsluttet: {why}", "{room} closed: {why}"),
}
STAYS_OPEN = (
    "{room}: sensoren sier at det er over, anropet står til noen har vært der",
    "{room}: the sensor says it is over, the call stays until somebody has been there",
)
"""A signal that ends joins the call it began, unless its rule lets it close the call."""
NOBODY = ("ingen", "nobody")
HOUSE = ("huset", "the house")


@dataclass(frozen=True, slots=True)
class Happened:
    """One row of the log, as `dashboard/src/demo/api.ts` has it."""

    n: int
    at: datetime
    nb: str
    en: str


class Log:
    """A performer that writes down what happened to calls."""

    def __init__(self, names: Mapping[HouseId, Names]) -> None:
        """Read names afresh each time."""
        self._names = names
        self._rows: deque[Happened] = deque(maxlen=ROWS)
        self._n = 0
        self.instance = uuid4().hex
        """Of this run: a page that finds another one starts its own log over."""

    def since(self, after: int) -> list[Happened]:
        """Return the rows after number `after`, oldest first."""
        return [row for row in self._rows if row.n > after]

    def noise(self, house: HouseId, state: State, effects: Sequence[Effect]) -> None:
        """Nothing: the log follows what is durable."""

    def settled(
        self,
        house: HouseId,
        state: State,
        effects: Sequence[Effect],
        recorded: bool,  # noqa: FBT001 - the Performer's seam
    ) -> None:
        """Write a row for each move of a call."""
        del recorded
        for effect in effects:
            if isinstance(effect, Note):
                self._n += 1
                nb = self._say(house, state, effect, "nb")
                en = self._say(house, state, effect, "en")
                self._rows.append(Happened(self._n, effect.at, nb, en))

    def _say(self, house: HouseId, state: State, note: Note, lang: Literal["nb", "en"]) -> str:
        n = 0 if lang == "nb" else 1
        names = self._names[house]
        call = state.calls.get(note.call)
        room = state.plan.rooms.get(call.room) if call and call.room else None
        where = (f"rom {room.number}", f"room {room.number}")[n] if room else HOUSE[n]
        stays = note.move is Move.JOINED and note.because.reason is Reason.RULE_ENDED_BY_SIGNAL
        words = STAYS_OPEN if stays else WORDS[note.move]
        text = words[n].format(
            room=where,
            who=names.staff(note.staff) if note.staff else NOBODY[n],
            why=sentence(note.because, lang, names, state.plan),
        )
        return text[:1].upper() + text[1:]
