"""Residents who walk about, and the receivers that hear their tags with noise.

Only what a house has: without receivers (`purpose: receiver`) on an ESPresense bridge nobody is
heard and nothing is said. Strengths are those of DEVICES 2.6: a wall costs 10-20 dB, the same
spot varies by 4, and a third of the adverts is lost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from routing.ids import BridgeId, DeviceId, PatientId, RoomId
from routing.plan import Plan, Purpose, RoomKind
from simulators.agenda import Agenda
from simulators.payloads import Published, compact

ECOSYSTEM = "espresense"
HEARD_EVERY_S = 8.0
STILL_EVERY_S, STILL_AFTER_S = 24.0, 60.0
"""A receiver says less often what stays where it is, as ESPresense does by its settings."""
LED_EVERY_S = 2.0
"""Who is watched in a demonstration is heard more often: nobody should wait for an advert."""
TELEMETRY_S = 60.0
SAME_ROOM_DBM, NEXT_ROOM_DBM, FAR_DBM = -58.0, -76.0, -90.0
NOISE_DB = 4.0
LOST = 0.33
FAINTEST_DBM = -94.0
STAYS_S = (120.0, 1500.0)

Speak = Callable[[BridgeId, Published, bool], None]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A node on the wall."""

    bridge: BridgeId
    base: str
    native: str
    room: RoomId


@dataclass(slots=True)
class Walker:
    """Somebody with a tag, and where they are."""

    patient: PatientId
    tag: str
    bridge: BridgeId
    home: RoomId
    room: RoomId
    led: bool = False
    """Somebody else says where they go (the demo, a test)."""
    moved_s: float = 0.0
    """When they last came to another room, by the agenda's clock."""


class Walks:
    """Everybody who wears a tag, on one agenda."""

    def __init__(self, agenda: Agenda, plan: Plan, speak: Speak, seed: int) -> None:
        """Find receivers and tags; `begin` starts them."""
        self._agenda = agenda
        self._plan = plan
        self._speak = speak
        self._dice = Random(f"{seed}/walks")
        self.receivers = _receivers(plan)
        self.walkers = _walkers(plan) if self.receivers else {}

    def begin(self) -> None:
        """Let nodes live and people walk."""
        for receiver in self.receivers:
            self._agenda.after(self._dice.uniform(0.5, 5), lambda r=receiver: self._lives(r))
        for walker in self.walkers.values():
            self._agenda.after(
                self._dice.uniform(0, HEARD_EVERY_S), lambda w=walker: self._hears(w)
            )
            self._agenda.after(self._dice.uniform(*STAYS_S), lambda w=walker: self._goes(w))

    def lead(self, patient: PatientId, room: RoomId) -> None:
        """Take somebody there now, and let them stay.

        Raises:
            KeyError: this patient wears no tag that a receiver can hear.
        """
        walker = self.walkers[patient]
        walker.room, walker.led, walker.moved_s = room, True, self._agenda.seconds
        self._heard(walker)

    def free(self, patient: PatientId) -> None:
        """Let them walk as they like again."""
        if patient in self.walkers:
            self.walkers[patient].led = False

    def _lives(self, receiver: Receiver) -> None:
        topic = f"{receiver.base}/rooms/{receiver.native}/telemetry"
        said = {"ip": "", "uptime": round(self._agenda.seconds), "rssi": -55}
        self._speak(receiver.bridge, Published(topic, compact(said), 0), False)  # noqa: FBT003
        self._agenda.after(TELEMETRY_S, lambda: self._lives(receiver))

    def _hears(self, walker: Walker) -> None:
        self._heard(walker)
        pause = self._every_s(walker) * self._dice.uniform(0.8, 1.2)
        self._agenda.after(pause, lambda: self._hears(walker))

    def _every_s(self, walker: Walker) -> float:
        if walker.led:
            return LED_EVERY_S
        still = self._agenda.seconds - walker.moved_s > STILL_AFTER_S
        return STILL_EVERY_S if still else HEARD_EVERY_S

    def _heard(self, walker: Walker) -> None:
        for receiver in self.receivers:
            strength = self._strength(walker.room, receiver.room)
            if strength < FAINTEST_DBM or self._dice.random() < LOST:
                continue
            said = {
                "mac": "",
                "id": walker.tag,
                "rssi@1m": -59,
                "rssi": round(strength, 1),
                "distance": round(10 ** ((-59 - strength) / 25), 2),
            }
            topic = f"{receiver.base}/devices/{walker.tag}/{receiver.native}"
            self._speak(walker.bridge, Published(topic, compact(said), 0), False)  # noqa: FBT003

    def _strength(self, here: RoomId, there: RoomId) -> float:
        one, other = self._plan.rooms[here], self._plan.rooms[there]
        mean = FAR_DBM
        if here == there:
            mean = SAME_ROOM_DBM
        elif one.unit == other.unit and RoomKind.CORRIDOR in (one.kind, other.kind):
            mean = NEXT_ROOM_DBM
        return self._dice.gauss(mean, NOISE_DB)

    def _goes(self, walker: Walker) -> None:
        """To a common room of the unit and home again, by way of the corridor."""
        self._agenda.after(self._dice.uniform(*STAYS_S), lambda: self._goes(walker))
        if walker.led:
            return
        unit = self._plan.rooms[walker.home].unit
        rooms = [r for r in self._plan.rooms.values() if r.unit == unit]
        common = [r.id for r in rooms if r.kind is RoomKind.COMMON]
        corridor = [r.id for r in rooms if r.kind is RoomKind.CORRIDOR]
        to = walker.home
        if walker.room == walker.home and common:
            to = self._dice.choice(common)
        if corridor:
            walker.room, walker.moved_s = corridor[0], self._agenda.seconds
        self._agenda.after(self._dice.uniform(20, 60), lambda: self._arrives(walker, to))

    def _arrives(self, walker: Walker, room: RoomId) -> None:
        if not walker.led:
            walker.room, walker.moved_s = room, self._agenda.seconds


def _receivers(plan: Plan) -> list[Receiver]:
    found: list[Receiver] = []
    for held in plan.assignments:
        device = plan.devices.get(held.device)
        if held.purpose is not Purpose.RECEIVER or device is None or held.room is None:
            continue
        bridge = plan.bridges[device.bridge]
        if bridge.ecosystem == ECOSYSTEM and held.until is None:
            found.append(Receiver(bridge.id, bridge.base_topic, device.native, held.room))
    return found


def _walkers(plan: Plan) -> dict[PatientId, Walker]:
    homes = {
        stay.patient: bed.room
        for stay in plan.stays
        if stay.until is None and (bed := plan.beds.get(stay.bed)) is not None
    }
    found: dict[PatientId, Walker] = {}
    for held in plan.assignments:
        if held.patient is None or held.patient not in homes:
            continue
        if held.room is not None or held.until is not None:
            continue
        tag = _tag(plan, held.device)
        if tag is not None:
            home = homes[held.patient]
            found.setdefault(held.patient, Walker(held.patient, *tag, home, home))
    return found


def _tag(plan: Plan, worn: DeviceId) -> tuple[str, BridgeId] | None:
    """Return the id under which receivers hear what somebody wears, and on which bridge."""
    device = plan.devices[worn]
    known = ((device.bridge, device.native), *((a.bridge, a.native) for a in device.aliases))
    return next(
        (
            (native, bridge)
            for bridge, native in known
            if plan.bridges[bridge].ecosystem == ECOSYSTEM
        ),
        None,
    )
