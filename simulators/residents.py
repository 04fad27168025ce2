"""People who live here: they sleep, get up, wander, fall, and press when they need somebody.

Quantities are those of DOMAIN section 7, per bed and day; 5 % of the residents make 40 % of the
presses, as everywhere. A resident knows nothing of the hub: only devices speak, and only a
person who comes ends the wait.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from routing.ids import BridgeId, DeviceId, PatientId, RoomId
from routing.plan import Device, Plan, Purpose, RoomKind
from routing.readings import DeviceClass
from simulators.agenda import Agenda
from simulators.faults import Fault, Trouble
from simulators.payloads import Kind, Published, Voice, ZigbeeVoice, kind_of, voice

Speak = Callable[[BridgeId, Published, bool], None]
"""Hand a message to the radio; True: a person pressed for help."""

DAY_S = 86400.0
LAYS_ASIDE = 0.15
"""How often somebody goes to bed without the alarm on the wrist."""
MISSES = 0.3
"""Falls that a radar does not see: slow ones, behind the bed (DEVICES F1)."""
STOOPS = 0.8
"""Times a night that a radar takes something else for a fall (DEVICES F1)."""
PIR_BLIND_S = 15.0
"""A motion sensor says «moving» at most this often, and «still» after this long."""


@dataclass(slots=True)
class Thing:
    """One device in the room or on the wrist."""

    device: Device
    kind: Kind
    voice: Voice
    battery: int = 90
    flat: bool = False
    level: bool = False
    wearer: PatientId | None = None
    """Who wears it now, where it is worn."""
    aside: bool = False
    """An alarm that lies on the table: nobody can press it from the bed."""


@dataclass(slots=True)
class Home:
    """A resident's devices by kind."""

    patient: PatientId
    room: RoomId
    things: dict[Kind, Thing] = field(default_factory=dict[Kind, Thing])
    cord: Thing | None = None
    """The pull cord of the bathroom."""


class Devices:
    """All devices of the house that the pretended world can play."""

    def __init__(
        self, agenda: Agenda, plan: Plan, speak: Speak, troubles: Sequence[Trouble], seed: int
    ) -> None:
        """Find what stands in which room and what is worn by whom."""
        self._agenda = agenda
        self._speak = speak
        self._dice = Random(f"{seed}/devices")
        self.things: dict[DeviceId, Thing] = {}
        self.speaking: Thing | None = None
        """The device that speaks this moment."""
        for device in plan.devices.values():
            kind, speaks = kind_of(plan, device), voice(plan, device)
            if kind is not None and speaks is not None:
                self.things[device.id] = Thing(device, kind, speaks)
        self.homes = _homes(plan, self.things)
        for trouble in troubles:
            if trouble.fault is Fault.BATTERY:
                self._will_be_flat(trouble)
            elif trouble.fault is Fault.RETAINED and trouble.target in self.things:
                self._agenda.at(
                    trouble.at_s, lambda t=trouble.target: self._retain(DeviceId(t))
                )

    def begin(self) -> None:
        """Check-ins, three within each device's longest silence; people in the corridors."""
        at_home = {id(t): t for home in self.homes.values() for t in home.things.values()}
        for thing in self.things.values():
            if thing.kind is Kind.MOTION and id(thing) not in at_home:
                self._somebody_passes(thing)
        for thing in self.things.values():
            every = thing.device.expect_every
            every_s = every.total_seconds() / 3 if every is not None else 900.0
            every_s = max(60.0, min(every_s, 3600.0))
            self._agenda.after(
                self._dice.uniform(1, every_s), lambda t=thing, e=every_s: self._check_in(t, e)
            )

    def _somebody_passes(self, thing: Thing) -> None:
        self._agenda.after(self._dice.uniform(20, 240), lambda: self._somebody_passes(thing))
        self.moved(thing)

    def _check_in(self, thing: Thing, every_s: float) -> None:
        if not thing.flat:
            self._say(thing, thing.voice.heartbeat(self._agenda.now, thing.battery))
        self._agenda.after(
            every_s * self._dice.uniform(0.95, 1.05), lambda: self._check_in(thing, every_s)
        )

    def _will_be_flat(self, trouble: Trouble) -> None:
        thing = self.things.get(DeviceId(trouble.target))
        if thing is None:
            return

        def low() -> None:
            thing.battery = 4

        def flat() -> None:
            thing.flat = True

        def changed() -> None:
            thing.flat, thing.battery = False, 100

        self._agenda.at(trouble.at_s, low)
        self._agenda.at(trouble.at_s + trouble.for_s * 0.3, flat)
        self._agenda.at(trouble.at_s + trouble.for_s, changed)

    def _retain(self, device: DeviceId) -> None:
        thing = self.things[device]
        said = thing.voice.press(self._agenda.now)
        kept = Published(said.topic, said.payload, said.qos, retain=True)
        self.speaking = thing
        self._speak(thing.device.bridge, kept, True)  # noqa: FBT003 - a real press, retained

    def press(self, thing: Thing) -> None:
        """Somebody presses for help."""
        if not thing.flat:
            self._say(thing, thing.voice.press(self._agenda.now), press=True)

    def set_level(self, thing: Thing, on: bool) -> None:  # noqa: FBT001 - the level is the word
        """A sensor sees a change."""
        thing.level = on
        if not thing.flat:
            self._say(thing, thing.voice.level(self._agenda.now, on))

    def fell(self, thing: Thing, status: str) -> None:
        """A radar changes its mind about a fall."""
        if not thing.flat and isinstance(thing.voice, ZigbeeVoice):
            self._say(thing, thing.voice.fall(self._agenda.now, status))

    def lay(self, thing: Thing, *, aside: bool) -> None:
        """A wrist alarm is laid aside, or put on again; one that can tell says so."""
        thing.aside = aside
        if not thing.flat and isinstance(thing.voice, ZigbeeVoice):
            self._say(thing, thing.voice.worn(self._agenda.now, not aside))

    def moved(self, thing: Thing) -> None:
        """Movement in front of a motion sensor."""
        if thing.level:
            return
        self.set_level(thing, on=True)
        self._agenda.after(PIR_BLIND_S, lambda: self.set_level(thing, on=False))

    def _say(self, thing: Thing, message: Published, *, press: bool = False) -> None:
        self.speaking = thing
        self._speak(thing.device.bridge, message, press)


def _homes(plan: Plan, things: dict[DeviceId, Thing]) -> dict[PatientId, Home]:
    homes: dict[PatientId, Home] = {}
    by_room: dict[RoomId, Home] = {}
    for stay in plan.stays:
        bed = plan.beds.get(stay.bed)
        if bed is not None and stay.until is None:
            home = Home(stay.patient, bed.room)
            homes[stay.patient] = home
            by_room.setdefault(bed.room, home)
    for held in plan.assignments:
        thing = things.get(held.device)
        if thing is None or held.until is not None or held.purpose is Purpose.STAFF:
            continue
        home = homes.get(held.patient) if held.patient is not None else None
        room = plan.rooms.get(held.room) if held.room is not None else None
        if home is None and room is not None:
            home = by_room.get(room.bathroom_of or room.id)
        if home is None:
            continue
        if room is not None and room.kind is RoomKind.BATHROOM and thing.kind is Kind.WRIST:
            home.cord = thing
            continue
        known = home.things.get(thing.kind)
        worn = held.patient is not None and thing.device.device_class is DeviceClass.ALARM
        if known is None or worn:
            home.things[thing.kind] = thing
        if worn:
            thing.wearer = held.patient
    return homes


@dataclass(frozen=True, slots=True)
class Habits:
    """How one resident lives, drawn once."""

    presses_a_day: float
    up_at_night: float
    wanders: bool
    falls: float
    patience_s: float


def habits(plan: Plan, seed: int, bustle: float = 1.0) -> dict[PatientId, Habits]:
    """Draw everybody's habits: 5 % of the residents make 40 % of the presses.

    `bustle` multiplies the presses, where a demonstration should not wait for them.
    """
    dice = Random(f"{seed}/habits")
    patients = [stay.patient for stay in plan.stays if stay.until is None]
    callers = max(1, round(len(patients) * 0.05)) if patients else 0
    frequent = dict.fromkeys(dice.sample(patients, callers), True)
    a_day = len(patients) * dice.uniform(4, 12) * bustle
    few = max(1, len(patients) - callers)
    return {
        patient: Habits(
            presses_a_day=a_day * 0.4 / callers if patient in frequent else a_day * 0.6 / few,
            up_at_night=dice.uniform(0, 3.5),
            wanders=dice.random() < 0.12,
            falls=1.6 / 365,
            patience_s=dice.uniform(60, 400),
        )
        for patient in patients
    }


class Resident:
    """One resident through the night."""

    def __init__(
        self, agenda: Agenda, devices: Devices, home: Home, habit: Habits, seed: int
    ) -> None:
        """In bed or not, as the hour is."""
        self._agenda = agenda
        self._devices = devices
        self._home = home
        self._habit = habit
        self._dice = Random(f"{seed}/resident/{home.patient}")
        self._habits = Random(f"{seed}/laid-aside/{home.patient}")
        """A die of its own, so that the rest of the night does not hang on it."""
        self._waits = 0
        """Presses since somebody was here; 0 when nothing is wanted."""
        self.asleep = False
        self._in_bed = False
        self._on_the_floor = False
        self.quiet = False
        """At the end of the night nobody asks for more."""
        self.gone = False
        """Moved out."""

    def begin(self, bedtime_s: float, morning_s: float) -> None:
        """Write the night into the agenda."""
        self._next_press()
        self._agenda.at(bedtime_s + self._dice.uniform(-3600, 5400), self._to_bed)
        self._agenda.at(morning_s + self._dice.uniform(-2400, 3600), self._rise)
        night_s = morning_s - bedtime_s
        if Kind.FALL in self._home.things:
            for _ in range(self._count(STOOPS)):
                self._agenda.at(bedtime_s + self._dice.uniform(-1800, night_s), self._stoops)
        for _ in range(self._count(self._habit.up_at_night)):
            self._agenda.at(bedtime_s + self._dice.uniform(1800, night_s), self._get_up)
        self._agenda.after(self._dice.uniform(0, 300), self._stir)

    def _count(self, mean: float) -> int:
        return int(mean) + (self._dice.random() < mean % 1)

    # --- needs --------------------------------------------------------------------------------

    def _next_press(self) -> None:
        rate = self._habit.presses_a_day * (0.45 if self.asleep else 1.3)
        wait = self._dice.expovariate(max(rate, 0.05) / DAY_S)
        self._agenda.after(wait, self._need)

    def _need(self) -> None:
        if self.gone:
            return
        self._next_press()
        if not self.quiet and not self._waits:
            self._press()

    def _press(self, thing: Thing | None = None) -> None:
        thing = thing or self._home.things.get(Kind.WRIST) or self._home.cord
        if thing is None or self.quiet or thing.aside:
            return
        self._waits += 1
        self._devices.press(thing)
        if self._dice.random() < 0.08:  # a shaking hand
            self._agenda.after(self._dice.uniform(0.3, 4), lambda: self._devices.press(thing))
        pressed = self._waits
        patience = self._habit.patience_s * self._dice.uniform(0.4, 1.6)
        self._agenda.after(patience, lambda: self._still_waits(pressed, thing))

    def _still_waits(self, pressed: int, thing: Thing) -> None:
        if self._waits == pressed and self._waits < 9:
            self._press(thing)

    def practise(self, for_s: float) -> None:
        """Try the alarm, as often as somebody who learns it does."""
        for _ in range(self._dice.randint(1, 4)):
            self._agenda.after(self._dice.uniform(1, for_s), self._press)

    def leave(self) -> None:
        """Move out: nobody presses or moves here any more."""
        self.gone = self.quiet = True
        self._waits = 0
        self._wear()

    def somebody_came(self) -> None:
        """A person stands at the bed: helped, and back to bed at night."""
        self._waits = 0
        self._wear()
        if self._on_the_floor:
            self._on_the_floor = False
            self._radar_clears()
        if self.asleep and not self._in_bed:
            self._agenda.after(self._dice.uniform(60, 240), self._lie_down)

    # --- the night ----------------------------------------------------------------------------

    def _to_bed(self) -> None:
        self.asleep = True
        self._lie_down()
        worn = self._home.things.get(Kind.WRIST)
        if worn is not None and not self.gone and self._habits.random() < LAYS_ASIDE:
            self._devices.lay(worn, aside=True)

    def _rise(self) -> None:
        self.asleep = False
        self._bed(occupied=False)
        self._wear()

    def _wear(self) -> None:
        """Put the alarm on again, where it lies on the table."""
        worn = self._home.things.get(Kind.WRIST)
        if worn is not None and worn.aside:
            self._devices.lay(worn, aside=False)

    def _lie_down(self) -> None:
        self._bed(occupied=True)

    def _bed(self, *, occupied: bool) -> None:
        if self.gone:
            return
        self._in_bed = occupied
        thing = self._home.things.get(Kind.BED)
        if thing is not None and thing.level is not occupied:
            self._devices.set_level(thing, occupied)

    def _get_up(self) -> None:
        if not self._in_bed or self.quiet:
            return
        self._bed(occupied=False)
        self._move()
        if self._dice.random() < self._habit.falls * 20:
            self._fall()
            return
        if self._habit.wanders and self._dice.random() < 0.5:
            self._wander()
        away = self._dice.lognormvariate(5.6, 0.6)
        if self._home.cord is not None and self._dice.random() < 0.06:
            self._agenda.after(away * 0.6, lambda: self._press(self._home.cord))
        for part in (0.1, 0.5, 0.95):
            self._agenda.after(away * part, self._move)
        self._agenda.after(away, self._lie_down)

    def _fall(self) -> None:
        """On the floor: perhaps the wrist is reached, perhaps only a sensor tells."""
        self._on_the_floor = True
        if self._dice.random() < 0.5:
            self._agenda.after(self._dice.uniform(5, 240), self._press)
        radar = self._home.things.get(Kind.FALL)
        if radar is None or self._dice.random() < MISSES:
            return
        late = self._dice.uniform(3, 12)
        self._agenda.after(late, lambda: self._devices.fell(radar, "fall_warning"))
        if self._dice.random() < 0.8:
            later = late + self._dice.uniform(5, 60)
            self._agenda.after(later, lambda: self._devices.fell(radar, "fall_alarm"))

    def _stoops(self) -> None:
        """Tie a shoe: the radar suspects a fall, and takes it back."""
        radar = self._home.things.get(Kind.FALL)
        if radar is None or self.gone or self._on_the_floor:
            return
        self._devices.fell(radar, "fall_warning")
        self._agenda.after(self._dice.uniform(5, 90), self._radar_clears)

    def _radar_clears(self) -> None:
        """The radar sees that it is over, sooner or later."""
        radar = self._home.things.get(Kind.FALL)
        if radar is not None:
            late = self._dice.expovariate(1 / 120)
            self._agenda.after(late, lambda: self._devices.fell(radar, "normal"))

    def _wander(self) -> None:
        door = self._home.things.get(Kind.DOOR)
        if door is None:
            return
        self._agenda.after(20, lambda: self._devices.set_level(door, on=True))
        self._agenda.after(35, lambda: self._devices.set_level(door, on=False))

    def _stir(self) -> None:
        """Movement: by day often, in bed seldom."""
        if self.gone:
            return
        if not self.asleep or not self._in_bed:
            self._move()
            self._agenda.after(self._dice.uniform(12, 90), self._stir)
        else:
            self._agenda.after(self._dice.uniform(300, 2400), self._stir)
            if self._dice.random() < 0.5:
                self._move()

    def _move(self) -> None:
        thing = self._home.things.get(Kind.MOTION)
        if thing is not None:
            self._devices.moved(thing)
