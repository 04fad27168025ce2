"""What belongs together in one message becomes one reading: percent and volts, for one."""

from functools import lru_cache

from routing.readings import BatteryRead, LinkRead, Measured, MotionSeen, Reading, Trust

HIGHEST_PERCENT = 100.0

# Frozen values that come again and again: made once. Arguments are normalised before (12 and
# 12.0 would be one entry with two spellings, and the journal is compared byte for byte).
_battery_of = lru_cache(maxsize=4096)(BatteryRead)
_link_of = lru_cache(maxsize=4096)(LinkRead)
_motion_of = lru_cache(maxsize=256)(MotionSeen)
measured_of = lru_cache(maxsize=8192)(Measured)


def joined_battery(found: dict[str, float]) -> BatteryRead:
    """Return one reading of all figures; an estimate only where nobody said a percentage."""
    percent, trust = found.get("percent"), Trust.GOOD
    if percent is None:
        percent = found.get("estimate")
        if percent is not None:
            trust = Trust.UNRELIABLE
    elif not 0 <= percent <= HIGHEST_PERCENT:
        percent, trust = min(max(percent, 0.0), HIGHEST_PERCENT), Trust.CLAMPED
    low, charging = found.get("low"), found.get("charging")
    volts = found.get("volts")
    return _battery_of(
        None if percent is None else float(percent) + 0.0,
        None if volts is None else float(volts) + 0.0,
        None if low is None else bool(low),
        None if charging is None else bool(charging),
        trust,
    )


def link_read(rssi: float | None, snr: float | None, lqi: float | None) -> LinkRead:
    """Return the radio's figures as one reading."""
    return _link_of(
        None if rssi is None else float(rssi) + 0.0,
        None if snr is None else float(snr) + 0.0,
        None if lqi is None else int(lqi),
    )


def joined_motion(motion: dict[str, float | str]) -> Reading:
    """Distance alone is a measure; a count alone says whether somebody is there.

    A `hint` (how often something stirred) is asked only where nothing said it outright.
    """
    if len(motion) == 1 and "active" in motion:
        return _motion_of(bool(motion["active"]))
    count, active = motion.get("count"), motion.get("active", motion.get("hint"))
    distance = motion.get("distance")
    if active is None:
        if count is None and "posture" not in motion:
            return Measured("distance", float(distance or 0.0), "m")
        active = count is None or float(count) > 0
    return MotionSeen(
        bool(active),
        str(motion.get("posture", "")),
        None if count is None else int(float(count)),
        None if distance is None else float(distance),
    )
