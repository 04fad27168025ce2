"""Technical calls: what is wrong with what.

Equal faults join one call, and it closes by itself when the fault is over.
"""

from dataclasses import replace

from routing.calls import CallState
from routing.defaults import DAY_LIST, policy_for
from routing.draft import Draft, facts
from routing.effects import Because, Move, Reason
from routing.escalation import for_the_list
from routing.ids import BridgeId, DeviceId
from routing.life import close_call, open_call
from routing.plan import CallType, Priority
from routing.state import Call
from routing.whose import NOWHERE, whose

SILENT = "device_silent"
OFFLINE = "device_offline"
BRIDGE = "bridge_lost"
BATTERY = "battery_low"
NOT_UNDERSTOOD = "not_understood"
BROKER = "broker_lost"
LOST = "messages_lost"
"""The broker forgot us meanwhile: what devices said since the last contact is nowhere."""
UNRECORDED = "store_unrecorded"
SPOOL_LOST = "spool_lost"
CLOCK = "clock_stepped"
NOBODY = "no_ready_handset"
COVERAGE = "coverage_gap"
CHANGE_OVER = "shift_not_changed"
STUCK = "sensor_stuck"
STAYS_ON = "alarm_stays_on"
"""An alarm that still says «on» after its call: its «off» was lost, or it was never reset."""
NOT_READ = "alarm_not_read"
"""What came on an alarm's topic could not even be told to be its: it may have been a press."""
TIMER = "timer_failed"
"""What was due for a call or rule raised: the hub met its own fault, and rang everybody."""


def technical(
    draft: Draft,
    fault: str,
    because: Because,
    *,
    device: DeviceId | None = None,
    bridge: BridgeId | None = None,
    priority: Priority | None = None,
) -> Call:
    """Open a technical call, or join the open one for the same fault of the same thing."""
    for call in draft.open_calls():
        if is_fault(call, fault, device, bridge):
            if priority is not None and priority < call.priority:
                return draft.move(
                    call, Move.RAISED, because, priority=priority, because=because
                )
            return draft.move(call, Move.JOINED, because)
    place = NOWHERE if device is None else whose(draft, device, draft.now, draft.now)
    ladder = None
    if priority is Priority.ROUTINE:
        ladder = DAY_LIST
    elif priority is Priority.EMERGENCY:
        ladder = policy_for(draft.plan, CallType.EMERGENCY).ladder
    return open_call(
        draft,
        CallType.TECHNICAL,
        because,
        # What is wrong is the device; whose it is stands in the plan, not in the call.
        replace(place, patient=None, possible=()),
        priority=priority,
        ladder=ladder,
        device=device,
        bridge=bridge,
        fault=fault,
    )


def mended(
    draft: Draft,
    fault: str,
    *,
    device: DeviceId | None = None,
    bridge: BridgeId | None = None,
) -> Call | None:
    """Close the technical call of a fault that is over."""
    for call in draft.open_calls():
        if is_fault(call, fault, device, bridge):
            because = Because(Reason.FAULT_OVER, facts=facts(device=device, fault=fault))
            return close_call(draft, call, because)
    return None


def is_fault(call: Call, fault: str, device: DeviceId | None, bridge: BridgeId | None) -> bool:
    """Tell whether a call is about this fault of this thing."""
    return call.fault == fault and call.device == device and call.bridge == bridge


def nobody_reached(draft: Draft) -> None:
    """Say that a waiting call found nobody with a telephone that is sure to sound."""
    for call_id in tuple(draft.unreached):
        call = draft.calls[call_id]
        ready = any(draft.handsets[handset].state.value == "ready" for handset in call.ringing)
        if call.type is CallType.TECHNICAL or for_the_list(call) or ready:
            continue
        if call.state is not CallState.RINGING:
            continue  # in hands: it rings for one more
        known = facts(room=call.room, unit=call.unit, call=call.id)
        because = Because(Reason.NO_READY_HANDSET, facts=known)
        for other in draft.open_calls():
            if other.fault == NOBODY and other.unit == call.unit:
                break
        else:
            open_call(
                draft,
                CallType.TECHNICAL,
                because,
                replace(NOWHERE, unit=call.unit),
                priority=Priority.URGENT,
                fault=NOBODY,
            )


def somebody_ready(draft: Draft) -> None:
    """End «no ready telephone» once a call in that unit rings on one, or is in hands."""
    for call in draft.open_calls():
        if call.fault != NOBODY:
            continue
        waiting = [
            other
            for other in draft.open_calls()
            if other.unit == call.unit
            and other.type is not CallType.TECHNICAL
            and other.state is CallState.RINGING
        ]
        heard = all(
            any(draft.handsets[one].state.value == "ready" for one in other.ringing)
            for other in waiting
        )
        if heard:
            close_call(draft, call, Because(Reason.FAULT_OVER, facts=facts(fault=NOBODY)))
