"""Which houses a topic concerns, and whether a device that calls for help speaks there.

Kept filter by filter: when a bridge tells its list, only what that changes is touched.
Built anew for all houses at each list, forty houses that came back together stood still for
seconds, presses and all.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.mqtt_lanes import TopicSet, uncovered, usable
from routing.ids import HouseId


@dataclass(frozen=True, slots=True)
class _Filters:
    """What one house listens to, without what no broker takes."""

    alarm: dict[str, None]
    bulk: dict[str, None]
    spared: dict[str, None]
    unusable: frozenset[str]
    """Filters of alarm devices that no broker takes."""


class Topics:
    """The filters of all houses behind one broker. Houses may share a bridge's base topic."""

    def __init__(self) -> None:
        """Nobody listens to anything."""
        self._of: dict[HouseId, _Filters] = {}
        self._heard = _Shared()
        self._urgent = _Shared()
        self._spared = _Shared()
        self._joined: tuple[tuple[str, ...], tuple[str, ...]] | None = None

    def put(
        self,
        house: HouseId,
        alarm: Iterable[str],
        bulk: Iterable[str],
        spared: Iterable[str] = (),
    ) -> None:
        """Let this house listen to these filters, and to no others, from now on.

        `spared`: what of it is read even while its bridge floods.
        """
        wished = dict.fromkeys(alarm)
        now = _Filters(
            {text: None for text in wished if usable(text)},
            {text: None for text in bulk if usable(text)},
            {text: None for text in spared if usable(text)},
            frozenset(text for text in wished if not usable(text)),
        )
        before = self._of.get(house, _Filters({}, {}, {}, frozenset()))
        self._of[house] = now
        self._heard.change(house, before.bulk | before.alarm, now.bulk | now.alarm)
        self._urgent.change(house, before.alarm, now.alarm)
        self._spared.change(house, before.spared, now.spared)
        self._joined = None

    def houses_of(self, topic: str) -> tuple[HouseId, ...]:
        """Return who listens by the most exact filter for this topic."""
        return self._heard.houses_of(topic)

    def is_urgent(self, topic: str) -> bool:
        """Tell whether an enrolled alarm or safety device speaks there."""
        return topic in self._urgent.filters

    def is_spared(self, topic: str) -> bool:
        """Tell whether it is read even while its bridge floods."""
        return topic in self._spared.filters

    @property
    def alarm(self) -> tuple[str, ...]:
        """The alarm lane's filters, without those that a wider one includes."""
        return self._both()[0]

    @property
    def bulk(self) -> tuple[str, ...]:
        """The bulk lane's filters, the same way."""
        return self._both()[1]

    def unusable(self) -> dict[HouseId, frozenset[str]]:
        """Return, by house, filters of alarm devices that no broker takes."""
        return {house: filters.unusable for house, filters in self._of.items()}

    def _both(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if self._joined is None:
            every = self._of.values()
            self._joined = (
                uncovered(text for filters in every for text in filters.alarm),
                uncovered(text for filters in every for text in filters.bulk),
            )
        return self._joined


class _Shared:
    """Filters, each with the houses that have it."""

    def __init__(self) -> None:
        self.filters = TopicSet({})
        self._houses: dict[str, tuple[HouseId, ...]] = {}

    def houses_of(self, topic: str) -> tuple[HouseId, ...]:
        found = self.filters.find(topic)
        return () if found is None else self._houses[found]

    def change(self, house: HouseId, before: dict[str, None], now: dict[str, None]) -> None:
        for text in before:
            if text not in now:
                self._remove(house, text)
        for text in now:
            if text not in before:
                self._houses[text] = (*self._houses.get(text, ()), house)
                self.filters.add(text)

    def _remove(self, house: HouseId, text: str) -> None:
        left = tuple(one for one in self._houses[text] if one != house)
        if left:
            self._houses[text] = left
        else:
            del self._houses[text]
            self.filters.discard(text)
