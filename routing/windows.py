"""Local time of day: windows over midnight, weekdays of the start, both DST nights.

A window is read on the wall clock of the house. On the night when 02:00-03:00 comes twice both
hours are inside a window that contains 02:30; on the night when it does not exist, neither is.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.plan import Window

_A_DAY = timedelta(days=1)


def inside(window: Window | None, at: datetime, zone: ZoneInfo) -> bool:
    """Tell whether `at` lies in the window; no window is always.

    `until` itself is outside. A window with `until <= since` goes over midnight and belongs to
    the weekday on which it began; equal ends mean the whole day from that hour.
    """
    if window is None:
        return True
    local = at.astimezone(zone)
    clock = local.time()
    today = local.weekday()
    if window.since < window.until:
        return window.since <= clock < window.until and today in window.weekdays
    if clock >= window.since:
        return today in window.weekdays
    return clock < window.until and (today - 1) % 7 in window.weekdays


def began(window: Window, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the window that `at` lies in began, None outside it."""
    if not inside(window, at, zone):
        return None
    local = at.astimezone(zone)
    # Inside and before its hour: it came over midnight.
    day = local.date() - _A_DAY if local.time() < window.since else local.date()
    return datetime.combine(day, window.since, tzinfo=zone).astimezone(UTC)


def opens_after(window: Window, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the window next begins after `at`, None if it has no weekday at all."""
    day = at.astimezone(zone).date()
    for _ in range(9):  # today, seven more, and one for a start that the clock change moved
        begins = datetime.combine(day, window.since, tzinfo=zone).astimezone(UTC)
        if begins > at and day.weekday() in window.weekdays:
            return begins
        day += _A_DAY
    return None
