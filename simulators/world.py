"""The pretended house: residents, devices, radio, broker, hub and carers on one agenda.

Everything comes from one seed: each resident, carer, fault and link has its own dice, so that
leaving one out does not change the others' throws more than their world changes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from routing.ids import BridgeId, HandsetId, PatientId
from routing.plan import Plan, Role, Staff
from routing.state import Call
from simulators.agenda import Agenda
from simulators.broker import Broker
from simulators.carers import WILLING, Carer, Floor, Mood
from simulators.core import Core
from simulators.faults import Fault, Trouble
from simulators.office import Office
from simulators.payloads import Published, bridge_state, retained
from simulators.phones import Gateway
from simulators.residents import Devices, Resident, habits
from simulators.shell import Shell
from simulators.small_house import small_house
from simulators.walks import Walks
from simulators.watch import Watch

__all__ = ["EVENING", "MORNING_S", "NIGHT_S", "World", "begins", "small_house"]

EVENING = (20, 30)
"""Local time at which a simulated night begins: before the evening goes home."""
BEDTIME_S = 1.5 * 3600
MORNING_S = 10.5 * 3600
"""07:00 on a night without change of clocks: residents get up."""
NIGHT_SHIFT_S = 1.75 * 3600
DAY_SHIFT_S = 10.75 * 3600
FAULTS_FROM_S = 900.0
FAULTS_UNTIL_S = 10 * 3600.0
CALM_S = 11.5 * 3600
"""From here nothing goes wrong, nobody asks for more, and everybody is willing."""
NIGHT_S = 12.5 * 3600
"""The longest that a night is simulated; by then every call must have been heard."""

_DST = ((2026, 10, 24), (2027, 3, 27), (2027, 10, 30), (2028, 3, 25))


def begins(seed: int, plan: Plan, faults: Sequence[Fault]) -> datetime:
    """Return when the night begins: any day by the seed, or a night of changing clocks."""
    dice = Random(f"{seed}/date")
    zone = ZoneInfo(plan.timezone)
    ordinary = datetime(2026, 2, 1, *EVENING, tzinfo=zone) + timedelta(days=dice.randrange(240))
    if Fault.DST in faults:
        return datetime(*dice.choice(_DST), *EVENING, tzinfo=zone)
    return ordinary


class World:
    """One night, ready to run."""

    def __init__(
        self,
        plan: Plan,
        seed: int,
        start: datetime,
        troubles: Sequence[Trouble],
        witness: Watch,
        core: Core,
        residents: Sequence[PatientId] | None = None,
    ) -> None:
        """`residents`: only these live tonight (None: all); used to shrink a story."""
        self.plan = plan
        self.agenda = Agenda(start)
        self._troubles = troubles
        self._witness = witness
        self._dice = Random(f"{seed}/world")
        self.broker = Broker(self.agenda, seed, troubles)
        self.shell = Shell(self.agenda, plan, core, self.broker, witness, troubles, seed)
        self.gateway = Gateway(self.agenda, self.shell, seed)
        self.walks = Walks(self.agenda, plan, self._speak, seed)
        self.devices = Devices(self.agenda, plan, self._speak, troubles, seed)
        floor = Floor(self.agenda, plan, self.shell, self.gateway, troubles, self._arrived)
        self.carers = [Carer(floor, p, seed, Mood()) for p in plan.staff.values() if _cares(p)]
        lives = habits(plan, seed)
        homes = self.devices.homes
        self.residents = {
            patient: Resident(self.agenda, self.devices, homes[patient], habit, seed)
            for patient, habit in lives.items()
            if patient in homes and (residents is None or patient in residents)
        }
        self.office = Office(self.agenda, self.shell, self.devices, self.residents, seed)

    def begin(self) -> None:
        """Write the first happenings into the agenda."""
        for bridge, message in retained(self.plan):
            self.broker.say(bridge, message)
        self.agenda.at(0.5, self.shell.start)
        self.agenda.at(1, self.devices.begin)
        self.agenda.at(1, self.walks.begin)
        for resident in self.residents.values():
            resident.begin(BEDTIME_S, MORNING_S)
        self._shifts()
        for trouble in self._troubles:
            self.agenda.at(trouble.at_s, lambda t=trouble: self._strike(t))
        self.agenda.at(CALM_S, self._calm)
        self.agenda.at(60, self._compare_screens)

    def _speak(self, bridge: BridgeId, message: Published, press: bool) -> None:  # noqa: FBT001
        thing = self.devices.speaking
        if not press or thing is None or thing.wearer is None:
            self.broker.say(bridge, message, press=press)
            return
        who = thing.wearer

        def by() -> PatientId | None:
            return who if thing.wearer == who else None

        self.broker.say(bridge, message, press=press, by=by)

    def _arrived(self, call: Call) -> None:
        thing = None if call.device is None else self.devices.things.get(call.device)
        if thing is not None and thing.aside:
            self.devices.lay(thing, aside=False)  # whoever comes puts it on again
        for patient in (call.patient, *call.possible):
            resident = self.residents.get(patient) if patient is not None else None
            if resident is not None:
                resident.somebody_came()

    # --- people -------------------------------------------------------------------------------

    def _shifts(self) -> None:
        """Evening, night and day: each unit has its people, with a few minutes together."""
        handsets = list(self.plan.handsets)
        shuffled = list(self.carers)
        self._dice.shuffle(shuffled)
        shuffled.sort(key=lambda c: c.person.role is Role.NURSE, reverse=True)
        crews: dict[str, list[Carer]] = {"night": [], "eve": [], "day": []}
        for carer in shuffled:
            # Invented houses name people by their shift; others fill the smallest crew.
            named = next((crew for crew in crews if crew in carer.person.id), None)
            crews[named or min(crews, key=lambda crew: len(crews[crew]))].append(carer)
        evening, night, day = crews["eve"], crews["night"], crews["day"]
        self._crew(evening, handsets, 2, NIGHT_SHIFT_S + 900)
        self._crew(night, handsets[::-1], NIGHT_SHIFT_S, DAY_SHIFT_S + 900)
        self._crew(day, handsets, DAY_SHIFT_S, None)

    def _crew(
        self, crew: list[Carer], handsets: list[HandsetId], from_s: float, until_s: float | None
    ) -> None:
        for carer in crew:
            self.agenda.at(
                from_s + self._dice.uniform(0, 600 if from_s > 60 else 20),
                lambda c=carer: self._sign_in(c, handsets),
            )
            if until_s is not None:
                self.agenda.at(until_s + self._dice.uniform(-300, 900), carer.sign_out)

    def _sign_in(self, carer: Carer, handsets: list[HandsetId]) -> None:
        if carer.at_work:
            return
        phones = self.gateway.phones
        free = [h for h in handsets if h not in phones or phones[h].staff is None]
        if not free:
            self.agenda.after(120, lambda: self._sign_in(carer, handsets))
            return
        carer.sign_in(free[0])

    def _look_round(self) -> None:
        for carer in self.carers:
            carer.look()
        self.agenda.after(60, self._look_round)

    def _calm(self) -> None:
        """Faults are over: whoever is here answers, and nobody asks for more."""
        for resident in self.residents.values():
            resident.quiet = True
        for carer in self.carers:
            carer.become(WILLING)
        self._look_round()

    def _compare_screens(self) -> None:
        screens = self.gateway.settled_screens()
        self._witness.screens(screens, self.shell.state, self.shell.now())
        self.agenda.after(20, self._compare_screens)

    # --- troubles -----------------------------------------------------------------------------

    def _strike(self, trouble: Trouble) -> None:
        """Let one trouble begin, and write down its end."""
        match trouble.fault:
            case Fault.GATEWAY:
                self._bridge_dies(trouble)
            case Fault.BROKER:
                self.broker.up = False
                self.shell.cut()
                self.agenda.after(trouble.for_s, self._broker_back)
            case Fault.BACKLOG:
                self.shell.cut()
                self.agenda.after(trouble.for_s, self.shell.connect)
            case Fault.RESTART:
                if self.shell.up:
                    self.shell.kill()
                    self.agenda.after(trouble.for_s, self.shell.start)
            case Fault.CLOCK:
                self.shell.clock_steps(timedelta(seconds=float(trouble.target)))
            case Fault.HANDSET:
                self._phone_fails(trouble)
            case Fault.PRACTICE | Fault.PLAN | Fault.WEARER:
                self.office.begin(trouble)
            case _:
                pass  # these work where they bite: broker.say, Shell._commit_s, Devices, Carer

    def _broker_back(self) -> None:
        self.broker.up = True
        self.shell.connect()

    def _bridge_dies(self, trouble: Trouble) -> None:
        name, _, how = trouble.target.partition(":")
        bridge = BridgeId(name)
        plan = self.plan.bridges[bridge]
        self.broker.dead_bridges[bridge] = True
        zigbee = plan.ecosystem != "chirpstack"
        if how == "will" and zigbee:
            self.agenda.after(1, lambda: self.broker.accept(bridge_state(plan, online=False)))

        def back() -> None:
            self.broker.dead_bridges[bridge] = False
            if zigbee:
                self.broker.accept(bridge_state(plan, online=True))

        self.agenda.after(trouble.for_s, back)

    def _phone_fails(self, trouble: Trouble) -> None:
        name, _, how = trouble.target.partition(":")
        phone = self.gateway.phones.get(HandsetId(name))
        if phone is None:
            return
        match how:
            case "asleep":
                phone.awake = False
                self.gateway.changed(phone)
            case "silent":
                phone.audio = False
                self.gateway.changed(phone)
            case _:
                phone.wifi = False
                self.gateway.disconnect(phone)

        def heals() -> None:
            phone.awake = phone.audio = phone.wifi = True
            self.gateway.changed(phone)
            self.gateway.connect(phone)

        self.agenda.after(trouble.for_s, heals)


def _cares(person: Staff) -> bool:
    return person.role in (Role.CARER, Role.NURSE, Role.STUDENT)
