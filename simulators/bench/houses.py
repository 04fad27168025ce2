"""The benchmark's municipality: N equal houses, and the traffic they send.

The mix is PERF's: 90 % motion, 9 % bed and door, 1 % presses. A motion sensor alternates
between moving and still, so that no message is a repetition: the hard case. Everything follows
from the seed, so that the publishing process and the measuring one agree without talking.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from hub import house
from routing.plan import Device, Plan
from simulators.payloads import ZigbeeVoice, friendly, voice

ROOMS = 24
CARERS = 3
SHARES = (("motion", 0.90), ("bed", 0.045), ("door", 0.045), ("press", 0.01))
MODELS = {
    "press": ("zigbee2mqtt/alarm-button", "alarm", "help"),
    "bed": ("zigbee2mqtt/bed", "safety", "bed"),
    "motion": ("zigbee2mqtt/sensor", "comfort", "room"),
    "door": ("zigbee2mqtt/sensor", "comfort", "door"),
}
PAYLOAD_BYTES = 330
"""What PERF measured with; a shorter message is filled up with what Zigbee2MQTT also sends."""


def house_file(index: int) -> str:
    """Return one house as a house file (JSON is YAML); its names say they are invented."""
    rooms = [str(101 + n) for n in range(ROOMS)]
    since = "2026-01-01T00:00"
    devices: dict[str, object] = {}
    for n, room in enumerate(rooms):
        for k, (kind, (model, device_class, purpose)) in enumerate(MODELS.items()):
            patient = kind in {"press", "bed"}
            where = {"patient": f"p{room}"} if patient else {"room": room}
            devices[f"{kind}-{room}"] = {
                "bridge": "z2m",
                "native": f"0x00124b{index:04x}{n:03x}{k:03x}",
                "model": model,
                "class": device_class,
                "used": [{"purpose": purpose, "since": since, **where}],
            }
    stays = {"since": since, "offer": "accepted"}
    rules = {
        f"bed-{room}": {
            "patient": f"p{room}",
            "need": "Measured only",
            "triggers": [{"kind": "bed_exit"}],
            "call_type": "bed_exit",
            "state": "active",
            "delay": "10min",
            "basis": "consent",
            "review_by": "2027-01-01",
        }
        for room in rooms[::4]
    }
    return json.dumps(
        {
            "house": {"id": f"house-{index:02d}", "name": f"Measured house {index}"},
            "units": {"ward": {"name": "Ward"}},
            "rooms": {r: {"unit": "ward", "beds": [f"b{r}"]} for r in rooms},
            "staff": {
                f"s{n}": {
                    "name": f"Carer {n}",
                    "role": "nurse",
                    "competence": "nurse",
                    "units": ["ward"],
                }
                for n in range(CARERS)
            },
            "patients": {
                f"p{r}": {"name": f"Patient {r}", "stays": [{"bed": f"b{r}", **stays}]}
                for r in rooms
            },
            "bridges": {
                "z2m": {"ecosystem": "zigbee2mqtt", "base_topic": f"house-{index:02d}/z2m"}
            },
            "devices": devices,
            "handsets": {f"t{n}": {"unit": "ward"} for n in range(CARERS)},
            "rules": rules,
        }
    )


def plan_of(index: int) -> Plan:
    """Return the house's plan, by the same way a real one goes."""
    return house.parse(house_file(index), f"house-{index:02d}").plan(1)


@dataclass(frozen=True, slots=True)
class Sending:
    """One message to publish, `at` seconds after the start."""

    at: float
    topic: str
    payload: bytes
    kind: str
    house: str
    room: str


class Traffic:
    """A seeded, endless stream of messages from `houses` houses at `rate` per second."""

    def __init__(self, plans: list[Plan], *, rate: float, seed: int) -> None:
        """Give every device its voice and its last level."""
        self.rate = rate
        self._chance = random.Random(seed)
        self._devices = {
            kind: [
                (plan, device)
                for plan in plans
                for device in plan.devices.values()
                if device.id.startswith(f"{kind}-")
            ]
            for kind, _ in SHARES
        }
        for devices in self._devices.values():
            self._chance.shuffle(devices)
        self._turn = dict.fromkeys(self._devices, 0)
        self._voices: dict[tuple[str, str], ZigbeeVoice] = {}
        self._levels: dict[tuple[str, str], bool] = {}

    def messages(self) -> Iterator[Sending]:
        """Yield the stream; presses go round, so that a patient presses as seldom as can be."""
        kinds = [kind for kind, _ in SHARES]
        weights = [share for _, share in SHARES]
        n = 0
        while True:
            kind = self._chance.choices(kinds, weights)[0]
            devices = self._devices[kind]
            plan, device = devices[self._turn[kind] % len(devices)]
            self._turn[kind] += 1
            yield self._message(n / self.rate, kind, plan, device)
            n += 1

    def _message(self, at: float, kind: str, plan: Plan, device: Device) -> Sending:
        key = (plan.house, device.id)
        speaker = self._voices.get(key)
        if speaker is None:
            made = voice(plan, device)
            if not isinstance(made, ZigbeeVoice):
                raise TypeError(f"{friendly(device)} has no Zigbee voice")
            speaker = self._voices[key] = made
        seen = datetime.fromtimestamp(1_800_000_000 + at, UTC)
        if kind == "press":
            said = speaker.press(seen)
        else:
            self._levels[key] = not self._levels.get(key, False)
            said = speaker.level(seen, self._levels[key])
        filler = b',"device":{"filler":"%s"}}'
        room = PAYLOAD_BYTES - len(said.payload) - len(filler) + 3
        payload = said.payload[:-1] + filler % (b"x" * max(room, 1))
        return Sending(at, said.topic, payload, kind, plan.house, device.id.rpartition("-")[2])
