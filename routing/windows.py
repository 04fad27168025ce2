"""Local time of day: windows over midnight, weekdays of the start, both DST nights.

A window is read on the wall clock of the house. On the night when 02:00-03:00 comes twice both
hours are inside a window that contains 02:30; on the night when it does not exist, neither is,
and a window that would begin there begins at 03:00. One that begins in an hour that comes twice
begins the first time, and goes on.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.plan import Window

_A_DAY = timedelta(days=1)
_A_MINUTE = timedelta(minutes=1)


def inside(window: Window | None, at: datetime, zone: ZoneInfo) -> bool:
    """Tell whether `at` lies in the window; no window is always.

    `until` itself is outside. A window with `until <= since` goes over midnight and belongs to
    the weekday on which it began; equal ends mean the whole day from that hour.
    """
    if window is None:
        return True
    local = at.astimezone(zone)
    clock, today = local.time(), local.weekday()
    if window.since < window.until:
        begun = _begun(window, local, zone)
        return begun and clock < window.until and today in window.weekdays
    if _begun(window, local, zone):
        return today in window.weekdays
    return clock < window.until and (today - 1) % 7 in window.weekdays


def began(window: Window, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the window that `at` lies in began, None outside it."""
    if not inside(window, at, zone):
        return None
    local = at.astimezone(zone)
    # Inside and before its hour: it came over midnight.
    day = local.date() if _begun(window, local, zone) else local.date() - _A_DAY
    return _begins(window, day, zone)


def _begun(window: Window, local: datetime, zone: ZoneInfo) -> bool:
    """Tell whether it has begun today; what began in an hour lasts when that comes again."""
    if local.time() >= window.since:
        return True
    return bool(local.fold) and _begins(window, local.date(), zone) <= local


def opens_after(window: Window, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the window next begins after `at`, None if it has no weekday at all."""
    day = at.astimezone(zone).date()
    for _ in range(9):  # today, seven more, and one for a start that the clock change moved
        begins = _begins(window, day, zone)
        if begins > at and day.weekday() in window.weekdays:
            return begins
        day += _A_DAY
    return None


def _begins(window: Window, day: date, zone: ZoneInfo) -> datetime:
    """Return its hour on this day; one that the spring leaves out begins where it goes on."""
    hour = datetime.combine(day, window.since)
    begins = hour.replace(tzinfo=zone).astimezone(UTC)
    while (begins - _A_MINUTE).astimezone(zone).replace(tzinfo=None) >= hour:
        begins -= _A_MINUTE
    return begins
