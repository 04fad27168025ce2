"""One field of a payload: where it stands, how it is read, and which word it carries.

A field is data (a TOML table). `Field.read` gives the raw value and how many bytes it took;
scale, sentinel values and words come after. Nothing here raises on bytes: what does not fit is
`None`.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from devices.words import Word

NUMBERS = {
    "u8": ("B", 1),
    "i8": ("b", 1),
    "u16": ("H", 2),
    "i16": ("h", 2),
    "u32": ("I", 4),
    "i32": ("i", 4),
    "u64": ("Q", 8),
    "f32": ("f", 4),
}
ODD = {"u24": (3, False), "i24": (3, True), "u40": (5, False), "u48": (6, False)}
FIXED_TEXT = ("bytes", "text", "mac", "heard")
ADDRESS_BYTES = 6
CALENDAR = struct.Struct(">HBBBBB")


@dataclass(frozen=True, slots=True)
class Condition:
    """A byte (masked) that a message variant, or a field of a record, demands."""

    at: int
    mask: int
    values: frozenset[int]
    """Any of these will do."""

    def holds(self, data: bytes, start: int = 0) -> bool:
        """Return whether the byte is there and has such a value, counted from `start`."""
        at = start + self.at
        return -len(data) <= at < len(data) and data[at] & self.mask in self.values


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the model's data describes it."""

    type: str
    words: tuple[Word, ...] = ()
    name: str = ""
    at: int | None = None
    """Offset from the start of the record; None: after the field before it."""
    size: int | None = None
    """Bytes, where the type has no size of its own (`bytes:6`)."""
    little: bool = True
    shift: int = 0
    mask: int = 0
    """0: the whole number."""
    signed_bits: int = 0
    scale: float = 1.0
    add: float = 0.0
    invalid: frozenset[int] = frozenset()
    """Raw numbers that mean "no value" (`0xffff`)."""
    optional: bool = False
    digits: int | None = None
    gap: int = 0
    """`heard`: bytes between the address and how strongly it was heard."""
    only: tuple[Condition, ...] = ()
    """Read only where these bytes of the record say so; else it is not there."""
    packed: struct.Struct | None = field(init=False, default=None, compare=False)
    """How a plain number is read, worked out once."""
    plain: bool = field(init=False, default=False)
    """Neither bits nor scale nor sentinels: the raw number is the value."""

    def __post_init__(self) -> None:
        """Work out what every reading of the field would."""
        kind = NUMBERS.get(self.type)
        if kind is not None:
            packed = struct.Struct(("<" if self.little else ">") + kind[0])
            object.__setattr__(self, "packed", packed)
        unscaled = self.scale == 1.0 and self.add == 0.0 and not self.invalid
        object.__setattr__(self, "plain", unscaled)

    def read(self, data: bytes, at: int) -> tuple[object, int] | None:
        """Return (raw value, bytes taken) at `at`, or None where the data is too short."""
        packed = self.packed
        if packed is not None:
            if at + packed.size > len(data):
                return None
            value = packed.unpack_from(data, at)[0]
            return self._bits(value) if self.mask else value, packed.size
        odd = ODD.get(self.type)
        if odd is not None:
            size, signed = odd
            piece = data[at : at + size]
            if len(piece) < size:
                return None
            order = "little" if self.little else "big"
            return self._bits(int.from_bytes(piece, order, signed=signed)), size
        return self._text(data, at)

    def _text(self, data: bytes, at: int) -> tuple[object, int] | None:
        match self.type:
            case "none":  # the key alone says it
                size = 0
            case "rest":
                size = len(data) - at
            case "heard":
                size = (self.size or ADDRESS_BYTES) + self.gap + 1
            case "calendar":
                size = CALENDAR.size
            case "text8":  # one byte of length, then the text
                size = 1 + data[at] if at < len(data) else 1
            case _:
                size = self.size or 1
        piece = data[at : at + size]
        return None if len(piece) < size else (self._told(piece), size)

    def _told(self, piece: bytes) -> object:
        match self.type:
            case "heard":  # an address and how strongly it was heard
                address = piece[: self.size or ADDRESS_BYTES].hex(":")
                return address, float(int.from_bytes(piece[-1:], signed=True))
            case "calendar":
                return _seconds(*CALENDAR.unpack(piece))
            case "text8":
                return piece[1:].decode("utf-8", "replace")
            case "text":
                return piece.decode("utf-8", "replace")
            case "mac":
                return piece.hex(":")
            case _:
                return piece.hex()

    def _bits(self, value: float) -> int | float:
        if not self.mask or isinstance(value, float):
            return value
        value = (value >> self.shift) & self.mask
        if self.signed_bits and value >> (self.signed_bits - 1):
            value -= 1 << self.signed_bits
        return value

    def scaled(self, raw: object) -> object:
        """Return the value in the unit of its word, or None for a sentinel."""
        if self.plain or not isinstance(raw, (int, float)):
            return raw
        if raw in self.invalid:
            return None
        return round(raw * self.scale + self.add, 7 if self.digits is None else self.digits)


def _seconds(*calendar: int) -> float | None:
    """Return seconds since 1970 of a day and its time; None: there is no such day."""
    year, month, day, hour, minute, second = calendar
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Piece:
    """One field as it was read: for `bjelle device try`, bit by bit."""

    at: int
    raw: bytes
    name: str
    value: object
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One kind of message of a model: when it applies, and its fields in order."""

    name: str = ""
    ports: frozenset[int] = frozenset()
    """Empty: on any port (Milesight's is configurable)."""
    when: tuple[Condition, ...] = ()
    min_length: int = 0
    max_length: int = 1 << 16
    fields: tuple[Field, ...] = ()
    repeat: tuple[Field, ...] = ()
    """A group that repeats until the end."""
    key_bytes: int = 0
    """Above 0: a type-length-value table follows, with keys of so many bytes."""
    table: Mapping[bytes, tuple[Field, ...]] = ()  # type: ignore[assignment]
    wild: Mapping[bytes, tuple[Field, ...]] = ()  # type: ignore[assignment]
    """By the last byte of the key alone, for a channel we do not know (`*67`)."""
    tail: str = "problem"
    """Bytes left over: `problem`, or `ignore` where the maker pads."""

    def applies(self, port: int | None, data: bytes) -> bool:
        """Return whether this variant describes a message on this port with these bytes."""
        return (
            (not self.ports or port is None or port in self.ports)
            and self.min_length <= len(data) <= self.max_length
            and all(condition.holds(data) for condition in self.when)
        )
