"""A night retold in plain words: the shortest list of happenings around a truth that broke."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from routing.effects import Book, Effect, Note, Reply, Ring, Withdraw
from routing.events import (
    BridgeChanged,
    BrokerChanged,
    ClockStepped,
    DevicesHeard,
    Event,
    HandsetReported,
    PlanAdopted,
    ReceiptGiven,
    SignalQuarantined,
    SignalReceived,
    SignedIn,
    SignedOut,
    Started,
    StoreChanged,
    TagsPlaced,
    Tap,
    TimePassed,
)
from routing.plan import Plan
from routing.readings import DeviceHeard, LinkRead, Reading
from simulators.faults import Trouble
from simulators.watch import Break

if TYPE_CHECKING:
    from simulators.world import World

LONGEST = 40
"""Sentences: what led to a break is told from its end backwards."""
AROUND = timedelta(minutes=30)

Step = tuple[datetime, Event, tuple[Effect, ...]]


def tell(
    plan: Plan,
    log: Iterable[Step],
    troubles: Sequence[Trouble],
    broken: Break,
    world: "World | None" = None,
) -> tuple[str, ...]:
    """Tell what concerns the break: its call, its patient, its device, and the house."""
    zone = ZoneInfo(plan.timezone)
    calls: tuple[str, ...] = (broken.call,) if broken.call else ()
    devices: tuple[str, ...] = (broken.device,) if broken.device else ()
    if broken.patient is not None:
        devices += tuple(a.device for a in plan.assignments if a.patient == broken.patient)
    lines: list[tuple[datetime, str]] = []
    everything = not calls and not devices
    for at, event, effects in log:
        if at > broken.at:
            break
        if everything and at < broken.at - timedelta(minutes=2):
            continue
        if everything or _concerns(event, effects, calls, devices):
            text = sentence(event, effects)
            if text:
                lines.append((at, text))
    if world is not None:
        lines += _around(world.agenda.start, troubles, broken.at)
    lines.sort(key=lambda line: line[0])
    told = [f"{at.astimezone(zone):%H:%M:%S} {text}" for at, text in lines[-LONGEST:]]
    return (
        *told,
        f"{broken.at.astimezone(zone):%H:%M:%S} BROKEN {broken.truth}: {broken.what}",
    )


def _around(
    start: datetime, troubles: Sequence[Trouble], at: datetime
) -> list[tuple[datetime, str]]:
    found: list[tuple[datetime, str]] = []
    for trouble in troubles:
        began = start + timedelta(seconds=trouble.at_s)
        if began <= at <= began + timedelta(seconds=trouble.for_s) + AROUND:
            found.append((began, trouble.told()))
    return found


def _concerns(
    event: Event,
    effects: tuple[Effect, ...],
    calls: tuple[str, ...],
    devices: tuple[str, ...],
) -> bool:
    if isinstance(event, BrokerChanged | Started | StoreChanged | ClockStepped | PlanAdopted):
        return True
    if getattr(event, "call", None) in calls or getattr(event, "device", None) in devices:
        return True
    for effect in effects:
        if isinstance(effect, Note | Ring | Withdraw | Book) and effect.call in calls:
            return True
        if isinstance(effect, Note) and any(
            value in devices for _, value in effect.because.facts
        ):
            return True
    return False


def sentence(event: Event, effects: tuple[Effect, ...]) -> str:
    """Say one step: what happened, and what came of it."""
    what = _happened(event)
    came = _came_of_it(effects)
    if not what and not came:
        return ""
    return f"{what or 'time passed'}{' → ' if came else ''}{came}"


def _happened(event: Event) -> str:  # noqa: C901, PLR0911, PLR0912 - one row for each event
    match event:
        case SignalReceived():
            how = _delivered(event)
            return f"{event.device} says {_readings(event.readings)}{how}"
        case SignalQuarantined():
            return f"{event.device or event.topic} says what nobody understands: {event.why}"
        case DevicesHeard():
            return f"{len(event.heard)} devices heard ({event.counted} messages)"
        case TagsPlaced():
            return f"{len(event.placed)} tags heard elsewhere, {len(event.seen)} as before"
        case BridgeChanged():
            return f"{event.bridge} says {'online' if event.online else 'offline'}"
        case BrokerChanged():
            return "the broker is back" if event.up else "the broker is out of reach"
        case Started():
            return f"the hub starts, epoch {event.epoch}"
        case StoreChanged():
            return f"the store is {event.state}"
        case ClockStepped():
            return f"the wall clock jumps by {event.by.total_seconds():.0f} s"
        case PlanAdopted():
            return f"the plan becomes version {event.plan.version}"
        case SignedIn():
            return f"{event.staff} signs in on {event.handset}"
        case SignedOut():
            return f"{event.staff} signs out of {event.handset}"
        case HandsetReported():
            return f"{event.handset} is {event.state} {' '.join(event.reasons)}".rstrip()
        case ReceiptGiven():
            return f"{event.handset}: {event.kind} {event.call}"
        case TimePassed():
            return ""
        case _:
            return _tapped(event)


def _tapped(event: Event) -> str:
    if not isinstance(event, Tap):
        return type(event).__name__
    about = getattr(event, "call", None) or getattr(event, "patient", "")
    return f"{event.by.staff} taps {type(event).__name__} {about}".rstrip()


def _delivered(event: SignalReceived) -> str:
    parts: list[str] = []
    if event.delivery.retained:
        parts.append("retained")
    if event.delivery.backlog_since is not None:
        parts.append("from a backlog")
    if event.delivery.dup:
        parts.append("redelivered")
    if event.test:
        parts.append("test")
    return f" ({', '.join(parts)})" if parts else ""


def _readings(readings: tuple[Reading, ...]) -> str:
    told = [_reading(r) for r in readings if not isinstance(r, LinkRead | DeviceHeard)]
    return ", ".join(told) or "that it is alive"


def _reading(reading: Reading) -> str:
    values = [
        f"{name}={getattr(reading, name)}"
        for name in type(reading).__dataclass_fields__
        if getattr(reading, name) not in ("", None)
    ]
    return f"{type(reading).__name__}({', '.join(values[:3])})"


def _came_of_it(effects: tuple[Effect, ...]) -> str:
    parts: list[str] = []
    rings: dict[str, list[str]] = {}
    silenced: dict[str, list[str]] = {}
    for effect in effects:
        match effect:
            case Note():
                who = f" by {effect.staff}" if effect.staff else ""
                parts.append(f"{effect.call} {effect.move}{who} ({effect.because.reason})")
            case Ring():
                rings.setdefault(effect.call, []).append(effect.handset)
            case Withdraw():
                silenced.setdefault(effect.call, []).append(effect.handset)
            case Book():
                parts.append(f"booked {effect.to} ({effect.because.reason})")
            case Reply():
                parts.append("ok" if effect.ok else f"no ({effect.because.reason})")
            case _:
                pass
    parts += [f"{call} rings {', '.join(on)}" for call, on in rings.items()]
    parts += [f"{call} stops on {', '.join(on)}" for call, on in silenced.items()]
    return "; ".join(parts)
