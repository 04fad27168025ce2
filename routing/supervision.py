"""Supervision (first stub so that the press path stands)."""

from routing.draft import Draft
from routing.effects import Because, Reason
from routing.events import *  # noqa: F403
from routing.ids import CallId, DeviceId, BridgeId
from routing.life import open_call
from routing.plan import CallType, Device
from routing.presses import Outcome
from routing.state import Call, DeviceNow, State


def technical(
    draft: Draft,
    fault: str,
    because: Because,
    *,
    device: DeviceId | None = None,
    bridge: BridgeId | None = None,
) -> Call:
    for call in draft.open_calls():
        if call.fault == fault and call.device == device and call.bridge == bridge:
            return call
    return open_call(
        draft, CallType.TECHNICAL, because, device=device, bridge=bridge, fault=fault
    )


def not_understood(draft: Draft, device: DeviceId, why: str) -> CallId | None:
    return technical(
        draft, "not_understood", Because(Reason.ALARM_DEVICE_NOT_UNDERSTOOD), device=device
    ).id


def told(draft, event, device, before):
    return None


def nobody_reached(draft): ...
def watch(draft): ...
def heard(draft, event): ...
def bridge_changed(draft, event): ...
def broker_changed(draft, event): ...
def store_changed(draft, event): ...
def clock_stepped(draft, event): ...
def fault_noticed(draft, event): ...
def fault_mended(draft, event): ...
def adopted(draft): ...
def only_heard(state: State, event: SignalReceived) -> bool:
    return False
