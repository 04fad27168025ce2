"""Reading JSON from strangers: bounded, typed, and never an exception.

orjson is strict where we want it (no NaN, no bad UTF-8, a nesting limit) and five times faster
than the standard library on a sensor's message.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import cast

import orjson

Json = dict[str, object]
EMPTY: Json = {}
MOST_ITEMS = 64
"""Of a list in which a path seeks one by its name: no honest message holds more."""


def parsed(payload: bytes) -> object:
    """Return the value of a JSON text, or `BROKEN` where it is none."""
    try:
        return orjson.loads(payload)
    except ValueError:
        return BROKEN


class _Broken:
    """What is returned for bytes that are no JSON: no value of JSON equals it."""


BROKEN = _Broken()


def table(value: object) -> Json:
    """Return an object's members, or none."""
    return cast("Json", value) if isinstance(value, dict) else EMPTY


def items(value: object) -> list[object]:
    """Return a list's items, or none."""
    return cast("list[object]", value) if isinstance(value, list) else []


def text(value: object, longest: int = 256) -> str:
    """Return a bounded text, or empty."""
    return value[:longest] if isinstance(value, str) else ""


def whole(value: object, otherwise: int = 0) -> int:
    """Return a whole number; absent is the default of protobuf (an absent fCnt is 0)."""
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def plain(payload: bytes, longest: int = 256) -> str:
    """Return a short text payload, or empty where it is none."""
    if len(payload) > longest:
        return ""
    try:
        return payload.decode("utf-8").strip()
    except UnicodeDecodeError:
        return ""


def unbase64(value: object) -> bytes | None:
    """Return the bytes of a base64 text, or None."""
    if not isinstance(value, str):
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def instant(value: object) -> datetime | None:
    """Return the aware UTC time of an ISO 8601 text with a zone, or None.

    A time without a zone says nothing of the order of things (DEVICES T3).
    """
    if not isinstance(value, str) or not 20 <= len(value) <= 40:
        return None
    body = value[:-1] + "+00:00" if value[-1] in "Zz" else value
    head, dot, tail = body.partition(".")
    if dot:  # nanoseconds, of which the clock knows six digits
        digits = len(tail) - len(tail.lstrip("0123456789"))
        body = f"{head}.{tail[: min(digits, 6)]:0<6}{tail[digits:]}"
    try:
        at = datetime.fromisoformat(body)
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def at_path(value: object, path: tuple[str, ...]) -> object:
    """Return what stands at a path, or `BROKEN`.

    A step is a name, the position in a list, or `[name=value]`: the first item of a list in
    which that name has that text.
    """
    for step in path:
        if isinstance(value, dict):
            value = cast("Json", value).get(step, BROKEN)
        elif isinstance(value, list):
            value = _item(cast("list[object]", value), step)
        else:
            return BROKEN
    return value


def _item(found: list[object], step: str) -> object:
    if step.isdecimal():
        return found[int(step)] if int(step) < len(found) else BROKEN
    name, _, wanted = step.strip("[]").partition("=")
    of = (one for one in found[:MOST_ITEMS] if table(one).get(name, BROKEN) == wanted)
    return next(of, BROKEN)
