"""What the broker's side counts. Plain numbers that `hub.metrics` reads; they only grow."""

from collections import Counter
from dataclasses import dataclass, field

from routing.ids import BridgeId


@dataclass
class MqttStats:
    """Counters since the process started, and a few things as they are now."""

    messages: Counter[str] = field(default_factory=Counter[str])
    """PUBLISH packets by lane (`alarm`, `bulk`), copies and markers left out."""
    by_bridge: Counter[BridgeId] = field(default_factory=Counter[BridgeId])
    backlog: Counter[str] = field(default_factory=Counter[str])
    """Of `messages`, those from before the lane's marker, by lane."""
    problems: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """What was not understood, by (ecosystem, kind); whole messages are `undecodable`."""
    understood: Counter[str] = field(default_factory=Counter[str])
    """Messages of enrolled devices that a codec understood, by ecosystem."""
    copies: int = 0
    """Bulk copies that counted on the alarm lane."""
    unknown_senders: int = 0
    """Understood messages of devices that nobody enrolled."""
    foreign: int = 0
    """Messages under no bridge's base topic."""
    ignored: int = 0
    shed: int = 0
    """Messages of strangers that were not read, because their bridge floods."""
    qos0: int = 0
    """Messages that came without a promise."""
    qos0_dropped: int = 0
    connects: int = 0
    losses: int = 0
    waiting: Counter[str] = field(default_factory=Counter[str])
    """Now being taken in and not yet acknowledged, by lane."""
    broker_up: bool = False
    behind: Counter[str] = field(default_factory=Counter[str])
    """1 while a lane still drains what precedes its marker."""
