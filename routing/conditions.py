"""Does a rule's condition hold, and may the rule speak now?

By the last levels known of the devices that its triggers mean. A rule is silent while paused,
while the stay is lived without sensors, while somebody competent is with the patient, and while
an exception holds; the reason is named.
"""

from datetime import datetime
from typing import assert_never

from routing.draft import Draft
from routing.effects import Reason
from routing.ids import DeviceId, PatientId
from routing.index import holds_at, listens, room_of, stay_at
from routing.plan import CallType, Combine, Profile, Rule, Trigger, TriggerKind
from routing.readings import FALLEN
from routing.reviews import arrival_over
from routing.state import Waiting
from routing.who import is_competent

_SILENT_PROFILES = (Profile.END_OF_LIFE, Profile.OUT, Profile.FAMILY_PRESENT)


def valid(draft: Draft, rule: Rule) -> bool:
    """Tell whether the rule holds today."""
    begun = rule.valid_from is None or rule.valid_from <= draft.now
    return begun and (rule.valid_until is None or draft.now < rule.valid_until)


def silent(draft: Draft, rule: Rule) -> Reason | None:
    """Return why the rule may not speak now, None if it may."""
    if paused_until(draft, rule) is not None:
        return Reason.PAUSED
    stay = stay_at(draft.index, rule.patient, draft.now)
    if stay is None or stay.profile in _SILENT_PROFILES:
        return Reason.PROFILE_SILENT
    if not rule.decided_by and arrival_over(stay, draft.now):
        return Reason.ARRIVAL_OVER
    if somebody_there(draft, rule.patient, rule.call_type):
        return Reason.PRESENCE_COVERS
    if any(holds(draft, rule, trigger) for trigger in rule.unless):
        return Reason.UNLESS_HELD
    return None


def paused_until(draft: Draft, rule: Rule) -> datetime | None:
    """Return when the last pause of the rule, or of all its patient's rules, ends."""
    return max(
        (
            pause.until
            for pause in draft.pauses
            if pause.patient == rule.patient
            and pause.rule in (None, rule.id)
            and draft.now < pause.until
        ),
        default=None,
    )


def somebody_there(draft: Draft, patient: PatientId, call_type: CallType | None) -> bool:
    """Tell whether staff are with the patient, competent for the type of call if given."""
    return any(
        call_type is None or is_competent(draft.plan, call_type, staff)
        for call in draft.open_calls()
        if call.patient == patient
        for staff in call.present
    )


def means(draft: Draft, rule: Rule, trigger: Trigger, device: DeviceId) -> bool:
    """Tell whether a trigger means this device as it is assigned now."""
    if trigger.device is not None:
        return trigger.device == device
    stay = stay_at(draft.index, rule.patient, draft.now)
    room = None if stay is None else room_of(draft.plan, stay)
    rooms = () if room is None else (room.id,)
    return any(
        holds_at(one.since, one.until, draft.now, draft.now)
        and listens(draft.plan, trigger, one, rule.patient, rooms)
        for one in draft.index.assignments.get(device, ())
    )


def holds_now(draft: Draft, rule: Rule) -> bool:
    """Tell whether the rule's condition holds by the last levels known."""
    holding = (holds(draft, rule, trigger) for trigger in rule.triggers)
    return all(holding) if rule.combine is Combine.ALL else any(holding)


def holds(  # noqa: PLR0911 - one row for each kind
    draft: Draft, rule: Rule, trigger: Trigger
) -> bool:
    """Tell whether one condition holds by the last levels known."""
    if trigger.kind is TriggerKind.PRESENCE and trigger.room is None and trigger.device is None:
        return somebody_there(draft, rule.patient, None)
    values = _levels(draft, rule, trigger)
    match trigger.kind:
        case TriggerKind.BED_EXIT:
            return "empty" in values and "occupied" not in values
        case TriggerKind.MOTION | TriggerKind.PRESENCE:
            return "on" in values
        case TriggerKind.NO_MOTION:
            return "off" in values and "on" not in values
        case TriggerKind.DOOR_OPEN:
            return "open" in values
        case TriggerKind.FALL:
            return any(value.startswith(FALLEN) for value in values)
        case TriggerKind.PRESS:
            return False
        case _:
            assert_never(trigger.kind)


_LEVEL_OF = {
    TriggerKind.BED_EXIT: "bed",
    TriggerKind.MOTION: "motion",
    TriggerKind.PRESENCE: "motion",
    TriggerKind.NO_MOTION: "motion",
    TriggerKind.DOOR_OPEN: "door",
    TriggerKind.FALL: "fall",
    TriggerKind.PRESS: "press",
}


def _levels(draft: Draft, rule: Rule, trigger: Trigger) -> list[str]:
    """Return the last levels of every device that the trigger means."""
    kind = _LEVEL_OF[trigger.kind]
    values: list[str] = []
    for device in draft.index.devices_for[rule.id]:
        known = draft.devices.get(device)
        if known is not None and means(draft, rule, trigger, device):
            values += [
                level.value
                for name, level in known.levels.items()
                if name.partition(":")[0] == kind
            ]
    return values


def in_progress(rule: Rule, waiting: Waiting) -> bool:
    """Tell whether conditions in order are still being met, before any delay runs."""
    return rule.combine is Combine.IN_ORDER and 0 < waiting.step < len(rule.triggers)


def is_stillness(rule: Rule) -> bool:
    """Tell whether the rule listens for a state, that nothing moves, and for no event."""
    return all(trigger.kind is TriggerKind.NO_MOTION for trigger in rule.triggers)
