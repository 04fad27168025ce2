"""Signs of life and sightings: gathered in memory, told to the core once in an interval.

A house says thousands of them a day. They are acknowledged at once and lost at most once, with
one interval, when the power goes; what a decision depended on is never among them. Of sightings
only a change of room or certainty is ever written down (`TagsPlaced`), and only of those whose
place may be known; for them a new room is told at once while they call for help.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from routing.events import DevicesHeard, Event, Placing, SignalReceived, TagsPlaced
from routing.ids import CallId, DeviceId
from routing.index import index_of
from routing.place import Track, by_second_radio, placing, sighted, strength
from routing.readings import BatteryRead, LinkRead, Reading, Sighted
from routing.state import State
from routing.whereabouts import KEPT, called, may_know, receiver_of, stands_in

CALLED_AGAIN = timedelta(seconds=10)
"""How old the place of somebody who calls for help may grow before it is told anew."""


class Heard:
    """What has been heard since the last flush: one entry for each device."""

    def __init__(self) -> None:
        self._last: dict[DeviceId, datetime] = {}
        self._readings: dict[DeviceId, dict[type, Reading]] = {}
        self._counted = 0
        self._tags = Tags()
        self.since: datetime | None = None
        """When the first of them came; None while there is nothing to flush."""

    def gather(self, event: SignalReceived, at: datetime, state: State | None = None) -> None:
        """Remember that this device spoke, and its last battery and link figures."""
        self._begin(at)
        self._counted += 1
        if state is not None and by_second_radio(state.plan, event):
            return
        self._last[event.device] = at
        for reading in event.readings:
            if isinstance(reading, (BatteryRead, LinkRead)):
                self._readings.setdefault(event.device, {})[type(reading)] = reading

    def sighted(self, event: SignalReceived, state: State, at: datetime) -> None:
        """Follow the tag, where this message says who heard it; the receiver lives too."""
        for receiver in self._tags.take(event, state, at):
            self._begin(at)
            self._last[receiver] = at

    def due(self, state: State, now: datetime, every: timedelta) -> bool:
        """Tell whether it is time to flush: the interval is over, or somebody calls."""
        if self._tags.urgent(state, now):
            return True
        return self.since is not None and now >= self.since + every

    def tell(self, state: State) -> tuple[Event, ...]:
        """Return everything gathered as events, and begin anew; none where nothing was."""
        found = (self.flush(), self._tags.flush(state))
        return tuple(event for event in found if event is not None)

    def flush(self) -> DevicesHeard | None:
        """Return the signs of life as one event, and begin anew; None where nothing was."""
        if self.since is None:
            return None
        heard = DevicesHeard(
            heard=tuple(self._last.items()),
            readings=tuple((d, tuple(kinds.values())) for d, kinds in self._readings.items()),
            counted=self._counted,
        )
        self._last, self._readings, self._counted, self.since = {}, {}, 0, None
        return heard

    def _begin(self, at: datetime) -> None:
        if self.since is None:
            self.since = at


class Tags:
    """Where each tag is heard now. In memory only; a restart begins anew from the state."""

    def __init__(self) -> None:
        self._tracks: dict[DeviceId, Track] = {}
        self._last: dict[DeviceId, Placing] = {}
        self._news: dict[DeviceId, None] = {}
        self._open: tuple[CallId, ...] = ()
        self._called: dict[DeviceId, None] = {}
        self._told_at: datetime | None = None
        self._urgent = False

    def take(self, event: SignalReceived, state: State, at: datetime) -> Iterator[DeviceId]:
        """Take in what one message says of a tag's place; gives the receivers that spoke."""
        said = [one for one in event.readings if isinstance(one, Sighted)]
        if not said or event.test or event.delivery.retained or event.delivery.history:
            return
        if event.delivery.backlog_since is not None:
            return
        track = before = self._tracks.get(event.device, Track())
        for reading in said:
            receiver = receiver_of(state.plan, event.device, reading.locator)
            if receiver is None:
                continue
            yield receiver
            room, rssi = stands_in(state.plan, receiver, at), strength(reading)
            if room is not None and rssi is not None:
                track = sighted(track, room, rssi, at)
        if track is not before:
            self._follow(event.device, track, at)

    def _follow(self, tag: DeviceId, track: Track, at: datetime) -> None:
        self._tracks[tag] = track
        now = placing(tag, track, at)
        if now is None:
            return
        before = self._last.get(tag)
        self._last[tag] = now
        self._news[tag] = None
        if tag in self._called and (before is None or before.room != now.room):
            self._urgent = True

    def urgent(self, state: State, now: datetime) -> bool:
        """Tell whether somebody who calls for help was heard in another room, or long ago."""
        if state.open is not self._open:
            self._open = state.open
            self._called, before = dict.fromkeys(called(state)), self._called
            self._urgent = self._urgent or any(
                tag in self._last for tag in self._called if tag not in before
            )
        if self._urgent or not self._called:
            return self._urgent
        told = self._told_at
        if told is not None and now < told + CALLED_AGAIN:
            return False
        return any(tag in self._called for tag in self._news)

    def flush(self, state: State) -> TagsPlaced | None:
        """Return what is news of those whose place may be known; None: nothing is."""
        urgent, self._urgent = self._urgent, False
        news, self._news = self._news, {}
        if not news and not urgent:
            return None
        index = index_of(state.plan)
        calls = [state.calls[call] for call in state.open]
        placed: list[Placing] = []
        seen: list[tuple[DeviceId, datetime]] = []
        for tag in {**news, **self._called}:
            one = self._last.get(tag)
            if one is None or not may_know(index, calls, tag, one.at):
                continue
            self._told_at = one.at if tag in self._called else self._told_at
            known = state.places.get(tag)
            if known is None or (known.room, known.certainty) != (one.room, one.certainty):
                placed.append(one)
            elif one.at > known.seen_at:
                seen.append((tag, one.at))
        self._forget(max((one.at for one in self._last.values()), default=None))
        return TagsPlaced(tuple(placed), tuple(seen)) if placed or seen else None

    def _forget(self, now: datetime | None) -> None:
        """Let go of tags that nobody has heard for long."""
        old = [t for t, one in self._last.items() if now is not None and now - one.at > KEPT]
        for tag in old:
            del self._last[tag], self._tracks[tag]
