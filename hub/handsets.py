"""The gateway: telephones show what the state says, and what they say enters the core.

One per hub, a `Performer` of every house. Noise is pushed at once, from the state after the
step and before the commit; what silences or confirms waits for the commit. Besides the order
there is no cleverness: after each commit, and every two seconds, each line is compared with the
state and sent what differs, so a lost frame does no harm.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import msgspec
import structlog

from hub.ahead import Ahead, rings
from hub.api import frames
from hub.auth import Session
from hub.cards import Faces
from hub.clock import Clock
from hub.concerned import concerned
from hub.line import Line, LineEnded, same_values, say_goodbye
from hub.names import Names
from hub.operations import Door, Inward, Key, Operations
from hub.watchdog import Facts, Judgement
from hub.watching import Watching
from routing.cards import open_calls, rings_on, shown_on
from routing.draft import engaged
from routing.effects import Effect, Ring, Withdraw
from routing.events import ReceiptKind
from routing.ids import CallId, HandsetId, HouseId
from routing.state import State

log = structlog.get_logger(__name__)

TICK_S = 0.25
STOOD_STILL_S = 2.0
"""A tick this late means that the hub itself stood still: the telephones are not to blame."""
HELLO_WITHIN_S = 5.0
PRUNE_S = 60.0
TEXTS_KEPT = 1024
"""Encoded cards kept: one text for every telephone that shows the same."""


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Everybody on duty, as of these parts of a state: the same for all lines of a house."""

    of: tuple[object, ...]
    everybody: tuple[frames.Colleague, ...]


class Gateway:
    """All telephones of all houses in this process. `run` must run for lines to be attended."""

    def __init__(
        self,
        *,
        names: Mapping[HouseId, Names],
        clock: Clock,
        version: str,
        faces: Faces,
        seconds: Callable[[], float] | None = None,
    ) -> None:
        """`names` is read afresh each time; `seconds` tells time that never goes back."""
        self._names = names
        self._clock = clock
        self._version = version
        self._faces = faces
        self._seconds = seconds or (lambda: asyncio.get_running_loop().time())
        self._inward = Inward()
        self._watching = Watching(self._inward)
        self._operations = Operations(self._inward, faces, names, self._line_of, clock.now)
        self._settled: dict[HouseId, State] = {}
        self._lines: dict[Key, Line] = {}
        self._numbers: dict[Key, int] = {}
        self._texts: dict[frames.Card, str] = {}
        self._crowds: dict[HouseId, _Crowd] = {}
        self._ahead = Ahead(self._seconds, clock.now)
        self._running = asyncio.Event()
        self._ticked_at = 0.0
        self._prune_at = 0.0
        self.rung_again = 0
        """Rings that had to be sent again; a figure for /metrics."""
        self.ended = Counter[str]()
        """Lines that the hub ended, by reason; the same."""

    def attach(self, house: HouseId, door: Door) -> None:
        """Attend this house; the state its engine starts with is durable."""
        self._inward.doors[house] = door
        self._settled[house] = door.state

    async def run(self) -> None:
        """Watch, repeat, reconcile. Ends all lines when it is cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._inward.tasks = tasks
                self._ticked_at = self._seconds()
                self._running.set()
                while True:
                    await asyncio.sleep(TICK_S)
                    self._tick()
        finally:
            self._running.clear()
            self._inward.tasks = None
            for line in list(self._lines.values()):
                line.end(frames.ByeReason.STOPPING)

    # --- What the core ordered ----------------------------------------------------------------

    def noise(self, house: HouseId, state: State, effects: Sequence[Effect]) -> None:
        """Push rings at once, before the commit. Never waits."""
        for effect in effects:
            if not isinstance(effect, Ring):
                continue
            self._ahead.rings(house, state, effect)
            line = self._lines.get((house, effect.handset))
            if line is not None and line.greeted:  # else the snapshot after `hello` brings it
                self._safely(self._ring, line, state, effect)

    def _ring(self, line: Line, state: State, ring: Ring) -> None:
        card = self._card(line, state, ring.call) or self._fallback(line, ring.call)
        if card is not None:
            line.push_card(card, self._text(card), self._seconds(), ring=True)

    def _safely(self, act: Callable[..., None], line: Line, *args: Any) -> None:
        """Do something for one line: its trouble is its own; it comes back for a snapshot."""
        try:
            act(line, *args)
        except Exception:
            log.exception("a line failed", house=line.session.house, handset=line.handset)
            line.end(frames.ByeReason.SLOW)

    def fenced(self, house: HouseId) -> None:
        """Another worker has the house: stop ringing here, and let the pages find it."""
        for (where, _), line in self._lines.items():
            if where == house:
                line.end(frames.ByeReason.STOPPING)

    def settled(
        self,
        house: HouseId,
        state: State,
        effects: Sequence[Effect],
        recorded: bool,  # noqa: FBT001 - the Performer's seam
    ) -> None:
        """After the commit: bring the telephones concerned to what the state says."""
        del recorded  # each answer carries it
        self._settled[house] = state
        self._ahead.caught_up(house, effects)
        handsets, calls, withdrawn = concerned(effects)
        if not calls:
            return
        for (where, handset), line in self._lines.items():
            if where != house or not line.greeted:
                continue
            mine: Iterable[CallId] = calls
            if handset not in handsets:
                mine = [call for call in calls if call in line.shown]
            self._safely(self._bring_all, line, mine, withdrawn)

    def _bring_all(
        self,
        line: Line,
        calls: Iterable[CallId],
        withdrawn: Mapping[tuple[CallId, HandsetId], Withdraw],
    ) -> None:
        for call in calls:
            card = self._wanted_card(line, call)
            self._bring(line, call, card, withdrawn.get((call, line.handset)))

    def _reconcile(self, line: Line) -> None:
        """Compare everything the line shows with the state, and send what differs."""
        house = line.session.house
        settled, ahead = self._settled[house], tuple(self._ahead.calls(line.key))
        # The same values as at the last comparison give the same cards: nothing to compare.
        seen = (
            settled.calls,
            settled.handsets,
            settled.plan,
            settled.places,
            self._names[house],
        )
        if not ahead and line.compared_with(seen):
            return
        wanted = self._wanted(line)
        for call in [*wanted, *(shown for shown in line.shown if shown not in wanted)]:
            self._bring(line, call, wanted.get(call), None)
        line.compared = () if ahead else seen

    def _bring(
        self, line: Line, call: CallId, card: frames.Card | None, withdraw: Withdraw | None
    ) -> None:
        shown = line.shown.get(call)
        if card is not None:
            if shown is None or shown.card != card:
                louder = card.ring > (shown.card.ring if shown else 0)
                line.push_card(card, self._text(card), self._seconds(), ring=louder)
        elif shown is not None:
            names = self._names[line.session.house]
            state = self._settled[line.session.house]
            reason, by = self._faces.gone(state, call, line.session.staff)
            person = self._faces.person(by, names) if by else None
            text = ""
            if withdraw is not None:
                text = self._faces.why(
                    withdraw.because, line.lang, names, state, by=withdraw.by, call=call
                )
            line.push_gone(call, reason, person, text)

    def _wanted(self, line: Line) -> dict[CallId, frames.Card]:
        """Return all cards: those of the durable state, and what rings ahead of it."""
        settled, cards = self._settled[line.session.house], dict[CallId, frames.Card]()
        for call in shown_on(settled, line.handset):
            card = self._card(line, settled, call)
            if card is not None:
                cards[call] = card
        for call in self._ahead.calls(line.key):
            card = self._wanted_card(line, call)
            if card is not None:
                cards[call] = card
        return cards

    def _wanted_card(self, line: Line, call: CallId) -> frames.Card | None:
        house = line.session.house
        ahead = self._ahead.state(line.key, call)
        if ahead is not None:
            # It rang before its commit: what silenced it since is not durable either.
            latest = self._inward.doors[house].state
            sounds = rings(latest, call, line.handset)
            card = self._card(line, latest if sounds else ahead, call)
        else:
            card = self._card(line, self._settled[house], call)
        if card is not None and card.ring:
            return card
        return self._fallback(line, call) or card

    def _fallback(self, line: Line, call: CallId) -> frames.Card | None:
        """Return the card of a ring that the state does not hold, until somebody acts."""
        fallback = self._ahead.fallback(line.key, call)
        if fallback is None:
            return None
        house = line.session.house
        state, names = self._inward.doors[house].state, self._names[house]
        return self._faces.fallback(fallback.ring, state, line.lang, names, at=fallback.at)

    def _acted_upon(self, house: HouseId, call: CallId) -> None:
        """Somebody saw to a fallback ring: it stops everywhere, at their word."""
        self._ahead.acted_upon(house, call)
        for line in self._lines.values():
            if line.session.house == house and call in line.shown:
                self._safely(self._bring_all, line, (call,), {})

    def _card(self, line: Line, state: State, call: CallId) -> frames.Card | None:
        names = self._names[line.session.house]
        handset, staff = line.handset, line.session.staff
        try:
            return self._faces.card(state, call, handset, staff, line.lang, names)
        except Exception:
            log.exception("a card cannot be dressed: it rings bare", call=call)
            return self._faces.bare(state.calls[call], handset, line.lang)

    def _text(self, card: frames.Card) -> str:
        text = self._texts.get(card)
        if text is None:
            if len(self._texts) >= TEXTS_KEPT:
                self._texts.clear()
            text = self._texts[card] = frames.encode(card)
        return text

    # --- Lines --------------------------------------------------------------------------------

    async def attend(self, session: Session, socket: frames.Socket) -> None:
        """Serve one page until it goes or is told to. A telephone's older line is ended.

        Raises:
            ValueError: the session is not a telephone's.
        """
        if session.handset is None:
            raise ValueError("only an enrolled telephone has a line: sign in there with a PIN")
        await self._running.wait()
        line = Line(session, session.handset, opened_at=self._seconds())
        self._connect(line)
        ended: LineEnded | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(line.write(socket), name=f"write {line.handset}")
                tasks.create_task(self._read(line, socket), name=f"read {line.handset}")
                tasks.create_task(line.until_ended(), name=f"end {line.handset}")
        except* LineEnded as group:
            ended = next(e for e in group.exceptions if isinstance(e, LineEnded))
        except* frames.Disconnected:
            pass
        finally:
            self._numbers[line.key] = max(self._numbers.get(line.key, 0), line.n)
            if self._lines.get(line.key) is line:
                del self._lines[line.key]
        if ended is not None:
            self.ended[ended.reason] += 1
            await say_goodbye(socket, ended)

    def hang_up(self, house: HouseId, handset: HandsetId, reason: frames.ByeReason) -> None:
        """Nobody is signed in there any more: end the line, if it has one."""
        line = self._lines.get((house, handset))
        if line is not None:
            line.end(reason)
        self._watching.end((house, handset))

    def lines(self, house: HouseId) -> dict[HandsetId, int]:
        """Return the open lines and how many frames each is behind; no proof of hearing."""
        return {h: line.queue.qsize() for (w, h), line in self._lines.items() if w == house}

    def silent_s(self, house: HouseId) -> dict[HandsetId, float]:
        """Return how long ago each watched telephone's page last answered."""
        return self._watching.silent_s(house, self._seconds())

    def colleagues(self, house: HouseId) -> tuple[frames.Colleague, ...]:
        """Return everybody on duty, for the board."""
        state, names = self._settled[house], self._names[house]
        of = (state.handsets, state.calls, state.plan, names)
        known = self._crowds.get(house)
        if known is None or not same_values(known.of, of):
            everybody = self._faces.colleagues(state, None, names)
            if known is not None and known.everybody == everybody:
                everybody = known.everybody  # a line then sees that it is no news
            known = self._crowds[house] = _Crowd(of, everybody)
        return known.everybody

    def _others(self, line: Line) -> tuple[frames.Colleague, ...]:
        """Return who else is on duty, for one line."""
        everybody = self.colleagues(line.session.house)
        if line.crowd is not everybody:
            line.crowd = everybody
            line.others = tuple(one for one in everybody if one.id != line.session.staff)
        return line.others

    def _line_of(self, key: Key) -> Line | None:
        return self._lines.get(key)

    def _connect(self, line: Line) -> None:
        older = self._lines.get(line.key)
        line.n = max(self._numbers.get(line.key, 0), older.n if older else 0)
        if older is not None:
            older.end(frames.ByeReason.REPLACED)
        self._lines[line.key] = line
        self._watching.begin(line.key, line.opened_at)

    async def _read(self, line: Line, socket: frames.Socket) -> None:
        while True:
            text = await socket.receive_text()
            if not line.open:
                continue  # replaced or signed out: what this page still says counts for nothing
            try:
                frame = frames.decode(text)
            except msgspec.DecodeError as error:
                self._operations.unreadable(line, text, str(error))
                continue
            self._said(line, frame)

    def _said(self, line: Line, frame: frames.FromPage) -> None:
        match frame:
            case frames.Hello():
                self._greet(line, frame)
            case frames.Alive():
                self._alive(line, frame)
            case frames.Receipt():
                kind = ReceiptKind(frame.kind)
                self._operations.receipt(line, CallId(frame.call), kind, frame.ring)
            case frames.Op():
                call = CallId(frame.call or "")
                held = self._ahead.fallback(line.key, call) is None
                self._operations.operate(line, frame, held=held)
                if not held and frame.action is frames.Action.TAKE:
                    self._acted_upon(line.session.house, call)
            case _:
                assert_never(frame)

    def _greet(self, line: Line, hello: frames.Hello) -> None:
        if hello.v != frames.PROTOCOL:
            line.end(frames.ByeReason.RELOAD)
            return
        line.lang = hello.lang
        cards, now = self._wanted(line), self._seconds()
        line.show(cards, {call: self._text(card) for call, card in cards.items()}, now)
        line.n += 1
        line.push(frames.encode(self._snapshot(line, tuple(cards.values()), now)))
        if not line.greeted:
            line.greeted = True
            self._beat(line, now)

    def _snapshot(
        self, line: Line, cards: tuple[frames.Card, ...], now: float
    ) -> frames.Snapshot:
        session, names = line.session, self._names[line.session.house]
        settled = self._settled[session.house]
        line.colleagues = self._others(line)
        state, reasons = self._judged(line, now)
        return frames.Snapshot(
            n=line.n,
            now=self._clock.now(),
            me=self._faces.me(settled, session.staff, session.role, names),
            handset=frames.Telephone(line.handset, names.handset(line.handset), state, reasons),
            colleagues=line.colleagues,
            calls=cards,
            store=settled.store,
            hash=line.fingerprint(),
            version=self._version,
            broker_up=settled.broker_up,
        )

    def _alive(self, line: Line, alive: frames.Alive) -> None:
        facts = Facts(
            visible=alive.visible,
            audio=alive.audio,
            wake_lock=alive.wake_lock,
            painted_ms=alive.painted_ms,
            battery_percent=alive.battery,
            charging=alive.charging,
        )
        state = self._settled[line.session.house]
        self._watching.answered(line.key, facts, state, self._seconds())
        for ringing in alive.ringing:
            shown = line.shown.get(CallId(ringing))
            if shown is not None and shown.card.ring:
                call = CallId(ringing)
                self._operations.receipt(line, call, ReceiptKind.RINGING, shown.card.ring)

    # --- Time ---------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self._seconds()
        late = now - self._ticked_at - TICK_S
        self._ticked_at = now
        if late > STOOD_STILL_S:
            self._watching.forgive(late)
        if now >= self._prune_at:
            self._ahead.prune()
            self._prune_at = now + PRUNE_S
        for house, state in self._settled.items():
            try:
                self._watching.look(house, state, now)
            except Exception:
                log.exception("a house's telephones are not judged", house=house)
        for line in list(self._lines.values()):
            self._safely(self._look_after, line, now)

    def _look_after(self, line: Line, now: float) -> None:
        if line.greeted:
            self.rung_again += line.ring_again(now)
            # A page is told what it is judged to be at once, not with its next heartbeat.
            if now >= line.beat_due or self._judged(line, now) != line.judged:
                self._reconcile(line)
                self._beat(line, now)
        elif now - line.opened_at > HELLO_WITHIN_S:
            line.end(frames.ByeReason.UNREADABLE)

    def _beat(self, line: Line, now: float) -> None:
        settled = self._settled[line.session.house]
        line.push_colleagues(self._others(line))
        line.beat += 1
        line.beat_due = now + frames.HEARTBEAT_S
        state, reasons = line.judged = self._judged(line, now)
        beat = frames.Heartbeat(
            n=line.n,
            beat=line.beat,
            now=self._clock.now(),
            hash=line.fingerprint(),
            version=self._version,
            state=state,
            reasons=reasons,
            store=settled.store,
            broker_up=settled.broker_up,
            ask=self._question(line, settled, now),
        )
        line.push(frames.encode(beat))

    def _judged(self, line: Line, now: float) -> Judgement:
        return self._watching.judged(line.key, self._settled[line.session.house], now)

    def _question(self, line: Line, settled: State, now: float) -> frames.Question | None:
        """Ask whether the shift is over, where the telephone says so and nobody is waiting."""
        rests = self._watching.in_charger(line.key, now)
        if not rests or rings_on(settled, line.handset) or on_a_call(settled, line):
            return None
        return frames.Question.SIGN_OUT


def on_a_call(settled: State, line: Line) -> bool:
    """Tell whether the person of this line is on the way to somebody, or with them."""
    staff = line.session.staff
    return any(staff in engaged(call) for call in open_calls(settled))
