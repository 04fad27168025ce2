"""Readings that are a level: they stay until the opposite is said; edges are found in them."""

from routing.readings import (
    AvailabilityChanged,
    BedChanged,
    DoorMoved,
    FallSeen,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    MotionSeen,
    Reading,
    Tampered,
)

KINDS_KEPT = 16
"""Kinds of level remembered of one device; zone names are a stranger's text."""


def level_of(reading: Reading) -> tuple[str, str] | None:  # noqa: PLR0911 - one row for each
    """Return the kind of level and its value, None for what is not a level."""
    match reading:
        case MotionSeen():
            return "motion", "on" if reading.active else "off"
        case BedChanged():
            kind = f"bed:{reading.zone}" if reading.zone else "bed"
            return kind, "occupied" if reading.occupied else "empty"
        case DoorMoved():
            return "door", "open" if reading.open else "closed"
        case FallSeen():
            kind = f"fall:{reading.zone}" if reading.zone else "fall"
            return kind, f"{reading.phase}:{reading.incident}"
        case HelpPressed(trigger=HelpTrigger.LEVEL):
            return "help", "on"
        case HelpCancelled():
            return "help", "off"
        case AvailabilityChanged():
            return "link", reading.state.value
        case Tampered():
            return f"tamper:{reading.what}", "on" if reading.active else "off"
        case _:
            return None
