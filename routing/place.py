"""Which room hears a tag best: a judgement with hysteresis, made before anything is kept.

Radio strength is only loosely distance (ten metres either way), so a room is «last heard by»,
never a position, and it never decides anything alone. A tag that flips between two rooms stays
where it was until the other one is clearly stronger for a while; a room that has gone quiet
loses ground; what is old or frozen says nothing. The shell follows tags with this in memory and
tells the core what changed (`TagsPlaced`); sightings themselves are never written down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import log10

from routing.events import Certainty, Placing, SignalReceived
from routing.ids import DeviceId, RoomId
from routing.plan import Plan
from routing.readings import BatteryRead, DeviceHeard, LinkRead, Sighted

MARGIN_DB = 6.0
"""Another room must be heard this much stronger before the tag is thought to be there."""
DWELL = timedelta(seconds=10)
"""… and for this long."""
EXPIRES = timedelta(minutes=5)
"""A sighting older than this says nothing of now."""
QUIET_AFTER = timedelta(seconds=15)
QUIET_DB_PER_S = 0.5
"""A receiver that hears a tag no more loses this much in comparison: 6 dB after 27 s."""
SURE_DBM = -80.0
"""Weaker than this the tag may as well be where no receiver stands."""
UNSURE_BY_DB = 3.0
"""How far a room must fall below what made it certain before it is only likely."""
FROZEN_AFTER = 30
"""The very same figure this often in a row comes from a cache, not from a radio."""
NEARBY = 2


@dataclass(frozen=True, slots=True)
class Heard:
    """What the receivers of one room said last, and how often they have said exactly that."""

    rssi_dbm: float
    at: datetime
    same: int = 1


@dataclass(frozen=True, slots=True)
class Track:
    """What is known of one tag. `room` None: unknown."""

    room: RoomId | None = None
    sure: bool = False
    heard: dict[RoomId, Heard] = field(default_factory=dict[RoomId, Heard])
    rival: RoomId | None = None
    rival_since: datetime | None = None


def by_second_radio(plan: Plan, event: SignalReceived) -> bool:
    """Tell whether a message is a mere sighting of a device whose alarm has another radio.

    That the tag in a wristband is heard is no sign of life of the button beside it.
    """
    device = plan.devices.get(event.device)
    if device is None or all(alias.bridge == device.bridge for alias in device.aliases):
        return False
    return only_seen(event)


def only_seen(event: SignalReceived) -> bool:
    """Tell whether a message says who was heard where, and nothing that is worth keeping."""
    return any(isinstance(one, Sighted) for one in event.readings) and all(
        isinstance(one, Sighted | BatteryRead | LinkRead | DeviceHeard)
        for one in event.readings
    )


def strength(reading: Sighted) -> float | None:
    """Return how strongly a tag was heard, dBm; from the distance where only that was said.

    None: a satellite's or a network's guess, which no room follows from.
    """
    if reading.rssi_dbm is not None:
        return reading.rssi_dbm
    if reading.distance_m is None:
        return None
    # -59 dBm at a metre, walls and bodies between: the usual guess of such gateways.
    return round(-59 - 25 * log10(max(reading.distance_m, 0.1)), 2)


def sighted(track: Track, room: RoomId, rssi_dbm: float, now: datetime) -> Track:
    """Take in that a receiver of this room heard the tag."""
    before = track.heard.get(room)
    same = before.same + 1 if before is not None and before.rssi_dbm == rssi_dbm else 1
    heard = {one: told for one, told in track.heard.items() if now - told.at <= EXPIRES}
    heard[room] = Heard(rssi_dbm, now, same)
    track = replace(track, heard=heard)
    if track.room is None or not _live(heard.get(track.room), now):
        found = _strongest(heard, now)
        track = replace(track, room=found, rival=None, rival_since=None, sure=False)
    else:
        track = _rivalry(track, track.room, now)
    return replace(track, sure=_sure(track, now))


def _rivalry(track: Track, here: RoomId, now: datetime) -> Track:
    """Move only to a room that is clearly stronger, for long enough (L1)."""
    best = _strongest(track.heard, now)
    if best is None or _lead(track.heard, best, here, now) < MARGIN_DB:
        return replace(track, rival=None, rival_since=None)
    if track.rival != best or track.rival_since is None:
        return replace(track, rival=best, rival_since=now)
    if now - track.rival_since < DWELL:
        return track
    # Nothing certain is carried along: a room that a rival leads has not been so since.
    return replace(track, room=best, rival=None, rival_since=None)


def placing(device: DeviceId, track: Track, now: datetime) -> Placing | None:
    """Return what there is to say of a tag that was just heard; None: nothing (L2)."""
    if track.room is None:
        return None
    certainty = Certainty.CERTAIN if track.sure else Certainty.LIKELY
    ranked = sorted(
        (room for room, told in track.heard.items() if _live(told, now) and room != track.room),
        key=lambda room: (-_worn(track.heard[room], now), room),
    )
    return Placing(device, track.room, certainty, now, tuple(ranked[:NEARBY]))


def _sure(track: Track, now: datetime) -> bool:
    """Tell whether the room is strong and leads clearly; what was sure stays so a little."""
    if track.room is None:
        return False
    slack = UNSURE_BY_DB if track.sure else 0.0
    if track.heard[track.room].rssi_dbm < SURE_DBM - slack:
        return False
    return all(
        _lead(track.heard, track.room, room, now) >= MARGIN_DB - slack
        for room, told in track.heard.items()
        if room != track.room and _live(told, now)
    )


def _live(told: Heard | None, now: datetime) -> bool:
    """Tell whether a sighting says anything: neither old, nor frozen (L2)."""
    return told is not None and now - told.at <= EXPIRES and told.same < FROZEN_AFTER


def _worn(told: Heard, now: datetime) -> float:
    """Return the strength, less what a receiver loses that hears the tag no more."""
    quiet_s = (now - told.at - QUIET_AFTER).total_seconds()
    return told.rssi_dbm - QUIET_DB_PER_S * max(quiet_s, 0.0)


def _lead(heard: Mapping[RoomId, Heard], one: RoomId, other: RoomId, now: datetime) -> float:
    return _worn(heard[one], now) - _worn(heard[other], now)


def _strongest(heard: Mapping[RoomId, Heard], now: datetime) -> RoomId | None:
    live = [room for room, told in heard.items() if _live(told, now)]
    return max(live, key=lambda room: _worn(heard[room], now), default=None)
