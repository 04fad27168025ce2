"""Where a tag was last heard: a room with certainty and age, or unknown. Never a position.

Radio strength is only loosely distance (ten metres either way), so a room is «last heard by»,
and it never decides anything alone. A tag that flips between two rooms stays where it was until
the other one is clearly stronger for a while; what is old or frozen is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from routing.ids import RoomId

MARGIN_DB = 6.0
"""Another room must be heard this much stronger before the tag is thought to be there."""
DWELL = timedelta(seconds=10)
"""… and for this long."""
EXPIRES = timedelta(minutes=5)
"""A sighting older than this says nothing of now."""
FROZEN_AFTER = 30
"""The very same figure this often in a row comes from a cache, not from a radio."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one locator said last, and how often it has said exactly that."""

    rssi_dbm: float
    at: datetime
    same: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of one tag. `room` None: unknown."""

    room: RoomId | None = None
    since: datetime | None = None
    heard: dict[RoomId, Heard] = field(default_factory=dict[RoomId, Heard])
    rival: RoomId | None = None
    rival_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a person is told: the room last heard by, how sure, how old, where to look next."""

    room: RoomId | None
    certainty: float
    age: timedelta | None
    then: tuple[RoomId, ...] = ()
    """Other rooms that heard it, strongest first: the next places to look."""


def alias(native: str, aliases: Mapping[str, str]) -> str:
    """Return the tag's own id: one tag may show itself under several (L3)."""
    return aliases.get(native, native)


def sighted(place: Place, room: RoomId, rssi_dbm: float, now: datetime) -> Place:
    """Take in that a locator of this room heard the tag."""
    before = place.heard.get(room)
    same = before.same + 1 if before is not None and before.rssi_dbm == rssi_dbm else 1
    heard = {one: told for one, told in place.heard.items() if now - told.at <= EXPIRES}
    heard[room] = Heard(rssi_dbm, now, same)
    place = replace(place, heard=heard)
    here = None if place.room is None else _live(heard.get(place.room), now)
    if here is None:
        found = _strongest(heard, now)
        return replace(place, room=found, since=now, rival=None, rival_since=None)
    return _rivalry(place, here, now)


def _rivalry(place: Place, here: Heard, now: datetime) -> Place:
    """Move only to a room that is clearly stronger, for long enough (L1)."""
    best = _strongest(place.heard, now)
    if best is None or best == place.room or not _clearly(place.heard[best], here):
        return replace(place, rival=None, rival_since=None)
    if place.rival != best or place.rival_since is None:
        return replace(place, rival=best, rival_since=now)
    if now - place.rival_since < DWELL:
        return place
    return replace(place, room=best, since=now, rival=None, rival_since=None)


def whereabouts(place: Place, now: datetime) -> Whereabouts:
    """Tell where the tag was last heard; unknown is said, never guessed."""
    live = {room: told for room, told in place.heard.items() if _live(told, now)}
    ranked = sorted(live, key=lambda room: (-live[room].rssi_dbm, room))
    if place.room is None or place.room not in live:
        return Whereabouts(None, 0.0, None, tuple(ranked))
    told = live[place.room]
    others = tuple(room for room in ranked if room != place.room)
    lead = told.rssi_dbm - live[others[0]].rssi_dbm if others else MARGIN_DB
    fresh = 1.0 - (now - told.at) / EXPIRES
    sure = fresh * min(max(0.5 + lead / (4 * MARGIN_DB), 0.1), 0.9)
    return Whereabouts(place.room, round(sure, 2), now - told.at, others)


def _live(told: Heard | None, now: datetime) -> Heard | None:
    """Return the sighting unless it is old, or frozen (L2)."""
    if told is None or now - told.at > EXPIRES or told.same >= FROZEN_AFTER:
        return None
    return told


def _clearly(one: Heard, other: Heard) -> bool:
    return one.rssi_dbm >= other.rssi_dbm + MARGIN_DB


def _strongest(heard: Mapping[RoomId, Heard], now: datetime) -> RoomId | None:
    live = [room for room, told in heard.items() if _live(told, now)]
    return max(live, key=lambda room: heard[room].rssi_dbm, default=None)
