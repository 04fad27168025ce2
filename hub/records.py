"""Events, effects and State as JSON, byte for byte the same in every process; and the chain.

The code that encodes and decodes is generated once, at import, from the dataclasses: the
vocabulary has one home. A field at its default is left out (a row is small, and an older row
reads under a newer vocabulary); a member of a union says its class first, under `is`. Times are
ISO 8601 UTC, durations seconds. `decode(encode(x)) == x`; a number that is none (NaN) comes
back as unknown, None, where the field may be that.

Raises `NotEncodable` for what JSON cannot carry (a lone surrogate in a text from a device).
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, NewType, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from routing.effects import Because, Effect
from routing.events import Event
from routing.plan import Plan
from routing.state import Call, State

SCHEMA = 1
"""Of a stored State. Raised, with a migration, when older ones can no longer be decoded."""

TAG = "is"
_PLAIN = (str, int, bool, datetime, date, time, Enum)
"""What msgspec writes by itself, and always the same way."""

Code = Callable[[Any], Any]


class NotEncodable(ValueError):  # noqa: N818 (named as the fact it is)
    """A value that JSON cannot carry, with where it came from."""


class NotDecodable(ValueError):  # noqa: N818
    """A stored record that this version does not understand: which word, and what to do."""


def _real(value: float) -> float | None:
    """A float as JSON can carry it."""
    number = float(value)
    return number if math.isfinite(number) else None


def _strip(kind: Any) -> Any:
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    return kind


def _members(kind: Any) -> tuple[Any, ...]:
    """The members of a union, None left out."""
    return tuple(_strip(arg) for arg in get_args(kind) if arg is not NoneType)


def _is_union(kind: Any) -> bool:
    return isinstance(kind, UnionType) or get_origin(kind) is Union


class _Generator:
    """Writes one encoding and one decoding function per dataclass."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {
            "real": _real,
            "nan": math.nan,
            "seconds": timedelta.total_seconds,
            "timedelta": timedelta,
            "datetime": datetime.fromisoformat,
            "date": date.fromisoformat,
            "time": time.fromisoformat,
            "NotDecodable": NotDecodable,
        }
        self._done: set[type] = set()

    # --- What stands for a value of this type ---

    def _encoding(self, kind: Any, value: str) -> str:  # noqa: PLR0911 (one per kind of type)
        kind = _strip(kind)
        if _is_union(kind):
            return self._encoding_union(kind, value)
        origin = get_origin(kind)
        if origin is tuple:
            return self._encoding_tuple(get_args(kind), value)
        if origin is dict:
            _, item = get_args(kind)
            inner = self._encoding(item, "v")
            return value if inner == "v" else f"{{k: {inner} for k, v in {value}.items()}}"
        if is_dataclass(kind):
            return f"{self._class(cast('type', kind))}({value})"
        if kind is float:
            return f"real({value})"
        if kind is timedelta:
            return f"seconds({value})"
        if isinstance(kind, type) and issubclass(kind, _PLAIN):
            return value
        raise TypeError(f"records: no encoding for {kind!r}: add it to hub/records.py")

    def _encoding_union(self, kind: Any, value: str) -> str:
        members = _members(kind)
        if len(members) == 1:
            inner = self._encoding(members[0], value)
            return inner if inner == value else f"(None if {value} is None else {inner})"
        return f"{self._union(members, 'put')}[{value}.__class__]({value})"

    def _encoding_tuple(self, args: tuple[Any, ...], value: str) -> str:
        if len(args) == 2 and args[1] is Ellipsis:
            inner = self._encoding(args[0], "v")
            return value if inner == "v" else f"[{inner} for v in {value}]"
        parts = [self._encoding(arg, f"{value}[{n}]") for n, arg in enumerate(args)]
        return f"({', '.join(parts)},)"

    def _decoding(self, kind: Any, value: str) -> str:  # noqa: PLR0911
        kind = _strip(kind)
        if _is_union(kind):
            return self._decoding_union(kind, value)
        origin = get_origin(kind)
        if origin is tuple:
            return self._decoding_tuple(get_args(kind), value)
        if origin is dict:
            key, item = get_args(kind)
            pair = f"{self._decoding(key, 'k')}: {self._decoding(item, 'v')}"
            return f"{{{pair} for k, v in {value}.items()}}"
        if is_dataclass(kind):
            name = self._class(cast("type", kind)).removeprefix("put_")
            return f"get_{name}({value})"
        if issubclass(kind, Enum):
            self.names[f"enum_{kind.__name__}"] = kind._value2member_map_
            return f"enum_{kind.__name__}[{value}]"
        if kind is float:
            return f"(nan if {value} is None else float({value}))"
        if kind is timedelta:
            return f"timedelta(seconds={value})"
        for plain in (datetime, date, time):
            if kind is plain:
                return f"{plain.__name__}({value})"
        return value

    def _decoding_union(self, kind: Any, value: str) -> str:
        members = _members(kind)
        if len(members) == 1:
            inner = self._decoding(members[0], value)
            return inner if inner == value else f"(None if {value} is None else {inner})"
        return f"{self._union(members, 'get')}[{value}[{TAG!r}]]({value})"

    def _decoding_tuple(self, args: tuple[Any, ...], value: str) -> str:
        if len(args) == 2 and args[1] is Ellipsis:
            inner = self._decoding(args[0], "v")
            return f"tuple({value})" if inner == "v" else f"tuple([{inner} for v in {value}])"
        parts = [self._decoding(arg, f"{value}[{n}]") for n, arg in enumerate(args)]
        return f"({', '.join(parts)},)"

    # --- Unions and classes ---

    def _union(self, members: tuple[Any, ...], way: str) -> str:
        """Return the name of the table that finds a member's function."""
        name = f"{way}_any_of_{'_'.join(sorted(m.__name__ for m in members))}"
        if name not in self.names:
            table: dict[Any, Code] = {}
            self.names[name] = table
            for member in cast("tuple[type, ...]", members):
                self._class(member)
                key = member if way == "put" else member.__name__
                prefix = "tag" if way == "put" else "get"
                table[key] = self.names[f"{prefix}_{member.__name__}"]
        return name

    def _class(self, kind: type) -> str:
        if kind not in self._done:
            self._done.add(kind)
            if f"class_{kind.__name__}" in self.names:
                raise TypeError(f"records: two classes are called {kind.__name__}: rename one")
            self.names[f"class_{kind.__name__}"] = kind
            hints = get_type_hints(kind)
            entries = [(f, hints[f.name]) for f in fields(kind)]
            self._write_put(kind, entries)
            self._write_get(kind, entries)
        return f"put_{kind.__name__}"

    def _write_put(self, kind: type, entries: list[tuple[Field[Any], Any]]) -> None:
        name = kind.__name__
        needed = [(f, t) for f, t in entries if not _has_default(f)]
        lines = [f'"{f.name}": {self._encoding(t, f"x.{f.name}")}' for f, t in needed]
        body: list[str] = []
        for f, t in entries:
            if _has_default(f):
                put = f"d[{f.name!r}] = {self._encoding(t, 'v_')}"
                body += [f"    v_ = x.{f.name}", f"    if {self._differs(kind, f)}: {put}"]
        for prefix, tag in (("put", []), ("tag", [f'"{TAG}": "{name}"'])):
            source = [
                f"def {prefix}_{name}(x):",
                f"    d = {{{', '.join(tag + lines)}}}",
                *body,
                "    return d",
            ]
            self._compile(source, f"{prefix}_{name}")

    def _differs(self, kind: type, f: Field[Any]) -> str:
        default = _default(f)
        if default is None:
            return "v_ is not None"
        if default in ((), {}, "", 0) and default is not False:
            return "v_"
        if isinstance(default, bool):
            return "not v_" if default else "v_"
        self.names[f"default_{kind.__name__}_{f.name}"] = default
        held = f"default_{kind.__name__}_{f.name}"
        return f"v_ is not {held} and v_ != {held}"

    def _write_get(self, kind: type, entries: list[tuple[Field[Any], Any]]) -> None:
        name = kind.__name__
        known = f"known_{name}"
        self.names[known] = {TAG, *(f.name for f, _ in entries)}
        source = [
            f"def get_{name}(d):",
            f"    if not d.keys() <= {known}:",
            f"        raise NotDecodable('{name} has ' + ', '.join(sorted(d.keys() - {known}))",
            "            + ': written by a newer version; run that one')",
            "    a = {}",
        ]
        for f, t in entries:
            put = f"a[{f.name!r}] = {self._decoding(t, f'd[{f.name!r}]')}"
            source.append(f"    if {f.name!r} in d: {put}" if _has_default(f) else f"    {put}")
        self._compile([*source, f"    return class_{name}(**a)"], f"get_{name}")

    def _compile(self, source: list[str], name: str) -> None:
        # Our own dataclasses are the only input: nothing from outside reaches this.
        exec(compile("\n".join(source), f"<records {name}>", "exec"), self.names)  # noqa: S102

    def pair(self, kind: Any) -> tuple[Code, Code]:
        """Return the functions that turn such a value into plain JSON values, and back."""
        self._compile(["def put(x):", f"    return {self._encoding(kind, 'x')}"], "put")
        self._compile(["def get(x):", f"    return {self._decoding(kind, 'x')}"], "get")
        return self.names["put"], self.names["get"]


def _has_default(f: Field[Any]) -> bool:
    return f.default is not MISSING or f.default_factory is not MISSING


def _default(f: Field[Any]) -> Any:
    if f.default_factory is not MISSING:
        return f.default_factory()
    return f.default


_generator = _Generator()
_put_event, _get_event = _generator.pair(Event)
_put_effects, _get_effects = _generator.pair(tuple[Effect, ...])
_put_state, _get_state = _generator.pair(State)
_put_plan, _get_plan = _generator.pair(Plan)
_put_calls, _get_calls = _generator.pair(tuple[Call, ...])
_put_because, _get_because = _generator.pair(Because)
_write = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder().decode


def _encode(put: Code, value: Any) -> bytes:
    try:
        return _write(put(value))
    except (KeyError, AttributeError, TypeError, UnicodeError, OverflowError) as error:
        raise NotEncodable(f"{type(value).__name__} cannot be written: {error!r}") from error


def _decode(get: Code, data: bytes | str) -> Any:
    try:
        return get(_read(data))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, NotDecodable):
            raise
        raise NotDecodable(f"record not understood by this version: {error!r}") from error


def encode_event(event: Event) -> bytes:
    """One event as JSON."""
    return _encode(_put_event, event)


def decode_event(data: bytes | str) -> Event:
    """Read an event back. Raises NotDecodable."""
    return _decode(_get_event, data)


def encode_effects(effects: tuple[Effect, ...]) -> bytes:
    """The effects of one step, in order, as JSON."""
    return _encode(_put_effects, effects) if effects else b"[]"


def decode_effects(data: bytes | str) -> tuple[Effect, ...]:
    """Read effects back. Raises NotDecodable."""
    return _decode(_get_effects, data)


def encode_state(state: State) -> bytes:
    """A whole State as JSON: a snapshot."""
    return _encode(_put_state, state)


def decode_state(data: bytes | str) -> State:
    """Read a snapshot back. Raises NotDecodable."""
    return _decode(_get_state, data)


def encode_plan(plan: Plan) -> bytes:
    """A plan as JSON."""
    return _encode(_put_plan, plan)


def decode_plan(data: bytes | str) -> Plan:
    """Read a plan back. Raises NotDecodable."""
    return _decode(_get_plan, data)


def encode_calls(calls: tuple[Call, ...]) -> bytes:
    """Calls as JSON: the spool carries them for the projection."""
    return _encode(_put_calls, calls)


def decode_calls(data: bytes | str) -> tuple[Call, ...]:
    """Read calls back. Raises NotDecodable."""
    return _decode(_get_calls, data)


def encode_because(because: Because) -> bytes:
    """Why something was decided, as JSON."""
    return _encode(_put_because, because)


def decode_because(data: bytes | str) -> Because:
    """Read a reason back. Raises NotDecodable."""
    return _decode(_get_because, data)


# --- The chain ----------------------------------------------------------------------


def genesis(house: str) -> str:
    """What the first row of a house is chained to."""
    return hashlib.sha256(f"bjelle journal {house}".encode()).hexdigest()


def payload_hash(payload: bytes) -> str:
    """The payload's own hash: it stays in the chain when the payload is erased."""
    return hashlib.sha256(payload).hexdigest()


def chain(
    previous: str,
    seq: int,
    at: datetime,
    kind: str,
    hashed_payload: str,
    decisions: bytes,
    core_version: str,
) -> str:
    """Return a row's digest: the previous row's, and everything of this one but its payload."""
    decided = hashlib.sha256(decisions).hexdigest()
    stamp = at.isoformat(timespec="microseconds")
    text = f"{previous}|{seq}|{stamp}|{kind}|{hashed_payload}|{decided}|{core_version}"
    return hashlib.sha256(text.encode()).hexdigest()
