"""The words of buttons: what an `action` asks for.

Zigbee2MQTT knows some 1,880 action words (`1_single`, `hold_left`, `emergency`,
`arm_all_zones`). They are read word by word, so that one nobody has seen still has a meaning:
from an alarm device whatever is not known to be harmless is help (DEVICES M9).
"""

from dataclasses import dataclass
from functools import lru_cache

from routing.readings import HelpTrigger

EMERGENCY = frozenset({"emergency", "panic", "sos", "help"})
LONG = frozenset({"hold", "held", "long", "longpress"})
DOUBLE = frozenset({"double", "triple", "quadruple", "quintuple", "many", "multi"})
PRESS = frozenset(
    {"single", "press", "pressed", "short", "click", "tap", "on", "toggle", "push", "initial"}
)
RELEASED = frozenset({"release", "released", "stop", "hold-release"})
HARMLESS = frozenset({"off", "none", "identify", "unknown-none"})
KEYPAD = frozenset(
    {
        "exit_delay", "entry_delay", "not_ready", "not_ready_to_arm", "in_alarm", "arming_stay",
        "arming_night", "arming_away", "home", "away", "sleep", "night", "day", "stay",
        "invalid_code", "already_disarmed", "all_zones_armed", "no_operation", "quick_exit",
    }
)  # fmt: skip
CANCELS = frozenset({"disarm", "cancel", "reset", "clear"})
COUNTS = {"double": 2, "triple": 3, "quadruple": 4, "quintuple": 5, "many": 5, "multi": 2}
# In this order: `hold_release` is a release, `single_off` is harmless.
KINDS = (
    (RELEASED, HelpTrigger.UNKNOWN),
    (HARMLESS, HelpTrigger.UNKNOWN),
    (DOUBLE, HelpTrigger.DOUBLE),
    (LONG, HelpTrigger.LONG),
    (PRESS, HelpTrigger.PRESS),
)
NO_BUTTON = frozenset({"button", "press", "click", "action", "key", "switch"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What an action word asks for."""

    kind: str
    """For a button: `press`, `double`, `long`, `release`, or the word itself."""
    button: str
    trigger: HelpTrigger
    count: int = 1
    asks: bool = True
    """Whether it is help from an alarm device."""
    known: bool = True
    emergency: bool = False
    cancels: bool = False


@lru_cache(maxsize=4096)
def meaning_of(action: str) -> Asked:
    """Return what an action word asks for. Bounded memory: words come from strangers."""
    word = action.strip().casefold()[:64]
    parts = [part for part in word.replace("-", "_").split("_") if part]
    for part in parts:
        if part in EMERGENCY:
            return Asked(part, _button(parts, EMERGENCY), HelpTrigger.PRESS, emergency=True)
    if not parts:
        return Asked("unknown", "", HelpTrigger.UNKNOWN, known=False)
    if word in CANCELS:
        return Asked(word, "", HelpTrigger.UNKNOWN, asks=False, cancels=word == "cancel")
    if parts[0] in {"arm", "disarm", "partarm"} or word in KEYPAD:
        return Asked(word, "", HelpTrigger.UNKNOWN, asks=False)
    return _press(word, parts)


def _press(word: str, parts: list[str]) -> Asked:
    for words, trigger in KINDS:
        part = next((part for part in parts if part in words), None)
        if part is None:
            continue
        button = _button(parts, words)
        if trigger is HelpTrigger.UNKNOWN:
            kind = "release" if words is RELEASED else part
            return Asked(kind, button, trigger, asks=False)
        if trigger is HelpTrigger.PRESS:
            part = part if part in {"on", "toggle"} else "press"
        return Asked("long" if words is LONG else part, button, trigger, COUNTS.get(part, 1))
    return Asked(word, word, HelpTrigger.UNKNOWN, known=False)


def _button(parts: list[str], words: frozenset[str]) -> str:
    return "_".join(p for p in parts if p not in words and p not in NO_BUTTON)
