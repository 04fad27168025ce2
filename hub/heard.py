"""Signs of life that change nothing: gathered into one `DevicesHeard` per interval.

A house says thousands of them a day. They are acknowledged at once and lost at most once, with
one interval, when the power goes; what a decision depended on is never among them.
"""

from datetime import datetime

from routing.events import DevicesHeard, SignalReceived
from routing.ids import DeviceId
from routing.readings import BatteryRead, LinkRead, Reading


class Heard:
    """What has been heard since the last flush: one entry for each device."""

    def __init__(self) -> None:
        self._last: dict[DeviceId, datetime] = {}
        self._readings: dict[DeviceId, dict[type, Reading]] = {}
        self._counted = 0
        self.since: datetime | None = None
        """When the first of them came; None while there is nothing to flush."""

    def gather(self, event: SignalReceived, at: datetime) -> None:
        """Remember that this device spoke, and its last battery and link figures."""
        if self.since is None:
            self.since = at
        self._last[event.device] = at
        self._counted += 1
        for reading in event.readings:
            if isinstance(reading, (BatteryRead, LinkRead)):
                self._readings.setdefault(event.device, {})[type(reading)] = reading

    def flush(self) -> DevicesHeard | None:
        """Return what was gathered as one event, and begin anew; None where nothing was."""
        if self.since is None:
            return None
        event = DevicesHeard(
            heard=tuple(self._last.items()),
            readings=tuple((d, tuple(kinds.values())) for d, kinds in self._readings.items()),
            counted=self._counted,
        )
        self._last, self._readings, self._counted, self.since = {}, {}, 0, None
        return event
