"""Where somebody is, in words: a room as the door says it, with the limits of its age."""

from dataclasses import dataclass
from datetime import datetime

from hub.sentence_texts import Lang
from hub.sentences import place
from routing.plan import Plan
from routing.whereabouts import Seen


@dataclass(frozen=True, slots=True)
class PlaceTold:
    """What a page shows of a place; it compares the limits with the hub's time."""

    room: str | None
    seen_at: datetime | None
    certain_until: datetime | None
    known_until: datetime | None
    look: tuple[str, ...]


def place_of(seen: Seen, plan: Plan, lang: Lang) -> PlaceTold:
    """Return a place as pages show it."""
    return PlaceTold(
        place(seen.room, lang, plan) or None,
        seen.seen_at,
        seen.certain_until,
        seen.known_until,
        tuple(text for room in seen.look if (text := place(room, lang, plan))),
    )
