"""What happens in a night, in short words: signals, taps and telephones."""

from datetime import datetime

from routing.events import (
    Arrived,
    By,
    CallClosed,
    CallDeclined,
    CallHandedOver,
    CallTaken,
    Delivery,
    HandsetReported,
    HandsetState,
    HelpAsked,
    Left,
    Outcome,
    PauseEnded,
    PauseSet,
    SignalReceived,
    SignedIn,
    SignedOut,
    TakeUndone,
)
from routing.ids import (
    CallId,
    DeviceId,
    HandsetId,
    OperationId,
    PatientId,
    RuleId,
    SignalId,
    StaffId,
    UnitId,
)
from routing.readings import (
    BedChanged,
    DoorMoved,
    HelpPressed,
    HelpTrigger,
    MotionSeen,
    Reading,
)


def telephone(staff: str) -> HandsetId:
    """Each person's telephone is named after them."""
    return HandsetId(f"tel-{staff}")


def owner(handset: str) -> str:
    """Return whose telephone it is."""
    return handset.removeprefix("tel-")


# --- Signals ----------------------------------------------------------------------------------


def signal(device: str, *readings: Reading, **more: object) -> SignalReceived:
    """Receive a message from a device; the night gives it its id."""
    return SignalReceived(SignalId(""), DeviceId(device), readings, **more)  # type: ignore[arg-type]


def press(
    device: str = "wrist-ola", trigger: HelpTrigger = HelpTrigger.PRESS, **more: object
) -> SignalReceived:
    """Press for help."""
    return signal(device, HelpPressed(trigger), **more)


def bed(*, occupied: bool, device: str = "bed-ola", **more: object) -> SignalReceived:
    """Lie down or get up."""
    return signal(device, BedChanged(occupied), **more)


def motion(*, on: bool, device: str = "pir-204", **more: object) -> SignalReceived:
    """Move or be still."""
    return signal(device, MotionSeen(on), **more)


def door(*, opened: bool, device: str = "door-204", **more: object) -> SignalReceived:
    """Open or close."""
    return signal(device, DoorMoved(opened), **more)


def backlog(since: datetime) -> Delivery:
    """Make a delivery from before the marker."""
    return Delivery(backlog_since=since)


# --- Taps -------------------------------------------------------------------------------------


def by(staff: str, operation: str = "", client_at: datetime | None = None) -> By:
    """Let somebody act on their own telephone."""
    return By(StaffId(staff), telephone(staff), OperationId(operation), client_at)


def take(
    staff: str, call: str = "1-1", operation: str = "", client_at: datetime | None = None
) -> CallTaken:
    """«Jeg tar den»."""
    return CallTaken(CallId(call), by(staff, operation, client_at))


def decline(staff: str, call: str = "1-1") -> CallDeclined:
    """«Kan ikke»."""
    return CallDeclined(CallId(call), by(staff), "busy")


def hand_over(staff: str, to: str, call: str = "1-1") -> CallHandedOver:
    """«Overfør»."""
    return CallHandedOver(CallId(call), by(staff), StaffId(to))


def arrive(
    staff: str, call: str = "1-1", room: str = "", client_at: datetime | None = None
) -> Arrived:
    """«Jeg er hos pasienten»."""
    return Arrived(CallId(call), by(staff, "", client_at), room)


def left(staff: str, call: str = "1-1") -> Left:
    """Leave without closing."""
    return Left(CallId(call), by(staff))


def close(
    staff: str, call: str = "1-1", outcome: Outcome = Outcome.HELPED, reason: str = ""
) -> CallClosed:
    """«Avslutt»."""
    return CallClosed(CallId(call), by(staff), outcome, reason)


def undo(staff: str, call: str = "1-1") -> TakeUndone:
    """«Angre»."""
    return TakeUndone(CallId(call), by(staff))


def ask(
    staff: str, *, emergency: bool = False, call: str = "", room: str = "", operation: str = ""
) -> HelpAsked:
    """Ask for help from a telephone."""
    return HelpAsked(by(staff, operation), emergency, CallId(call) if call else None, room)


def pause(staff: str, until: datetime, rule_id: str = "", reason: str = "stell") -> PauseSet:
    """Pause Ola's rules."""
    chosen = RuleId(rule_id) if rule_id else None
    return PauseSet(by(staff), PatientId("ola"), until, reason, chosen)


def resume(staff: str, rule_id: str = "") -> PauseEnded:
    """End a pause early."""
    return PauseEnded(by(staff), PatientId("ola"), RuleId(rule_id) if rule_id else None)


# --- Telephones -------------------------------------------------------------------------------


def sign_in(staff: str, *units: str) -> SignedIn:
    """Come to duty."""
    return SignedIn(telephone(staff), StaffId(staff), tuple(UnitId(unit) for unit in units))


def sign_out(staff: str) -> SignedOut:
    """Go off duty."""
    return SignedOut(telephone(staff), StaffId(staff))


def reports(staff: str, state: HandsetState) -> HandsetReported:
    """Let the gateway judge a telephone."""
    return HandsetReported(telephone(staff), state)
