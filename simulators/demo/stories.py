"""The demo's four stories. Each begins with a device, and then nobody helps it along."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hub.house import HouseFile
from routing.ids import RoomId
from simulators.demo.house import KARI, kari
from simulators.live import Carer, Pace, WiredHouse

LASTS_S = {"bed": 45.0, "nobody": 80.0, "offline": 60.0, "walk": 75.0}
LOUNGE = RoomId("sor-lounge")
DEAF = Pace(hears=(600, 600), declines=0)
"""Everybody is somewhere else: the ladder must run."""


@dataclass
class Stories:
    """At most one story at a time; a new one ends the one before."""

    house: HouseFile
    wired: WiredHouse
    carers: list[Carer]
    calm: Pace
    running: str | None = None
    _wanted: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(maxsize=1))

    def begin(self, name: str) -> bool:
        """Begin a story at once; False if there is none of that name."""
        if name not in self._tales:
            return False
        while not self._wanted.empty():
            self._wanted.get_nowait()
        self._wanted.put_nowait(name)
        return True

    async def run(self) -> None:
        """Tell what is wanted, until cancelled."""
        name: str | None = None
        while True:
            name = name or await self._wanted.get()
            self.running = name
            self._pace(self.calm)
            await self._tales[name]()
            name = await self._next_within(LASTS_S[name])
            self.wired.walks.free(KARI)
            self._pace(self.calm)
            self.running = None

    async def _next_within(self, seconds: float) -> str | None:
        try:
            async with asyncio.timeout(seconds):
                return await self._wanted.get()
        except TimeoutError:
            return None

    @property
    def _tales(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "bed": self._kari_gets_up,
            "nobody": self._nobody,
            "offline": self._offline,
            "walk": self._walk,
        }

    async def _kari_gets_up(self) -> None:
        bed, _ = kari(self.house)
        thing = self.wired.devices.things[bed]
        if not thing.level:
            self.wired.devices.set_level(thing, on=True)
            await asyncio.sleep(1)
        self.wired.devices.set_level(thing, on=False)

    async def _nobody(self) -> None:
        self._pace(DEAF)
        self.wired.press(kari(self.house)[1])

    async def _offline(self) -> None:
        # The page takes its own frame off the air; the hub must notice by itself.
        await asyncio.sleep(2)
        self.wired.press(kari(self.house)[1])

    async def _walk(self) -> None:
        """Kari presses in her room and walks on: the card says where she is now."""
        walks = self.wired.walks
        walks.lead(KARI, walks.walkers[KARI].home)
        await asyncio.sleep(3)
        self._pace(DEAF)
        self.wired.press(kari(self.house)[1])
        await asyncio.sleep(8)
        walks.lead(KARI, LOUNGE)

    def _pace(self, pace: Pace) -> None:
        for carer in self.carers:
            carer.pace = pace
