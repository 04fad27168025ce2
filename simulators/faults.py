"""What goes wrong or changes, when and with whom: chosen from the seed before the night.

A `Trouble` is one fault with a beginning and an end, so that a failing night can be shrunk by
leaving troubles out. What a trouble does stands where it bites: `broker`, `shell`, `carers`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from routing.plan import Plan
from routing.readings import DeviceClass


class Fault(StrEnum):
    """One kind of thing that goes wrong, or changes while everything goes on."""

    LOST = "lost"
    """Radio: the bridge never hears it."""
    LATE = "late"
    """The bridge sends it minutes later."""
    DOUBLED = "doubled"
    """Radio repeat or second gateway: the same message twice within a second."""
    REORDERED = "reordered"
    """Two messages change places."""
    CORRUPTED = "corrupted"
    """Bytes are cut or flipped."""
    RETAINED = "retained"
    """A misconfigured bridge retains a press: it comes back at each subscription."""
    BATTERY = "battery"
    """A battery runs out: first it says so, then nothing."""
    GATEWAY = "gateway"
    """A bridge dies; its last will may say so, or nobody does."""
    BROKER = "broker"
    """The broker is gone: bridges drop what they have."""
    BACKLOG = "backlog"
    """The hub cannot reach the broker, which queues: a backlog comes after."""
    STORE = "store"
    """The journal's commits take seconds, or do not come at all for a while."""
    RESTART = "restart"
    """kill -9 of the hub, back after some seconds."""
    CLOCK = "clock"
    """The wall clock jumps."""
    DST = "dst"
    """The night is one of the two in which the clocks change."""
    HANDSET = "handset"
    """A telephone is off Wi-Fi, asleep, silent or dead."""
    BUSY = "busy"
    """Nobody answers, or everybody declines."""
    FULL = "full"
    """The disk is full: neither the journal nor the spool takes a row."""
    PRACTICE = "practice"
    """A patient's presses are practice for a while, beside everybody's real ones."""
    PLAN = "plan"
    """The house edits its plan while calls are open: rules, ladders, who lives here."""
    WEARER = "wearer"
    """Two patients' wrist alarms change places, or one is handed on."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One fault in `[at_s, at_s + for_s)` after the beginning of the night."""

    fault: Fault
    at_s: float
    for_s: float
    target: str = ""
    """The device, bridge, handset or patient it concerns, or a variant of the fault."""

    def now(self, seconds: float) -> bool:
        """Tell whether it is going on."""
        return self.at_s <= seconds < self.at_s + self.for_s

    def told(self) -> str:
        """Say it in plain words."""
        what = f"{self.fault.value} {self.target}".strip()
        return f"fault: {what} for {self.for_s:.0f} s"


ALL = tuple(Fault)

_PER_NIGHT: dict[Fault, tuple[int, int]] = {
    Fault.LOST: (1, 3),
    Fault.LATE: (1, 3),
    Fault.DOUBLED: (2, 4),
    Fault.REORDERED: (2, 4),
    Fault.CORRUPTED: (1, 3),
    Fault.RETAINED: (1, 1),
    Fault.BATTERY: (0, 2),
    Fault.GATEWAY: (0, 2),
    Fault.BROKER: (0, 2),
    Fault.BACKLOG: (1, 3),
    Fault.STORE: (1, 4),
    Fault.RESTART: (2, 6),
    Fault.CLOCK: (0, 2),
    Fault.DST: (1, 1),
    Fault.HANDSET: (3, 8),
    Fault.BUSY: (1, 3),
    Fault.FULL: (0, 2),
    Fault.PRACTICE: (0, 2),
    Fault.PLAN: (2, 6),
    Fault.WEARER: (0, 3),
}
"""How many of each in a night: fewest, most."""

_LASTS: dict[Fault, tuple[float, float]] = {
    Fault.LOST: (600, 3600),
    Fault.LATE: (600, 3600),
    Fault.DOUBLED: (600, 7200),
    Fault.REORDERED: (600, 7200),
    Fault.CORRUPTED: (300, 1800),
    Fault.BATTERY: (3600, 20000),
    Fault.GATEWAY: (60, 3600),
    Fault.BROKER: (5, 600),
    Fault.BACKLOG: (5, 1200),
    Fault.STORE: (0.2, 90),
    Fault.RESTART: (1, 40),
    Fault.HANDSET: (20, 1800),
    Fault.BUSY: (120, 1500),
    Fault.FULL: (2, 300),
    Fault.PRACTICE: (300, 3600),
    Fault.PLAN: (120, 7200),
    Fault.WEARER: (120, 7200),
}


def parse(names: str) -> tuple[Fault, ...]:
    """Read `none`, `all` or names with commas.

    Raises:
        ValueError: an unknown name; says which are known.
    """
    if names == "none":
        return ()
    if names == "all":
        return ALL
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {fault.value for fault in Fault}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        listed = ", ".join(fault.value for fault in Fault)
        raise ValueError(f"unknown fault {unknown[0]!r}: use none, all or some of {listed}")
    return tuple(fault for fault in Fault if fault.value in wanted)


def troubles(
    seed: int, faults: Sequence[Fault], plan: Plan, since_s: float, until_s: float
) -> tuple[Trouble, ...]:
    """Choose what goes wrong between the two times; each fault has its own die."""
    found: list[Trouble] = []
    for fault in Fault:
        if fault not in faults:
            continue
        dice = Random(f"{seed}/fault/{fault.value}")
        times = dice.randint(*_PER_NIGHT[fault])
        found += [_one(fault, dice, plan, since_s, until_s) for _ in range(times)]
    return tuple(sorted(found, key=lambda t: (t.at_s, t.fault.value, t.target)))


def _one(fault: Fault, dice: Random, plan: Plan, since_s: float, until_s: float) -> Trouble:
    at = dice.uniform(since_s, until_s)
    shortest, longest = _LASTS.get(fault, (1.0, 1.0))
    # Many short, few long: most outages are seconds, and the long ones matter most.
    lasts = shortest * (longest / shortest) ** dice.random()
    lasts = min(lasts, max(until_s - at, 1.0))
    return Trouble(fault, round(at, 3), round(lasts, 3), _target(fault, dice, plan))


def _target(  # noqa: C901, PLR0911 - one row each
    fault: Fault, dice: Random, plan: Plan
) -> str:
    match fault:
        case Fault.BATTERY:
            return str(dice.choice(list(plan.devices)))
        case Fault.RETAINED:
            alarms = [
                d.id for d in plan.devices.values() if d.device_class is DeviceClass.ALARM
            ]
            return str(dice.choice(alarms)) if alarms else ""
        case Fault.GATEWAY:
            bridge = dice.choice(list(plan.bridges))
            return f"{bridge}:{dice.choice(('will', 'silent'))}"
        case Fault.HANDSET:
            handset = dice.choice(list(plan.handsets))
            return f"{handset}:{dice.choice(('wifi', 'wifi', 'asleep', 'silent', 'dead'))}"
        case Fault.CLOCK:
            return str(dice.choice((-3600, -90, -3, 2, 45, 600)))
        case Fault.STORE:
            return dice.choice(("slow", "slow", "down"))
        case Fault.BUSY:
            return dice.choice(("declines", "ignores"))
        case Fault.PRACTICE:
            return str(dice.choice(_living_here(plan)))
        case Fault.WEARER:
            here = _living_here(plan)
            return ":".join(dice.sample(here, 2)) if len(here) > 1 else ""
        case Fault.PLAN:
            return _edit(dice, plan)
        case _:
            return ""


EDITS = (
    "rule_added",
    "rule_changed",
    "rule_paused",
    "rule_trial",
    "rule_ended",
    "ladder",
    "profile",
    "changeover",
)
"""What the house decides while the night goes on; `office` does it."""


def _edit(dice: Random, plan: Plan) -> str:
    what = dice.choice(EDITS)
    rules = [str(rule.id) for rule in plan.rules]
    if what == "ladder":
        return f"{what}:{dice.choice(list(plan.ladders))}"
    if what in ("rule_added", "profile", "changeover") or not rules:
        kept = what if what in ("profile", "changeover") else "rule_added"
        return f"{kept}:{dice.choice(_living_here(plan))}"
    return f"{what}:{dice.choice(rules)}"


def _living_here(plan: Plan) -> list[str]:
    return [str(stay.patient) for stay in plan.stays if stay.until is None]
