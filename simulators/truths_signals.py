"""Checks on signals: presses count, silence shows, wearers are right, the ledger balances."""

# ruff: noqa: ARG001 - every check has the same shape

from collections.abc import Iterator
from datetime import datetime, timedelta

from routing.calls import CallState
from routing.defaults import policy_for
from routing.effects import Book, Booked, Reason, Ring
from routing.events import (
    BridgeChanged,
    BrokerChanged,
    DevicesHeard,
    SignalQuarantined,
    SignalReceived,
    TimePassed,
)
from routing.ids import DeviceId, PatientId
from routing.plan import CallType, DeviceLife, Plan, Purpose
from routing.readings import DeviceClass, HelpPressed, HelpTrigger, TimeQuality
from routing.state import Call, State, is_open
from simulators.watch import Ending, Stepped, Watch, Wrong

OUTAGE_SHOWS = timedelta(seconds=90)
"""Longest time until a broker that stays away is a technical call."""
SILENCE_SHOWS = timedelta(seconds=90)
"""Longest time beyond the allowed silence until the device is shown as silent."""
ONE_MOMENT = timedelta(microseconds=1)
"""At the very end of its window a message may be judged either way."""


def _help(event: SignalReceived) -> HelpPressed | None:
    return next((r for r in event.readings if r.__class__ is HelpPressed), None)  # pyright: ignore[reportReturnType]


def _signal(step: Stepped) -> SignalReceived:
    event = step.event
    assert isinstance(event, SignalReceived)
    return event


def _in_use(plan: Plan, device: DeviceId) -> bool:
    known = plan.devices.get(device)
    return known is not None and known.life in (DeviceLife.ACTIVE, DeviceLife.SUSPECT)


def _known_key(watch: Watch, event: SignalReceived, now: datetime) -> bool:
    """Tell whether this very message was heard before, at the earliest time it can be from."""
    until = watch.keys.get((event.device, event.key)) if event.key else None
    return until is not None and (event.delivery.backlog_since or now) <= until


# --- Presses ----------------------------------------------------------------------------------

_COUNTS = (Booked.OPENED, Booked.JOINED, Booked.PRACTICE)


def press_counts(watch: Watch, step: Stepped) -> Wrong | None:
    """A new press is booked to a call that is open."""
    event = _signal(step)
    help_ = _help(event)
    if help_ is None or event.test or not _in_use(step.after.plan, event.device):
        return None
    if step.book is None or event.delivery.retained or help_.trigger is HelpTrigger.LEVEL:
        return None
    book = step.book
    if book.to is Booked.DUPLICATE:
        return None  # judged by `new_is_no_duplicate`
    if book.to not in _COUNTS:
        return Wrong(f"a press on {event.device} was booked {book.to}", None, event.device)
    call = step.after.calls.get(book.call) if book.call else None
    if call is None or not is_open(call):
        return Wrong(f"a press on {event.device} belongs to no open call", None, event.device)
    return None


def presence_covers(watch: Watch, step: Stepped) -> Wrong | None:
    """Suppressed by presence: somebody there is competent for that patient's calls."""
    event = _signal(step)
    book = step.book
    if book is None or book.because.reason is not Reason.PRESENCE_COVERS:
        return None
    if _help(event) is not None:
        return Wrong(f"presence silenced a press on {event.device}", None, event.device)
    plan = step.after.plan
    rule = next((r for r in plan.rules if r.id == book.because.rule), None)
    for call in step.after.calls.values():
        # What is silenced is the rule's call, whatever the person came for.
        kind = call.type if rule is None else rule.call_type
        if call.state is CallState.PRESENT and any(
            (person := plan.staff.get(staff)) is not None
            and person.competence >= policy_for(plan, kind).close_competence
            for staff in call.present
        ):
            return None
    return Wrong(
        f"{event.device} was silenced with nobody competent present", None, event.device
    )


def help_while_present(watch: Watch, step: Stepped) -> Wrong | None:
    """A press beside somebody competent is (part of) an assistance call."""
    event = _signal(step)
    if step.book is None or step.book.to is not Booked.OPENED or _help(event) is None:
        return None
    call = step.after.calls.get(step.book.call) if step.book.call else None
    if call is None or call.patient is None or call.type is CallType.ASSIST:
        return None
    plan = step.after.plan
    for other in step.before.calls.values():
        if other.patient != call.patient or other.state is not CallState.PRESENT:
            continue
        if other.practice == call.practice and any(
            (person := plan.staff.get(staff)) is not None
            and person.competence >= policy_for(plan, other.type).close_competence
            for staff in other.present
        ):
            return Wrong(
                f"help beside staff in {other.id} opened {call.type} {call.id}", call.id
            )
    return None


def old_is_not_new(watch: Watch, step: Stepped) -> Wrong | None:
    """Retained presses ring nobody; presses from a backlog say that they are late."""
    event = _signal(step)
    help_ = _help(event)
    if help_ is None or step.book is None:
        return None
    delivery = event.delivery
    if not (delivery.retained or delivery.backlog_since or delivery.history):
        return None
    if delivery.retained and help_.trigger is not HelpTrigger.LEVEL:
        if any(e.__class__ is Ring for e in step.effects):
            return Wrong(f"a retained press of {event.device} rings", None, event.device)
        return None
    if step.book.to is Booked.OPENED:
        call = step.after.calls.get(step.book.call) if step.book.call else None
        if call is not None and not call.late:
            return Wrong(f"{call.id} came from a backlog and is not marked late", call.id)
    return None


# --- Duplicates and the ledger ----------------------------------------------------------------


def duplicate_is_quiet(watch: Watch, step: Stepped) -> Wrong | None:
    """Heard before inside its window: booked as that, and no call moves."""
    event = _signal(step)
    if step.book is None:
        return None
    if step.book.to is Booked.DUPLICATE:
        if step.changed or any(e.__class__ is not Book for e in step.effects):
            return Wrong(f"a duplicate of {event.device} changed something", None, event.device)
        return None
    if _known_key(watch, event, step.now - ONE_MOMENT) and _help(event) is not None:
        # Out of a backlog a second equal press is news: nobody can tell it from a copy.
        if event.delivery.retained or event.delivery.backlog_since is not None:
            return None
        return Wrong(
            f"a press of {event.device} heard twice counted twice", step.book.call, event.device
        )
    return None


def new_is_no_duplicate(watch: Watch, step: Stepped) -> Wrong | None:
    """Booked as duplicate: the same key was heard from the same device inside its window."""
    event = _signal(step)
    if step.book is None or step.book.to is not Booked.DUPLICATE:
        return None
    if not _known_key(watch, event, step.now):
        return Wrong(f"a new message of {event.device} was a duplicate", None, event.device)
    return None


def booked_once(watch: Watch, step: Stepped) -> Wrong | None:
    """One booking, of this signal."""
    event = step.event
    assert isinstance(event, SignalReceived | SignalQuarantined)
    books = [e for e in step.effects if e.__class__ is Book]
    if len(books) != 1:
        return Wrong(f"signal {event.signal} was booked {len(books)} times", None, event.device)
    if step.book is not None and step.book.signal != event.signal:
        return Wrong(f"signal {event.signal} was booked as another", None, event.device)
    return None


def ledger_balances(watch: Watch, step: Stepped) -> Wrong | None:
    """At each flush: everything received is booked or stood for."""
    event = step.event
    assert isinstance(event, DevicesHeard)
    return _balance(watch, event.counted)


def ledger_ends(watch: Watch, ending: Ending) -> Iterator[Wrong]:
    """And at the end of the night."""
    wrong = _balance(watch, watch.gathered())
    if wrong is not None:
        yield wrong


def _balance(watch: Watch, gathered: int) -> Wrong | None:
    booked = watch.booked + gathered + watch.lost_gathered
    if watch.messages != booked:
        return Wrong(f"{watch.messages} messages were received, {booked} are booked")
    return None


# --- Silence ----------------------------------------------------------------------------------


def technical_call(call: Call) -> bool:
    """Tell whether it is about a thing and not about a person."""
    return call.type in (CallType.TECHNICAL, CallType.INFORMATION)


def _technical_open(state: State) -> Iterator[Call]:
    for call in state.calls.values():
        if technical_call(call) and is_open(call):
            yield call


def outage_shows(watch: Watch, step: Stepped) -> Wrong | None:
    """The state says that the broker is gone, and soon a technical call does."""
    event = step.event
    if isinstance(event, BrokerChanged):
        if step.after.broker_up is not event.up:
            return Wrong(f"the broker is {'back' if event.up else 'gone'}, the state disagrees")
        return None
    since = watch.broker_down_since
    if since is None or step.now - since < OUTAGE_SHOWS:
        return None
    if any(c.because.reason is Reason.BROKER_LOST for c in _technical_open(step.after)):
        return None
    if watch.closed_by_hand(Reason.BROKER_LOST, step.after):
        return None
    return Wrong(f"the broker is gone since {since:%H:%M:%S}, no technical call says so")


def bridge_shows(watch: Watch, step: Stepped) -> Wrong | None:
    """What a bridge says of itself is what the state says."""
    event = step.event
    if not isinstance(event, BridgeChanged) or event.detail:
        return None
    known = step.after.bridges.get(event.bridge)
    if known is None or known.online is not event.online:
        return Wrong(f"{event.bridge} says online={event.online}, the state disagrees")
    return None


def silence_shows(watch: Watch, step: Stepped) -> Wrong | None:  # noqa: PLR0911 - excuses
    """One device per step is looked at: silent too long means shown as silent."""
    state = step.after
    plan = state.plan
    device = watch.next_device()
    if device is None or getattr(step.event, "device", None) == device.id:
        return None  # it speaks this very moment
    limit = device.expect_every
    if limit is None or not state.broker_up or not _in_use(plan, device.id):
        return None
    heard = watch.heard.get(device.id)
    # What came back just now brings what was queued: judged once that has settled.
    back = isinstance(step.event, DevicesHeard | BrokerChanged | BridgeChanged)
    if back or heard is None:
        return None
    if step.now - heard <= limit + SILENCE_SHOWS:
        return None
    now = state.devices.get(device.id)
    if now is not None and now.silent:
        return None
    bridge = state.bridges.get(device.bridge)
    if bridge is not None and bridge.online is False:
        return None  # A3: one bridge call speaks for its devices
    if watch.settling(step.now):
        return None
    away = (step.now - heard).total_seconds()
    return Wrong(f"{device.id} was silent for {away:.0f} s and looks well", None, device.id)


def nonsense_calls(watch: Watch, step: Stepped) -> Wrong | None:
    """Not understood, from a device of class alarm: there is an open technical call for it."""
    event = step.event
    assert isinstance(event, SignalQuarantined)
    known = step.after.plan.devices.get(event.device) if event.device is not None else None
    if known is None or known.device_class is not DeviceClass.ALARM:
        return None
    if not _in_use(step.after.plan, known.id):
        return None
    for call in _technical_open(step.after):
        if call.device == known.id:
            return None
    if step.book is not None and step.book.call is not None:
        return None
    return Wrong(f"{known.id} said what nobody understands, and no call began", None, known.id)


# --- Pauses and wearers -----------------------------------------------------------------------


def pause_is_whole(watch: Watch, step: Stepped) -> Wrong | None:
    """Owner, reason, end: on every pause there is."""
    if step.before.pauses is step.after.pauses:
        return None
    for pause in step.after.pauses:
        if not pause.by or not pause.reason or pause.until is None:  # pyright: ignore[reportUnnecessaryComparison]
            return Wrong(f"the pause for {pause.patient} lacks owner, reason or end")
    return None


def pause_ends(watch: Watch, step: Stepped) -> Wrong | None:
    """No pause outlives its end."""
    timely = step.event.__class__ is TimePassed
    for pause in step.after.pauses:
        if pause.until < step.now or (timely and pause.until == step.now):
            return Wrong(
                f"the pause for {pause.patient} ended at {pause.until:%H:%M}, and holds"
            )
    return None


def belongs_to_wearer(watch: Watch, step: Stepped) -> Wrong | None:  # noqa: PLR0911 - who, when
    """The call that a press opened is the wearer's at the time it happened."""
    event = _signal(step)
    presser = watch.pressed_by.pop(event.signal, None)
    call = _call_of_press(step, event)
    if call is None:
        return None
    if presser is not None and presser not in (call.patient, *call.possible):
        return Wrong(f"{presser} pressed {event.device}, and {call.id} is another's", call.id)
    if step.book is None or step.book.to is not Booked.OPENED:
        return None
    wearers = _wearers(step.after.plan, event.device, *_when(event, step.now))
    claimed = (call.patient,) if call.patient is not None else call.possible
    if any(patient not in wearers for patient in claimed):
        return Wrong(
            f"{call.id} is {claimed[0]}'s, {event.device} is worn by {wearers}", call.id
        )
    if wearers and not claimed:
        return Wrong(f"{call.id} is nobody's, {event.device} is worn by {wearers}", call.id)
    if len(wearers) > 1 and call.patient is not None:
        return Wrong(f"{call.id} claims {call.patient}, {wearers} are possible", call.id)
    return None


def _call_of_press(step: Stepped, event: SignalReceived) -> Call | None:
    if step.book is None or step.book.call is None or _help(event) is None:
        return None
    call = step.after.calls.get(step.book.call)
    return None if call is None or technical_call(call) else call


def _when(event: SignalReceived, now: datetime) -> tuple[datetime, datetime]:
    """Return when it happened: now, or since the last contact, or when the device says."""
    since = event.delivery.backlog_since
    if since is None:
        return now, now
    at, told = event.device_time.at, event.device_time.quality
    believed = at is not None and told in (TimeQuality.DEVICE, TimeQuality.GATEWAY)
    if at is not None and believed and since <= at <= now:
        return at, at
    return since, now


def _wearers(
    plan: Plan, device: DeviceId, first: datetime, last: datetime
) -> tuple[PatientId, ...]:
    found: dict[PatientId, None] = {}
    for held in plan.assignments:
        if held.device != device or held.purpose is Purpose.STAFF:
            continue
        if held.since > last or (held.until is not None and held.until <= first):
            continue
        if held.patient is not None:
            found[held.patient] = None
            continue
        for stay in plan.stays:
            bed = plan.beds.get(stay.bed)
            room = plan.rooms.get(held.room) if held.room is not None else None
            home = room.bathroom_of if room is not None and room.bathroom_of else held.room
            stayed = stay.since <= last and (stay.until is None or first < stay.until)
            if stayed and bed is not None and bed.room == home:
                found[stay.patient] = None
    return tuple(found)
