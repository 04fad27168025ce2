"""The frames between the hub and a telephone's page, as ONE schema for both sides.

JSON objects told apart by `t`, over `/api/v1/handset`. `dashboard/src/api/frames.schema.json`
is made from these types (`python -m hub.api.frames`), and a test fails when it is not fresh.

How a connection goes. The page opens the socket (cookie session), and says `hello`; the hub
answers with one `snapshot` that replaces everything the page shows, then numbered deltas
(`call`, `gone`, `colleagues`). `n` grows by one with each of these frames of one telephone and
never starts over while the hub runs. A gap, or a `hash` in the heartbeat that differs from the
page's own in two heartbeats running, is answered by a new `hello` on the same socket, which
brings a new snapshot. `answer`, `heartbeat`, `bye` have no place in that order: a heartbeat's
`n` is the last one sent, `alive.n` the last one the page has applied.

Times are ISO 8601 UTC with `Z`. Field names carry units where they have one.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from routing.calls import CallState
from routing.effects import Reason
from routing.events import HandsetState, Outcome, StoreState
from routing.plan import CallType, Competence, Role

PROTOCOL = 1
"""`hello.v`; another number is answered with `bye` «reload»: the page fetches itself anew."""
HEARTBEAT_S = 2.0
SCHEMA_FILE = Path("dashboard/src/api/frames.schema.json")


class Action(StrEnum):
    """What a telephone can do with a call, or without one (help, a patient's pause)."""

    TAKE = "take"
    DECLINE = "decline"
    HAND_OVER = "hand_over"
    ARRIVE = "arrive"
    LEAVE = "leave"
    CLOSE = "close"
    UNDO = "undo"
    ASSIST = "assist"
    EMERGENCY = "emergency"
    PAUSE = "pause"
    """The sensor rules of `patient` (or the one `rule`) rest for `minutes`, with a `reason`."""
    RESUME = "resume"


class GoneReason(StrEnum):
    """Why a card leaves this telephone."""

    CLOSED = "closed"
    TAKEN = "taken_by_another"
    DECLINED = "declined"
    MOVED_ON = "moved_on"
    """No longer rung or shown here: handed over, or the ladder went on without this one."""


class ByeReason(StrEnum):
    """Why the hub ends the connection; only the first two are not followed by a reconnect."""

    REPLACED = "replaced"
    """Another page of the same telephone connected: this one must not fight for it."""
    SIGNED_OUT = "signed_out"
    EXPIRED = "expired"
    SLOW = "slow"
    """The page did not read fast enough: connect again, a snapshot brings it up to date."""
    RELOAD = "reload"
    """Protocol of another version: fetch the page again."""
    UNREADABLE = "unreadable"
    STOPPING = "stopping"


class Question(StrEnum):
    """What the hub asks the person; nothing happens without their tap."""

    SIGN_OUT = "sign_out"
    """The telephone was carried and rests in the charger: «Vil du logge av?»"""


class Doing(StrEnum):
    """What a colleague does now, as their telephone and calls tell (UX H1)."""

    FREE = "free"
    ON_THE_WAY = "on_the_way"
    WITH_PATIENT = "with_patient"
    NO_CONTACT = "no_contact"
    SIGNED_OFF = "signed_off"


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """What all parts of frames share: frozen, and a page may send more than we read."""


class Person(Frame, frozen=True):
    """A member of staff: id, and the name that colleagues call them by."""

    id: str
    name: str


class Me(Frame, frozen=True):
    """Who is signed in on this telephone."""

    id: str
    name: str
    role: Role
    competence: Competence
    units: tuple[str, ...] = ()


class Telephone(Frame, frozen=True):
    """The telephone itself, and what the hub judges it able to do (klar, begrenset, ...)."""

    id: str
    name: str
    state: HandsetState
    reasons: tuple[str, ...] = ()


class Colleague(Frame, frozen=True):
    """Somebody else on duty: what they do, where (room number), how their telephone is."""

    id: str
    name: str
    doing: Doing
    handset: HandsetState
    room: str | None = None
    competence: Competence = Competence.ASSISTANT


class RoomFace(Frame, frozen=True):
    """Where help is needed: `number` is what stands on the door."""

    id: str
    number: str
    floor: str
    unit: str
    """The unit's name, as people call it."""


class Place(Frame, frozen=True):
    """Where the patient was last heard, and when: age is shown, unknown is said (UX H2).

    The page compares the hub's time with the two limits and knows no others: a place grows old
    without a new frame.
    """

    room: str | None
    """In the page's language: «rom 204», «Dagligstue Nord». Null: never heard."""
    seen_at: datetime | None
    certain_until: datetime | None = None
    """Until then it is certain; null: it is only likely."""
    known_until: datetime | None = None
    """Until then it is likely; after it, unknown."""
    look: tuple[str, ...] = ()
    """The next places to look."""
    elsewhere: bool = False
    """Not in the room of the call: who goes must see it at once."""


class Card(Frame, frozen=True):
    """One call as one telephone shows it; `can` lists exactly the buttons to offer."""

    id: str
    type: CallType
    priority: int
    """0 emergency, 1 urgent, 2 important, 3 routine."""
    state: CallState
    practice: bool
    late: bool
    room: RoomFace | None
    patient: str | None
    """Short form by the house's privacy setting; null: nobody known, or not to be shown."""
    why: str
    """One sentence in the page's language."""
    reason: Reason
    note: str
    """What the person who comes must know, two lines at most."""
    isolation: str
    """What to put on before entering; empty if nothing."""
    opened_at: datetime
    ringing_since: datetime | None
    """Since when it rings on this telephone."""
    ring: int
    """0: does not ring here. 1 and up: rings here, for the n-th time (press, failsafe)."""
    pressed: int
    owner: Person | None
    taken_at: datetime | None
    arrive_by: datetime | None
    present: tuple[Person, ...]
    present_at: datetime | None
    also_ringing: tuple[str, ...]
    """Names of the others it rings with."""
    rung: int
    can: tuple[Action, ...]
    place: Place | None = None
    reopened: int = 0
    mine: bool = False
    """I own it, or answered an emergency as one of several."""
    offered: bool = False
    """Somebody wants to hand it over to me."""
    quiet: bool = False
    """Rings with the quiet tone: family is there, or the end is near. It rings no less long."""


# --- hub -> page ------------------------------------------------------------------------------


class Snapshot(Frame, frozen=True, tag_field="t", tag="snapshot"):
    """Everything this page shows; replaces whatever it showed before."""

    n: int
    now: datetime
    me: Me
    handset: Telephone
    colleagues: tuple[Colleague, ...]
    calls: tuple[Card, ...]
    """In the order they should be shown: what rings first, then by priority and age."""
    store: StoreState
    hash: str
    version: str
    """Of the hub; a page made for another one offers to reload when no call is open."""
    broker_up: bool = True


class CallChanged(Frame, frozen=True, tag_field="t", tag="call"):
    """One card is new or different. `ring`: start sounding now (again)."""

    n: int
    ring: bool
    card: Card


class Gone(Frame, frozen=True, tag_field="t", tag="gone"):
    """One card is to be taken away, and why: «Per tok den»."""

    n: int
    call: str
    reason: GoneReason
    by: Person | None = None
    text: str = ""


class Colleagues(Frame, frozen=True, tag_field="t", tag="colleagues"):
    """Who else is on duty, whole list."""

    n: int
    colleagues: tuple[Colleague, ...]


class Heartbeat(Frame, frozen=True, tag_field="t", tag="heartbeat"):
    """Every 2 s. The page's main thread answers each at once with `alive`."""

    n: int
    """The last numbered frame sent to this telephone."""
    beat: int
    """Counts heartbeats of this connection; `alive.beat` repeats it."""
    now: datetime
    hash: str
    version: str
    state: HandsetState
    """What the hub judges this telephone to be."""
    reasons: tuple[str, ...]
    store: StoreState
    broker_up: bool = True
    ask: Question | None = None
    """Shown as a question with two buttons until answered; again only after another rest."""


class Answer(Frame, frozen=True, tag_field="t", tag="answer"):
    """What became of one operation, after it is durable; the same for a repeated one."""

    op: str
    ok: bool
    reason: str
    """A `Reason`, or `unreadable` / `hub_busy` where the operation never reached the core."""
    text: str
    call: str | None = None
    by: Person | None = None
    """Who took it, where somebody else did."""
    recorded: bool = True
    """False: «ikke lagret», the journal's store is down."""


class Bye(Frame, frozen=True, tag_field="t", tag="bye"):
    """The hub ends this connection."""

    reason: ByeReason
    text: str = ""


FromHub = Snapshot | CallChanged | Gone | Colleagues | Heartbeat | Answer | Bye

# --- page -> hub ------------------------------------------------------------------------------


class Hello(Frame, frozen=True, tag_field="t", tag="hello"):
    """First frame, and again whenever the page wants a fresh snapshot."""

    v: int
    resume: int | None = None
    """Last `n` the page has, for the hub's figures of lost frames; null on a fresh load."""
    page: str = ""
    lang: Literal["nb", "en"] = "nb"


class Alive(Frame, frozen=True, tag_field="t", tag="alive"):
    """The main thread's answer to a heartbeat: what this telephone can do now."""

    n: int
    visible: bool
    painted_ms: float
    """Age of the last animation frame when answering."""
    audio: bool
    """The audio context runs."""
    wake_lock: bool
    beat: int = 0
    battery: float | None = None
    """Percent 0-100; null where the browser does not tell."""
    charging: bool | None = None
    outbox: int = 0
    """Operations that wait to be sent."""
    ringing: tuple[str, ...] = ()
    """Calls that this page sounds for now."""
    version: str = ""


class Receipt(Frame, frozen=True, tag_field="t", tag="receipt"):
    """How far a ring came: `received` at once, `ringing` when it sounds, `seen` when seen."""

    call: str
    kind: Literal["received", "ringing", "seen"]
    ring: int = 1


class Op(Frame, frozen=True, tag_field="t", tag="op"):
    """A tap. The same `op` sent twice counts once and gets the same answer."""

    op: str
    action: Action
    seq: int = 0
    call: str | None = None
    reason: str | None = None
    """Decline: busy, break, other_unit, none. Close from elsewhere, pause: why."""
    outcome: Outcome | None = None
    to: str | None = None
    """Hand over: staff id."""
    room: str | None = None
    patient: str | None = None
    """Pause, resume: whose rules."""
    rule: str | None = None
    """Pause, resume: only this one; null: all of the patient's."""
    minutes: int | None = None
    """Pause: for how long from when the hub hears of it; a quarter of an hour if left out."""
    at: datetime | None = None
    """The telephone's own time of the tap; kept, never used as order."""


FromPage = Hello | Alive | Receipt | Op


class Socket(Protocol):
    """A WebSocket of text frames; starlette's behind it, or a test's."""

    async def receive_text(self) -> str:
        """Return the next frame.

        Raises:
            Disconnected: the other side is gone.
        """
        ...

    async def send_text(self, data: str) -> None:
        """Send one frame; waits while the other side does not read.

        Raises:
            Disconnected: the other side is gone.
        """
        ...


class Disconnected(Exception):  # noqa: N818 - it happened, it is no error
    """The page is gone."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(FromPage)


def encode(frame: FromHub | Card) -> str:
    """Return the frame, or a card for `call_changed`, as JSON text."""
    return _encoder.encode(frame).decode()


def call_changed(n: int, card: str, *, ring: bool) -> str:
    """Return a `call` frame around a card that was encoded once for all who show it."""
    return f'{{"t":"call","n":{n},"ring":{"true" if ring else "false"},"card":{card}}}'


def decode(data: str | bytes) -> FromPage:
    """Read what a page sent.

    Raises:
        msgspec.DecodeError: not JSON, or not one of `FromPage`; the text names the field.
    """
    return _decoder.decode(data)


def fingerprint(cards: Iterable[tuple[str, str, int]]) -> str:
    """Return `hash` of (id, state, ring): 16 hex digits the page computes from its own cards.

    sha256 over `id:state:ring` of each card, sorted as text, joined by `,`; no cards: of "".
    """
    text = ",".join(sorted(f"{call}:{state}:{ring}" for call, state, ring in cards))
    return sha256(text.encode()).hexdigest()[:16]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of all frames: `$defs/FromHub` and `$defs/FromPage`."""
    (hub, page), parts = msgspec.json.schema_components(
        [FromHub, FromPage], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Bjelle handset frames",
        "description": "Made from hub/api/frames.py by `python -m hub.api.frames`.",
        "x-protocol": PROTOCOL,
        "anyOf": [{"$ref": "#/$defs/FromHub"}, {"$ref": "#/$defs/FromPage"}],
        "$defs": {"FromHub": hub, "FromPage": page, **dict(sorted(parts.items()))},
    }


def schema_text() -> str:
    """Return the schema as it stands in `dashboard/src/api/frames.schema.json`."""
    text = msgspec.json.format(msgspec.json.encode(schema(), order="deterministic"), indent=2)
    return text.decode() + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
