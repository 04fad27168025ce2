"""Telephones and the gateway's side of their sockets, in virtual time.

What hub/handsets.py and the handset's page do to each other: rings and withdrawals go out on
the socket, a snapshot of what the state says goes out on connect, operations wait in the page's
outbox until they are answered, and a telephone that stops answering is judged by the limits of
hub/watchdog.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from hub.watchdog import GONE_AFTER_S, LIMITED_AFTER_S, QUIET_AFTER_S
from routing.effects import Effect, Reply, Ring, Show, Withdraw
from routing.events import (
    Event,
    HandsetReported,
    HandsetState,
    ReceiptGiven,
    ReceiptKind,
)
from routing.ids import CallId, HandsetId, OperationId, StaffId
from routing.state import is_open
from simulators.agenda import Agenda
from simulators.shell import LISTEN_S, Shell
from simulators.watch import Screen

OnRing = Callable[[CallId], None]
OnReply = Callable[[Reply], None]


@dataclass(slots=True)
class Phone:
    """One telephone and what its page shows."""

    handset: HandsetId
    staff: StaffId | None = None
    wifi: bool = True
    awake: bool = True
    audio: bool = True
    dead: bool = False
    connection: int = 0
    """0: no socket. A new number for each socket."""
    ringing: dict[CallId, int] = field(default_factory=dict[CallId, int])
    outbox: dict[OperationId, Event] = field(default_factory=dict[OperationId, Event])
    on_reply: dict[OperationId, OnReply] = field(default_factory=dict[OperationId, OnReply])
    on_ring: OnRing | None = None
    reported: HandsetState | None = None
    down_at: float = 0.0
    """When the last frame to the page arrives: one socket keeps its order."""
    up_at: float = 0.0
    """And when the last frame from the page does."""

    @property
    def reachable(self) -> bool:
        """Whether a socket can be opened now."""
        return self.wifi and not self.dead


class Gateway:
    """Sockets of all telephones, and the judgement of them."""

    def __init__(self, agenda: Agenda, shell: Shell, seed: int) -> None:
        """Without a socket yet."""
        self._agenda = agenda
        self._shell = shell
        self._dice = Random(f"{seed}/gateway")
        self._connections = 0
        self.phones: dict[HandsetId, Phone] = {}
        shell.performers.append(self)

    # --- performer ----------------------------------------------------------------------------

    def noise(self, effects: Sequence[Effect]) -> None:
        """Ring at once."""
        for effect in effects:
            if isinstance(effect, Ring):
                self._frame(effect.handset, effect.call, effect.again)

    def settled(self, effects: Sequence[Effect]) -> None:
        """Silence, show and answer after the commit."""
        for effect in effects:
            match effect:
                case Withdraw():
                    self._frame(effect.handset, effect.call, None)
                case Show():
                    for handset in effect.handsets:
                        self._show(handset, effect.call)
                case Reply():
                    self._answer(effect)
                case _:
                    pass

    def started(self) -> None:
        """Telephones find the hub again, each in its own time."""
        for phone in self.phones.values():
            if phone.staff is not None:
                self._agenda.after(
                    self._dice.uniform(0.3, 6), lambda phone=phone: self.connect(phone)
                )
        life = self._shell.life
        self._agenda.after(LISTEN_S, lambda: self._listened(life))

    def killed(self) -> None:
        """Every socket breaks."""
        for phone in self.phones.values():
            phone.connection = 0
            phone.reported = None

    def _listened(self, life: int) -> None:
        if self._shell.life != life:
            return
        for phone in self.phones.values():
            if phone.staff is not None and not phone.connection:
                self._report(phone, HandsetState.GONE)

    # --- frames -------------------------------------------------------------------------------

    def _frame(self, handset: HandsetId, call: CallId, again: int | None) -> None:
        phone = self.phones.get(handset)
        if phone is None or not phone.connection:
            return
        connection = phone.connection

        def arrive() -> None:
            if phone.connection != connection:
                return
            if again is None:
                phone.ringing.pop(call, None)
            else:
                self._rings(phone, call, again)

        self._down(phone, arrive)

    def _down(self, phone: Phone, arrive: Callable[[], None]) -> None:
        at = self._agenda.seconds + self._dice.uniform(0.01, 0.25)
        phone.down_at = max(phone.down_at, at)
        self._agenda.at(phone.down_at, arrive)

    def _up(self, phone: Phone, arrive: Callable[[], None]) -> None:
        at = self._agenda.seconds + self._dice.uniform(0.01, 0.25)
        phone.up_at = max(phone.up_at, at)
        self._agenda.at(phone.up_at, arrive)

    def _show(self, handset: HandsetId, call: CallId) -> None:
        """Reconcile one call on one telephone with the state."""
        now = self._shell.state.calls.get(call)
        ringing = now.ringing.get(handset) if now is not None and is_open(now) else None
        self._frame(handset, call, None if ringing is None else ringing.again)

    def _rings(self, phone: Phone, call: CallId, again: int) -> None:
        known = phone.ringing.get(call)
        phone.ringing[call] = again
        if known is not None and known >= again:
            return
        self._receipt(phone, call, ReceiptKind.RECEIVED)
        if phone.awake and phone.audio:
            self._receipt(phone, call, ReceiptKind.RINGING)
            if phone.on_ring is not None:
                phone.on_ring(call)

    def _receipt(self, phone: Phone, call: CallId, kind: ReceiptKind) -> None:
        connection = phone.connection

        def arrive() -> None:
            if connection and phone.connection == connection:
                self._shell.submit(ReceiptGiven(phone.handset, call, kind))

        self._up(phone, arrive)

    def seen(self, phone: Phone, call: CallId) -> None:
        """Somebody looks at the card."""
        self._receipt(phone, call, ReceiptKind.SEEN)

    # --- sockets ------------------------------------------------------------------------------

    def connect(self, phone: Phone) -> None:
        """Open a socket, if the telephone can and the hub is there; try again if not."""
        if phone.connection or phone.staff is None:
            return
        if not self._shell.up or not phone.reachable:
            if phone.reachable:
                self._agenda.after(self._dice.uniform(2, 5), lambda: self.connect(phone))
            return
        self._connections += 1
        phone.connection = self._connections
        connection = phone.connection

        def snapshot() -> None:
            if phone.connection != connection:
                return
            self.judge(phone)
            says = {
                c.id: c.ringing[phone.handset].again
                for c in self._shell.state.calls.values()
                if is_open(c) and phone.handset in c.ringing
            }
            for call in [c for c in phone.ringing if c not in says]:
                del phone.ringing[call]
            for call, again in says.items():
                self._rings(phone, call, again)
            for operation in list(phone.outbox):
                self._send(phone, operation)

        phone.down_at = phone.up_at = 0.0
        self._down(phone, snapshot)

    def settled_screens(self) -> tuple[Screen, ...]:
        """Return what each telephone rings for, and what the state says.

        Only of those with no frame on its way: then the two must agree.
        """
        if not self._shell.idle:
            return ()
        found: list[Screen] = []
        for phone in self.phones.values():
            if phone.staff is None or not phone.connection:
                continue
            if phone.down_at >= self._agenda.seconds:
                continue
            says = tuple(
                c.id
                for c in self._shell.state.calls.values()
                if is_open(c) and phone.handset in c.ringing
            )
            found.append((phone.handset, tuple(phone.ringing), says))
        return tuple(found)

    def disconnect(self, phone: Phone) -> None:
        """The socket is dead; the gateway notices by its watch."""
        lost = phone.connection
        phone.connection = 0
        if not lost:
            return
        self._judge_later(phone, QUIET_AFTER_S, HandsetState.QUIET)
        self._judge_later(phone, GONE_AFTER_S, HandsetState.GONE)

    def _judge_later(self, phone: Phone, after_s: float, verdict: HandsetState) -> None:
        life = self._shell.life

        def judge() -> None:
            if not phone.connection and phone.staff is not None and self._shell.life == life:
                self._report(phone, verdict)

        self._agenda.after(after_s, judge)

    def judge(self, phone: Phone) -> None:
        """Say what a connected telephone can do."""
        if not phone.connection:
            return
        if not phone.awake:
            self._report(phone, HandsetState.LIMITED, ("hidden",))
        elif not phone.audio:
            self._report(phone, HandsetState.LIMITED, ("audio_off",))
        else:
            self._report(phone, HandsetState.READY)

    def changed(self, phone: Phone) -> None:
        """What the telephone can do changed: judged after the watch's patience."""
        self._agenda.after(LIMITED_AFTER_S, lambda: self.judge(phone))
        if phone.awake and phone.audio and phone.on_ring is not None:
            for call in list(phone.ringing):
                self._receipt(phone, call, ReceiptKind.RINGING)
                phone.on_ring(call)

    def _report(
        self, phone: Phone, verdict: HandsetState, reasons: tuple[str, ...] = ()
    ) -> None:
        if not self._shell.up or phone.reported is verdict or phone.staff is None:
            return
        phone.reported = verdict
        self._shell.submit(HandsetReported(phone.handset, verdict, reasons))

    # --- operations ---------------------------------------------------------------------------

    def tap(
        self, phone: Phone, operation: OperationId, event: Event, on_reply: OnReply
    ) -> None:
        """Put an operation into the page's outbox; it leaves when it can."""
        phone.outbox[operation] = event
        phone.on_reply[operation] = on_reply
        self._send(phone, operation)

    def _send(self, phone: Phone, operation: OperationId) -> None:
        connection = phone.connection
        if not connection:
            return

        def arrive() -> None:
            if phone.connection == connection and operation in phone.outbox:
                self._shell.submit(phone.outbox[operation])

        self._up(phone, arrive)
        if self._dice.random() < 0.03:  # the page was not sure and sends it again
            self._agenda.after(self._dice.uniform(0.05, 1.5), arrive)

    def _answer(self, reply: Reply) -> None:
        phone = self.phones.get(reply.handset) if reply.handset is not None else None
        if phone is None or not phone.connection:
            return
        connection = phone.connection

        def arrive() -> None:
            if phone.connection != connection:
                return
            phone.outbox.pop(reply.operation, None)
            told = phone.on_reply.pop(reply.operation, None)
            if told is not None:
                told(reply)

        self._down(phone, arrive)
