"""One device message: known before? what changed? and then where it is booked, exactly once.

Duplicates change nothing. A level is compared with the last one known, so that a restart
neither invents nor forgets an edge; the first value ever is a baseline, except a cry for help.
A retained or replayed press never rings as a new one. What lay in a backlog sets levels; rules
judge the last of them, and a press in it rings, marked late.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from routing import rules
from routing.booking import Booking, When, weightier
from routing.draft import Draft
from routing.effects import Because, Book, Booked, Move, Reason
from routing.events import SignalQuarantined, SignalReceived
from routing.health import not_understood, noted, of_the_link, told
from routing.ids import DeviceId
from routing.levels import KINDS_KEPT, level_of
from routing.life import calls_of
from routing.plan import Device, DeviceLife, Priority
from routing.presses import press
from routing.proof import proven
from routing.readings import (
    FALLEN,
    BedChanged,
    ButtonPressed,
    DoorMoved,
    FallSeen,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    MotionSeen,
    Reading,
    TimeQuality,
)
from routing.state import DeviceNow, Level
from routing.supervision import STILL_AFTER, STUCK_AFTER
from routing.technical import STAYS_ON, mended, technical
from routing.whose import whose

KEYS_KEPT = 16
LEVEL_AGAIN = timedelta(minutes=10)
"""A help level that stays on rings again at most this often, once its call is closed."""
LEVEL_RESTS = timedelta(minutes=2)
COPY_WITHIN = timedelta(seconds=2)
"""One press published by several sources (state, action, ha) is one (DEVICES D2)."""
SAME_PACKET = timedelta(minutes=1)
"""How long before the last contact a message can have been taken in and not acknowledged."""
SWAPPED = 8
SWAPPED_WITHIN = timedelta(minutes=5)
"""A message this many before the latest, this soon after it, was overtaken (DEVICES T4). More
is a counter that begins again, after a new battery (D6)."""
LATE_AFTER = timedelta(minutes=10)
"""Stored history older than this is a late alarm (DEVICES T2)."""

NEVER_HEARD = DeviceNow()
_IN_USE = (DeviceLife.ACTIVE, DeviceLife.SUSPECT)

_UNCHANGED = Booking(Booked.UNCHANGED, Because(Reason.UNCHANGED))
_BASELINE = Booking(Booked.UNCHANGED, Because(Reason.BASELINE))
_REPLAYED = Booking(Booked.UNCHANGED, Because(Reason.REPLAYED))
_DUPLICATE = Booking(Booked.DUPLICATE, Because(Reason.DUPLICATE))
_TEST = Booking(Booked.PRACTICE, Because(Reason.TEST_TRAFFIC))
_QUARANTINED = Because(Reason.NOT_UNDERSTOOD)


def received(draft: Draft, event: SignalReceived) -> None:
    """Take in one understood device message and book it."""
    outcome = _take_in(draft, event)
    draft.effects.append(
        Book(event.signal, outcome.to, outcome.because, event.device, outcome.call)
    )


def quarantined(draft: Draft, event: SignalQuarantined) -> None:
    """Book what could not be understood; an alarm device's nonsense is a technical call."""
    call = None
    because = _QUARANTINED
    if event.device is not None:
        call = not_understood(draft, event.device, event.why)
    if call is not None:
        because = Because(Reason.ALARM_DEVICE_NOT_UNDERSTOOD, facts=(("why", event.why),))
    draft.effects.append(Book(event.signal, Booked.QUARANTINED, because, event.device, call))


def _take_in(draft: Draft, event: SignalReceived) -> Booking:
    device = draft.plan.devices.get(event.device)
    if device is None or device.life not in _IN_USE:
        return _not_in_use(draft, event, device)
    before = draft.devices.get(event.device, NEVER_HEARD)
    if event.test:
        _remember(draft, event, before, before.levels, before.keys)
        return _TEST
    if _is_duplicate(event, before, draft.now):
        _remember(draft, event, before, before.levels, _answered(event, before.keys))
        return _DUPLICATE
    keys = _keys_after(event, before.keys, draft.now)
    levels, changed, baseline = _new_levels(draft, event, before)
    if draft.proofs and (proof := proven(draft, event, device)) is not None:
        _remember(draft, event, before, levels, _proof_keys(draft, event, keys))
        return proof
    outcome = _BASELINE if baseline else _UNCHANGED
    helps = _help_in(draft, event, before)
    if helps:
        outcome = _help(draft, event, before, helps[0], levels, keys)
    else:
        _remember(draft, event, before, levels, keys)
    for reading in changed:
        outcome = weightier(outcome, _changed(draft, event, before, reading))
    if changed and _is_overtaken(event, before, draft.now):
        outcome = weightier(outcome, _restored(draft, event, before, changed))
    for reading in event.readings:
        if isinstance(reading, ButtonPressed) and not event.delivery.retained:
            outcome = weightier(outcome, rules.pressed(draft, event))
    technical = told(draft, event, device, before)
    return outcome if technical is None else weightier(outcome, technical)


def _help(
    draft: Draft,
    event: SignalReceived,
    before: DeviceNow,
    asked: HelpPressed,
    levels: dict[str, Level],
    keys: dict[str, datetime],
) -> Booking:
    """Ring for a press, unless it is the broker's memory of one or another source's copy."""
    replayed = event.delivery.retained and asked.trigger is not HelpTrigger.LEVEL
    copied = _is_copy(event, keys, draft.now)
    if replayed or copied:
        _remember(draft, event, before, levels, keys)
        return _REPLAYED if replayed else _DUPLICATE
    keys = _with_key(keys, _copy_key(event), draft.now + COPY_WITHIN)
    known = before.levels.get("help")
    again = asked.trigger is HelpTrigger.LEVEL and known is not None and known.value == "on"
    if again:
        levels = {**levels, "help": Level("on", draft.now)}
    _remember(draft, event, before, levels, keys)
    booking = press(draft, event, asked, when(event, before, draft.now))
    if again:
        _tell_stays_on(draft, event.device)
    return booking


def _tell_stays_on(draft: Draft, device: DeviceId) -> None:
    """Have a device looked at that still says what its call was closed for."""
    because = Because(Reason.SENSOR_STUCK, facts=(("device", device),))
    technical(draft, STAYS_ON, because, device=device, priority=Priority.ROUTINE)


def _not_in_use(draft: Draft, event: SignalReceived, device: Device | None) -> Booking:
    """Book a device that is not enrolled, proven or any more in use; a press in it is told."""
    before = draft.devices.get(event.device, NEVER_HEARD)
    if device is not None and (proof := proven(draft, event, device)) is not None:
        levels = _new_levels(draft, event, before)[0]
        keys = _keys_after(event, before.keys, draft.now)
        _remember(draft, event, before, levels, _proof_keys(draft, event, keys))
        return proof
    if _is_duplicate(event, before, draft.now) or _is_copy(event, before.keys, draft.now):
        return _DUPLICATE  # of the proof, which nothing but a new plan makes a device in use
    why = "unknown" if device is None else device.life.value
    because = Because(Reason.NOT_IN_USE, facts=(("device", event.device), ("life", why)))
    told_now = not event.test and not event.delivery.retained
    pressed = told_now and any(isinstance(one, HelpPressed) for one in event.readings)
    if device is not None and device.life is not DeviceLife.RETIRED:
        _heard_out_of_use(draft, event, device, before, pressed=pressed)
    call = None
    if pressed:
        call = technical(draft, "pressed_not_in_use", because, device=event.device)
    return Booking(Booked.TECHNICAL, because, None if call is None else call.id)


def _heard_out_of_use(
    draft: Draft, event: SignalReceived, device: Device, before: DeviceNow, *, pressed: bool
) -> None:
    """Remember that a device in cleaning or repair speaks, and nothing of what it senses.

    Who supervises it when it comes into use again must know when it was heard last. A level
    from the bench is no level: in use its first word is a baseline, and a cry is news.
    """
    keys = _keys_after(event, before.keys, draft.now)
    if pressed:
        keys = _with_key(keys, _copy_key(event), draft.now + COPY_WITHIN)
    levels = of_the_link(_new_levels(draft, event, before)[0])
    _remember(draft, event, before, levels, keys)
    noted(draft, event, device, before)


def _proof_keys(
    draft: Draft, event: SignalReceived, keys: dict[str, datetime]
) -> dict[str, datetime]:
    """Remember the proof as a press: its other copies (`action`, `ha`) ring nobody either."""
    return _with_key(keys, _copy_key(event), draft.now + COPY_WITHIN)


def when(event: SignalReceived, before: DeviceNow, now: datetime) -> When:
    """Return when it happened.

    Live is now, whatever the device's clock says. A backlog is an interval since the last
    contact; the device's own time counts only inside it.
    """
    told = event.device_time
    at = told.at if told.quality in (TimeQuality.DEVICE, TimeQuality.GATEWAY) else None
    since = event.delivery.backlog_since
    if since is None and not event.delivery.history:
        return When(now, now)
    if since is None:
        since = at if at is not None else before.last_heard or now
        since = min(since, now)
        return When(since, since if at is not None else now, late=now - since > LATE_AFTER)
    if at is not None and since <= at <= now:
        return When(at, at, late=True)
    return When(min(since, now), now, late=True)


def _is_duplicate(event: SignalReceived, before: DeviceNow, now: datetime) -> bool:
    """Tell whether this very message was seen, judged at the earliest time it can be from.

    DUP is not trusted. A key answers for one redelivery out of a backlog and is then forgotten:
    a second equal press from an outage is news.
    """
    if (packet := _packet_key(event)) and event.delivery.backlog_since is not None:
        answered = before.keys.get(packet)
        # Brokers number packets anew: long before the last contact it was another message's.
        recent = answered is not None and answered + SAME_PACKET >= event.delivery.backlog_since
        return event.delivery.dup and recent
    until = before.keys.get(event.key)
    return until is not None and until >= (event.delivery.backlog_since or now)


def _packet_key(event: SignalReceived) -> str:
    """Name the broker's packet, where only that tells a redelivery from an equal press.

    A press whose commit died with the hub comes again like one whose acknowledgement did. The
    content is the same and the times overlap; the packet id is the difference.
    """
    if not event.delivery.packet or event.key_window > COPY_WITHIN:
        return ""
    return f"#{event.delivery.packet} {event.key}"


def _keys_after(
    event: SignalReceived, keys: dict[str, datetime], now: datetime
) -> dict[str, datetime]:
    """Remember the message's key, where its copy could be told from a new press.

    A replay is no press, so its key must not swallow one. Out of a backlog two presses minutes
    apart arrive together: only a key that counts (a frame number) tells them from one.
    """
    replayed = event.delivery.retained
    together = event.delivery.backlog_since is not None and event.key_window <= COPY_WITHIN
    if not event.key or replayed:
        return keys
    if packet := _packet_key(event):
        keys = _with_key(keys, packet, now + event.key_window)
    return keys if together else _with_key(keys, event.key, now + event.key_window)


def _answered(event: SignalReceived, keys: dict[str, datetime]) -> dict[str, datetime]:
    """Forget the key that has answered for a redelivery out of a backlog."""
    if event.delivery.backlog_since is None:
        return keys
    return _without(_without(keys, event.key), _packet_key(event))


def _copy_key(event: SignalReceived) -> str:
    return f"press@{event.source}"


def _is_copy(event: SignalReceived, keys: dict[str, datetime], now: datetime) -> bool:
    mine = _copy_key(event)
    return any(
        key.startswith("press@") and key != mine and until >= now for key, until in keys.items()
    )


def _with_key(keys: dict[str, datetime], key: str, until: datetime) -> dict[str, datetime]:
    kept = dict(keys)
    kept.pop(key, None)
    if len(kept) >= KEYS_KEPT:
        del kept[next(iter(kept))]
    kept[key] = until
    return kept


def _without(keys: dict[str, datetime], key: str) -> dict[str, datetime]:
    return {one: until for one, until in keys.items() if one != key}


def _help_in(draft: Draft, event: SignalReceived, before: DeviceNow) -> list[HelpPressed]:
    """Return the presses in the message; a level that is on already was raised before.

    Unless that is over: the «off» of a level can be lost, and then a new press says no more
    than «on» again. While the patient's call is open it changes nothing; afterwards it rings,
    at most once in `LEVEL_AGAIN`, and a technician is asked to look at the device.
    """
    found = [one for one in event.readings if isinstance(one, HelpPressed)]
    if not found:
        return found
    known = before.levels.get("help")
    if known is None or known.value != "on" or _is_over(draft, event, known):
        return found
    return [one for one in found if one.trigger is not HelpTrigger.LEVEL]


def _is_over(draft: Draft, event: SignalReceived, known: Level) -> bool:
    """Tell whether what a level was raised for is over, so that «on» again is news."""
    if event.delivery.retained or event.delivery.backlog_since is not None:
        return False
    place = whose(draft, event.device, draft.now, draft.now)
    wore = whose(draft, event.device, known.since, known.since).patient
    if place.patient is not None and place.patient != wore:
        return True  # it was on for somebody else, and nobody heard it go off
    if draft.now - known.since < LEVEL_AGAIN:
        return False
    for call in draft.calls.values():
        closed = call.closed_at if call.device == event.device else None
        if closed is not None and draft.now - closed < LEVEL_RESTS:
            return False  # whoever closed it is just resetting the device
    calls = calls_of(draft, place, event.device, practice=False)
    calls += calls_of(draft, place, event.device, practice=True)
    return not any(call.pressed for call in calls)


def _new_levels(
    draft: Draft, event: SignalReceived, before: DeviceNow
) -> tuple[dict[str, Level], list[Reading], bool]:
    """Return the levels after the message, the readings that changed one, if any was new."""
    levels = before.levels
    changed: list[Reading] = []
    baseline = False
    for reading in event.readings:
        found = level_of(reading)
        if found is None:
            continue
        kind, value = found
        known = levels.get(kind)
        if (
            known is not None
            and known.value == value
            and not _fell_again(draft, event, reading, known)
        ):
            continue
        if known is None and len(levels) >= KINDS_KEPT:
            continue
        if levels is before.levels:
            levels = dict(levels)
        levels[kind] = Level(value, draft.now)
        if kind == "motion":
            _hangs_no_more(draft, known, value)
        # A fall has no resting level: its first phase is news, not a baseline.
        if known is None and not isinstance(reading, FallSeen):
            baseline = True
        else:
            changed.append(reading)
    return levels, changed, baseline


def _fell_again(draft: Draft, event: SignalReceived, reading: Reading, known: Level) -> bool:
    """Tell whether a fall that was said before is news.

    Many devices never say that a fall is over, and where they do the word may be lost: without
    this no later fall would ever call. As a help level that stays on it calls again once what
    it called for is over, at most once in `LEVEL_AGAIN`.
    """
    if not isinstance(reading, FallSeen) or reading.phase not in FALLEN:
        return False
    live = not event.delivery.retained and event.delivery.backlog_since is None
    if not live or draft.now - known.since < LEVEL_AGAIN:
        return False
    listening = [rule.id for rule in draft.index.rules_for.get(event.device, ())]
    return not any(
        call.rule in listening
        and (call.closed_at is None or draft.now - call.closed_at < LEVEL_RESTS)
        for call in draft.calls.values()
    )


def _says_again(before: DeviceNow, reading: Reading) -> bool:
    """Tell whether a reading counts as a change and says what was said before."""
    found = level_of(reading)
    known = None if found is None else before.levels.get(found[0])
    return found is not None and known is not None and known.value == found[1]


def _is_overtaken(event: SignalReceived, before: DeviceNow, now: datetime) -> bool:
    """Tell whether the device said this before what was heard of it last.

    Without a session nothing was counted before, and so nothing is behind it.
    """
    behind = before.number - event.number
    return (
        event.session == before.session
        and event.number > 0
        and 0 < behind <= SWAPPED
        and before.last_heard is not None
        and now - before.last_heard <= SWAPPED_WITHIN
    )


def _restored(
    draft: Draft, event: SignalReceived, before: DeviceNow, changed: list[Reading]
) -> Booking:
    """Put back the levels that an overtaken message was too late for, and tell the rules.

    A door that was opened and shut is so told in the order of its doing, and ends as shut.
    """
    known = draft.devices[event.device]
    draft.put_device(event.device, replace(known, levels={**known.levels, **before.levels}))
    outcome = _UNCHANGED
    for reading in changed:
        found = level_of(reading)
        level = None if found is None else before.levels.get(found[0])
        now = None if level is None else _as_now(reading, level.value)
        if now is not None:
            outcome = weightier(outcome, _changed(draft, event, NEVER_HEARD, now))
    return outcome


def _as_now(reading: Reading, value: str) -> Reading | None:
    match reading:
        case DoorMoved():
            return replace(reading, open=value == "open")
        case BedChanged():
            return replace(reading, occupied=value == "occupied")
        case MotionSeen():
            return replace(reading, active=value == "on")
        case _:
            return None


def _hangs_no_more(draft: Draft, known: Level | None, value: str) -> None:
    """Look later whether a sensor hangs, and at once where one that did has changed."""
    draft.look_at(draft.now + (STUCK_AFTER if value == "on" else STILL_AFTER))
    if known is not None and draft.now - known.since >= STUCK_AFTER:
        draft.look_at(draft.now)


def _remember(
    draft: Draft,
    event: SignalReceived,
    before: DeviceNow,
    levels: dict[str, Level],
    keys: dict[str, datetime],
) -> None:
    heard = before.last_heard
    session, number = before.session, before.number
    if event.session and not _is_overtaken(event, before, draft.now):
        session, number = event.session, event.number
    # A retained message is the broker's memory: it proves no life.
    if not event.delivery.retained:
        at = event.delivery.backlog_since or draft.now
        heard = at if heard is None or at > heard else heard
    draft.put_device(
        event.device,
        DeviceNow(
            levels,
            keys,
            heard,
            before.availability,
            before.silent,
            before.battery_percent,
            before.problems,
            before.watched_since,
            session,
            number,
        ),
    )


def _changed(
    draft: Draft, event: SignalReceived, before: DeviceNow, reading: Reading
) -> Booking:
    if isinstance(reading, HelpPressed):
        return _UNCHANGED  # rung above
    if isinstance(reading, HelpCancelled):
        return _cancelled(draft, event)
    if isinstance(reading, FallSeen) and reading.phase not in FALLEN:
        mended(draft, STAYS_ON, device=event.device)
    outcome = rules.changed(draft, event, reading)
    if _says_again(before, reading):
        _tell_stays_on(draft, event.device)
    return outcome


def _cancelled(draft: Draft, event: SignalReceived) -> Booking:
    """Note that the device says it is over; a person closes the call."""
    mended(draft, STAYS_ON, device=event.device)
    place = whose(draft, event.device, draft.now, draft.now)
    because = Because(Reason.JOINED, facts=(("device", event.device), ("cancelled", "device")))
    for call in calls_of(draft, place, event.device, practice=False):
        if call.pressed:
            draft.move(call, Move.JOINED, because)
            return Booking(Booked.JOINED, because, call.id)
    return _UNCHANGED
