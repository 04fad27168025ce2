"""One telephone's line: the open socket of one page, what it shows, and its bounded queue.

Nothing here waits: a line that cannot take another frame is ended («slow») and the page
connects again to a fresh snapshot, so that no telephone ever delays another.
"""

import asyncio
from dataclasses import dataclass, field

import structlog

from hub.api import frames
from hub.auth import Session
from hub.sentence_texts import Lang
from hub.watchdog import Judgement
from routing.ids import CallId, HandsetId, HouseId

log = structlog.get_logger(__name__)

GOODBYE_S = 1.0
QUEUE_LIMIT = 256
"""Frames one line may be behind: more than any snapshot interval of a busy ward brings."""
RING_AGAIN_S = 1.0
"""A ring that the page has not confirmed is sent again this often."""


class LineEnded(Exception):  # noqa: N818 - the same
    """The hub ended the line, with the reason."""

    def __init__(self, reason: frames.ByeReason, text: str = "") -> None:
        """Remember why."""
        super().__init__(reason)
        self.reason = reason
        self.text = text


@dataclass(slots=True)
class Shown:
    """One card as this line last sent it."""

    card: frames.Card
    text: str
    """The card, encoded."""
    sent_at: float
    heard: bool = False
    """The page said that it sounds (this ring, not an earlier one)."""


@dataclass(eq=False, slots=True)
class Line:
    """The open line of one telephone. `n` counts on from the telephone's last line."""

    session: Session
    handset: HandsetId
    opened_at: float
    n: int = 0
    lang: Lang = "nb"
    greeted: bool = False
    beat: int = 0
    beat_due: float = 0.0
    judged: Judgement | None = None
    """What its telephone was last told to be."""
    shown: dict[CallId, Shown] = field(default_factory=dict[CallId, Shown])
    compared: tuple[object, ...] = ()
    """The parts of a state that everything shown was last compared with."""
    crowd: tuple[frames.Colleague, ...] = ()
    """Everybody on duty, as `others` was last made from."""
    others: tuple[frames.Colleague, ...] = ()
    colleagues: tuple[frames.Colleague, ...] = ()
    """Who else is on duty, as last sent."""
    receipts: set[tuple[CallId, str, int]] = field(default_factory=set[tuple[CallId, str, int]])
    """Already handed on: a receipt said twice is one."""
    queue: asyncio.Queue[str] = field(
        default_factory=lambda: asyncio.Queue[str](maxsize=QUEUE_LIMIT)
    )
    _ended: asyncio.Future[LineEnded] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def key(self) -> tuple[HouseId, HandsetId]:
        """Which telephone's line this is."""
        return self.session.house, self.handset

    @property
    def open(self) -> bool:
        """Tell whether frames may still be put on it."""
        return not self._ended.done()

    def end(self, reason: frames.ByeReason, text: str = "") -> None:
        """End it; the first reason holds."""
        if not self._ended.done():
            self._ended.set_result(LineEnded(reason, text))

    async def until_ended(self) -> None:
        """Wait until the hub ends the line.

        Raises:
            LineEnded: always.
        """
        raise await asyncio.shield(self._ended)

    async def write(self, socket: frames.Socket) -> None:
        """Send what is queued, in order, for as long as the line is open."""
        while True:
            await socket.send_text(await self.queue.get())

    def push(self, text: str) -> None:
        """Queue one frame; a full queue ends the line instead of waiting."""
        if not self.open:
            return
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self.end(frames.ByeReason.SLOW)

    def push_card(self, card: frames.Card, text: str, now: float, *, ring: bool) -> None:
        """Show this card, and sound for it if `ring`."""
        before = self.shown.get(CallId(card.id))
        same_ring = before is not None and before.card.ring == card.ring
        heard = before is not None and before.heard and same_ring
        self.shown[CallId(card.id)] = Shown(card, text, now, heard)
        self.n += 1
        self.push(frames.call_changed(self.n, text, ring=ring))

    def show(
        self, cards: dict[CallId, frames.Card], texts: dict[CallId, str], now: float
    ) -> None:
        """Start over from a snapshot: these cards, none of them heard."""
        self.shown = {call: Shown(card, texts[call], now) for call, card in cards.items()}
        self.receipts.clear()

    def push_gone(
        self, call: CallId, reason: frames.GoneReason, by: frames.Person | None, text: str
    ) -> None:
        """Take a card away."""
        del self.shown[call]
        self.n += 1
        self.push(frames.encode(frames.Gone(self.n, call, reason, by, text)))

    def push_colleagues(self, colleagues: tuple[frames.Colleague, ...]) -> None:
        """Show who else is on duty, if that is news."""
        if colleagues is self.colleagues or colleagues == self.colleagues:
            return
        self.colleagues = colleagues
        self.n += 1
        self.push(frames.encode(frames.Colleagues(self.n, colleagues)))

    def ring_again(self, now: float) -> int:
        """Repeat rings that the page has not confirmed; return how many."""
        again = [
            shown
            for shown in self.shown.values()
            if shown.card.ring and not shown.heard and now - shown.sent_at >= RING_AGAIN_S
        ]
        for shown in again:
            self.push_card(shown.card, shown.text, now, ring=True)
        return len(again)

    def heard(self, call: CallId, ring: int) -> None:
        """Note that the page sounds for this call."""
        shown = self.shown.get(call)
        if shown is not None and ring >= shown.card.ring:
            shown.heard = True

    def compared_with(self, values: tuple[object, ...]) -> bool:
        """Tell whether what is shown was compared with these very values."""
        return same_values(self.compared, values)

    def fingerprint(self) -> str:
        """Return the hash of what this line was last told to show."""
        return frames.fingerprint(
            (s.card.id, s.card.state, s.card.ring) for s in self.shown.values()
        )


def same_values(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Tell whether both hold the very same values: by identity, which costs nothing."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


async def say_goodbye(socket: frames.Socket, ended: LineEnded) -> None:
    """Best effort: a page that does not read is not waited for."""
    try:
        async with asyncio.timeout(GOODBYE_S):
            await socket.send_text(frames.encode(frames.Bye(ended.reason, ended.text)))
    except (TimeoutError, frames.Disconnected):
        log.info("line ended without goodbye", reason=ended.reason)
