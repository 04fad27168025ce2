"""Where somebody is, in words: a room as the door says it, with the limits of its age."""

from hub.api import frames
from hub.sentence_texts import Lang
from hub.sentences import place
from routing.plan import Plan
from routing.whereabouts import Seen


def place_of(seen: Seen | None, plan: Plan, lang: Lang) -> frames.Place | None:
    """Return a place as pages show it; None where nobody's place is told."""
    if seen is None:
        return None
    return frames.Place(
        room=place(seen.room, lang, plan) or None,
        seen_at=seen.seen_at,
        certain_until=seen.certain_until,
        known_until=seen.known_until,
        look=tuple(text for room in seen.look if (text := place(room, lang, plan))),
    )
