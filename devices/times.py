"""A device's own clock is a hint: absurd years are marked, not believed (DEVICES T1)."""

from datetime import UTC, datetime

from routing.readings import DeviceTime, TimeQuality

EARLIEST_YEAR = 2020
"""No device of ours was sold before: 1980 and 2000 are clocks that were never set."""
LATEST_YEAR = 2099


def device_time(seconds: float, quality: TimeQuality = TimeQuality.DEVICE) -> DeviceTime:
    """Return a time in seconds since 1970 with its quality."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return DeviceTime(None, TimeQuality.IMPLAUSIBLE)
    return judged(at, quality)


def judged(at: datetime, quality: TimeQuality) -> DeviceTime:
    """Return the time with its quality; a year no device of ours has seen is implausible."""
    if EARLIEST_YEAR <= at.year <= LATEST_YEAR:
        return DeviceTime(at, quality)
    return DeviceTime(at, TimeQuality.IMPLAUSIBLE)


def by_gateway(at: datetime | None) -> DeviceTime:
    """Return a gateway's or server's time; none where it says none."""
    return DeviceTime() if at is None else judged(at, TimeQuality.GATEWAY)
