"""The way in: taps and receipts of telephones to the engines, and the answers given.

Parented by the gateway's TaskGroup, not by a line: a page that goes while its tap is being
stored finds the answer when it comes back and sends the same operation again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import msgspec
import structlog

from hub.api import frames
from hub.cards import Faces
from hub.line import Line
from hub.names import Names
from hub.sentence_texts import Lang
from hub.taps import UnfinishedTap, tap
from routing.effects import Effect, Reply
from routing.events import Event, ReceiptGiven, ReceiptKind
from routing.ids import CallId, HandsetId, HouseId, StaffId
from routing.state import State

log = structlog.get_logger(__name__)

PENDING_LIMIT = 32
"""Operations and receipts of one telephone that may wait for the core at once."""
ANSWERS_KEPT = 128

Key = tuple[HouseId, HandsetId]


class Settled(Protocol):
    """What the engine answers once an event is durable."""

    @property
    def effects(self) -> tuple[Effect, ...]: ...  # noqa: D102
    @property
    def recorded(self) -> bool: ...  # noqa: D102


class Door(Protocol):
    """The engine of one house, as the gateway needs it."""

    @property
    def state(self) -> State:
        """The latest state, also before its commit."""
        ...

    async def submit(self, event: Event, /) -> Settled:
        """Take an event in; return when it is durable."""
        ...


class Inward:
    """Hands events to the engines, a bounded number for each telephone."""

    def __init__(self) -> None:
        self.doors: dict[HouseId, Door] = {}
        self.tasks: asyncio.TaskGroup | None = None
        self._pending: dict[Key, int] = {}

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Start work that outlives the line that asked for it."""
        if self.tasks is None:
            work.close()  # stopping: the page sends it again
        else:
            self.tasks.create_task(work)

    def full(self, key: Key) -> bool:
        """Tell whether this telephone must wait before it may say more."""
        return self._pending.get(key, 0) >= PENDING_LIMIT

    def submit(self, key: Key, event: Event) -> Coroutine[Any, Any, Settled | None]:
        """Return what will come of it: None if the engine could not take it.

        It counts as pending from now, not from when the coroutine first runs.
        """
        self._pending[key] = self._pending.get(key, 0) + 1
        return self._submit(key, event)

    async def _submit(self, key: Key, event: Event) -> Settled | None:
        try:
            return await self.doors[key[0]].submit(event)
        except Exception:  # one tap must not take the gateway with it; an engine ends by itself
            log.exception("event not taken in", handset=key[1], kind=type(event).__name__)
            return None
        finally:
            self._pending[key] -= 1


@dataclass(slots=True)
class _Given:
    """The answers one person got on one telephone, or waits for."""

    staff: StaffId
    answers: OrderedDict[str, frames.Answer | None] = field(
        default_factory=OrderedDict[str, frames.Answer | None]
    )


class Operations:
    """Turns what pages say into events, and settled events into answers."""

    def __init__(
        self,
        inward: Inward,
        faces: Faces,
        names: Mapping[HouseId, Names],
        line_of: Callable[[Key], Line | None],
        now: Callable[[], datetime],
    ) -> None:
        self._inward = inward
        self._faces = faces
        self._names = names
        self._line_of = line_of
        self._now = now
        self._given: dict[Key, _Given] = {}

    def operate(self, line: Line, op: frames.Op, *, held: bool = True) -> None:
        """Take in a tap; one that came before gets the answer it got before.

        `held` is False for a ring that no state holds: the core cannot know its call, and the
        answer says what whoever tapped must do instead.
        """
        given = self._given_to(line)
        if op.op in given.answers:
            answer = given.answers[op.op]
            if answer is not None:
                line.push(frames.encode(answer))
            return  # None: its answer is on the way
        try:
            event = tap(op, line.session.staff, line.handset, self._now())
        except UnfinishedTap as error:
            line.push(frames.encode(refused(op, "unreadable", str(error))))
            return
        if self._inward.full(line.key):
            line.push(frames.encode(refused(op, "hub_busy", self._faces.busy(line.lang))))
            return
        given.answers[op.op] = None
        while len(given.answers) > ANSWERS_KEPT:
            given.answers.popitem(last=False)
        settling = self._inward.submit(line.key, event)
        self._inward.spawn(self._ask(line.key, given, op, settling, line.lang, held=held))

    def receipt(self, line: Line, call: CallId, kind: ReceiptKind, ring: int) -> None:
        """Take in how far a ring came; what was said before, or is not shown, is nothing."""
        said = (call, kind, ring)
        if call not in line.shown or said in line.receipts:
            return
        if kind is not ReceiptKind.RECEIVED:
            line.heard(call, ring)
        if self._inward.full(line.key):
            return  # the next `alive` says again what rings
        line.receipts.add(said)
        event = ReceiptGiven(line.handset, call, kind)
        self._inward.spawn(self._inward.submit(line.key, event))

    def unreadable(self, line: Line, text: str, why: str) -> None:
        """Answer what was not understood, where it can be seen what it was."""
        log.warning("frame not understood", handset=line.handset, why=why)
        try:
            op = msgspec.json.decode(text, type=_AnyOp)
        except msgspec.DecodeError:
            return
        if op.op:
            line.push(frames.encode(refused(op, "unreadable", why)))

    def _given_to(self, line: Line) -> _Given:
        given = self._given.get(line.key)
        if given is None or given.staff != line.session.staff:
            given = self._given[line.key] = _Given(line.session.staff)
        return given

    async def _ask(
        self,
        key: Key,
        given: _Given,
        op: frames.Op,
        settling: Coroutine[Any, Any, Settled | None],
        lang: Lang,
        *,
        held: bool,
    ) -> None:
        settled = await settling
        effects = settled.effects if settled else ()
        reply = next(
            (e for e in effects if isinstance(e, Reply) and e.operation == op.op), None
        )
        if not held:
            answer = refused(op, "not_followed", self._faces.not_followed(lang))
            given.answers[op.op] = answer
        elif settled is None or reply is None:
            # Not taken in, or its step raised (in quarantine): sent again, it is tried again.
            answer = refused(op, "hub_failed", self._faces.failed(lang))
            given.answers.pop(op.op, None)
        else:
            answer = self._answered(key[0], op, reply, recorded=settled.recorded, lang=lang)
            given.answers[op.op] = answer
        line = self._line_of(key)
        if line is not None and line.session.staff == given.staff:
            line.push(frames.encode(answer))

    def _answered(
        self, house: HouseId, op: frames.Op, reply: Reply, *, recorded: bool, lang: Lang
    ) -> frames.Answer:
        """Return the answer; where its words cannot be found, at least what became of the tap.

        What was decided and stored is told as it is: a carer who has the call must not read
        that they have not.
        """
        try:
            return self._answer(house, op, reply, recorded=recorded, lang=lang)
        except Exception:
            log.exception("an answer has no words", reason=reply.because.reason)
            text = "" if reply.ok else self._faces.failed(lang)
            call = reply.call or op.call
            return frames.Answer(op.op, reply.ok, "hub_failed", text, call, recorded=recorded)

    def _answer(
        self, house: HouseId, op: frames.Op, reply: Reply, *, recorded: bool, lang: Lang
    ) -> frames.Answer:
        names, state = self._names[house], self._inward.doors[house].state
        because, by, call = reply.because, reply.by, reply.call
        return frames.Answer(
            op=op.op,
            ok=reply.ok,
            reason=because.reason,
            text=self._faces.why(because, lang, names, state, by=by, call=call),
            call=call or op.call,
            by=self._faces.person(by, names) if by else None,
            recorded=recorded,
        )


class _AnyOp(msgspec.Struct):
    """The least of an operation that can be answered."""

    op: str = ""
    call: str | None = None


def refused(op: frames.Op | _AnyOp, reason: str, text: str) -> frames.Answer:
    """Return the answer to an operation that never reached the core."""
    return frames.Answer(op=op.op, ok=False, reason=reason, text=text, call=op.call)
