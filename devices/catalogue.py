"""The catalogue: models as data, one or many to a file, under `devices/models/<ecosystem>/`.

`load()` reads and checks them once. A mistake in a file is an error at start with the file, the
model and the field in it, never a surprise at night. `schema.json` beside the files describes
them for an editor.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import cast

from devices.codec import UPLINK_WINDOW
from devices.layouts.fields import FIXED_TEXT, NUMBERS, ODD, Condition, Field, Variant
from devices.words import WORDS, Word
from routing.readings import DeviceClass

Toml = Mapping[str, object]
MAX_AGE = timedelta(minutes=10)


class BadModelError(ValueError):
    """A model file says something that the catalogue does not understand."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One value in JSON: at which topic and path it stands, and which word it carries."""

    word: Word
    topic: str = ""
    """What follows the device's own topic; may hold `+`. Empty: the device's topic itself."""
    paths: tuple[tuple[str, ...], ...] = ()
    """Alternatives; none: the payload is the value (plain text)."""
    beside: tuple[tuple[str, ...], ...] = ()
    """A second value that belongs to the first: the word then sees `first/second`."""


@dataclass(frozen=True, slots=True)
class Accepts:
    """A server-decoded object, trusted only from this codec in this version (fact 6)."""

    codec: str
    version: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of a model: how it is recognised, read, supervised."""

    id: str
    version: int
    device_class: DeviceClass
    source: str
    experimental: bool = False
    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """How discovery recognises it: `chirpstack_profile`, `tts_model`, `z2m_model`."""
    variants: tuple[Variant, ...] = ()
    rules: tuple[Rule, ...] = ()
    properties: Mapping[str, Word] = field(default_factory=dict[str, Word])
    """Zigbee2MQTT: overrides of what the exposes say."""
    accepts: tuple[Accepts, ...] = ()
    key_window: timedelta = UPLINK_WINDOW
    expect_every: timedelta | None = None
    grace: float = 1.5
    max_age: timedelta = MAX_AGE
    prefix: str = ""
    """JSON models: what stands between base topic and native id."""
    answers: Mapping[str, Toml] = field(default_factory=dict[str, Toml])
    """What shows the patient `received` or `coming` (devices/answers.py)."""


Catalogue = Mapping[str, Model]


def words_of(given: object, where: str) -> tuple[Word, ...]:
    """Return the words of one entry: a table, or a list of tables."""
    if isinstance(given, list):
        return tuple(w for one in cast("list[object]", given) for w in words_of(one, where))
    entry = _table(given, where)
    if "word" not in entry:
        return ()
    return (word_of(entry, where),)


def word_of(entry: Toml, where: str) -> Word:
    """Return one word with its options.

    Raises:
        BadModelError: a word that `devices.words` does not know.
    """
    name = str(entry["word"])
    if name not in WORDS:
        raise BadModelError(
            f"{where}: no word is called {name!r}; the words are in devices/words.py"
        )
    means = entry.get("means")
    return Word(
        word=name,
        name=str(entry.get("name", "")),
        unit=str(entry.get("unit", "")),
        zone=str(entry.get("zone", "")),
        what=str(entry.get("what", "")),
        values={str(k): str(v) for k, v in _table(entry.get("values", {}), where).items()},
        none=frozenset(str(v) for v in _list(entry.get("none", []), where)),
        on=_text(entry.get("on")),
        off=_text(entry.get("off")),
        means=None if means is None else _meanings(_table(means, where), where),
        otherwise=str(entry.get("otherwise", "")),
        empty_volts=_number(entry.get("empty_volts")),
        full_volts=_number(entry.get("full_volts")),
    )


def _meanings(table: Toml, where: str) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for raw, pairs in table.items():
        meaning: list[tuple[str, str]] = []
        for pair in _list(pairs, where):
            word, token = (str(part) for part in _list(pair, where))
            if word not in WORDS:
                raise BadModelError(f"{where}: no word is called {word!r} (in means.{raw})")
            meaning.append((word, token))
        found[raw] = tuple(meaning)
    return found


def field_of(given: object, where: str, *, little: bool) -> Field:
    """Return one field of a payload."""
    entry = _table(given, where)
    kind, _, size = str(entry.get("type", "u8")).partition(":")
    if kind.endswith(("le", "be")):
        kind, little = kind[:-2], kind.endswith("le")
    if (
        kind not in NUMBERS
        and kind not in ODD
        and kind not in (*FIXED_TEXT, "calendar", "rest", "text8", "none")
    ):
        raise BadModelError(f"{where}: no field type is called {kind!r}; see devices/README.md")
    bits = _list(entry.get("bits", []), where)
    shift, width = (int(str(b)) for b in bits) if bits else (0, 0)
    at = entry.get("at")
    digits = entry.get("digits")
    return Field(
        type=kind,
        words=words_of(entry.get("words", entry), where),
        name=str(entry.get("name", entry.get("word", ""))),
        at=None if at is None else int(str(at)),
        size=int(size) if size else None,
        little=little,
        shift=shift,
        mask=(1 << width) - 1,
        signed_bits=width if entry.get("signed") else 0,
        scale=float(str(entry.get("scale", 1.0))),
        add=float(str(entry.get("add", 0.0))),
        invalid=frozenset(int(str(v)) for v in _list(entry.get("invalid", []), where)),
        optional=bool(entry.get("optional")),
        digits=None if digits is None else int(str(digits)),
        gap=int(str(entry.get("gap", 0))),
        only=tuple(_condition(c, where) for c in _list(entry.get("only", []), where)),
    )


def fields_of(given: object, where: str, *, little: bool) -> tuple[Field, ...]:
    """Return the fields of a record: one table, or a list of them."""
    several = _several(given, where)
    return tuple(field_of(one, where, little=little) for one in several)


def variant_of(given: object, shared: Mapping[str, Toml], where: str) -> Variant:
    """Return one kind of message of a model."""
    entry = _table(given, where)
    little = entry.get("endian", "little") == "little"
    tables: dict[str, object] = {}
    for name in _list(entry.get("include", []), where):
        if str(name) not in shared:
            raise BadModelError(
                f"{where}: includes {name!r}, which no file of this folder shares"
            )
        tables.update(shared[str(name)])
    tables.update(_table(entry.get("table", {}), where))
    records: dict[bytes, tuple[Field, ...]] = {}
    wild: dict[bytes, tuple[Field, ...]] = {}
    for key, record in tables.items():
        into = wild if key.startswith("*") else records
        found = fields_of(record, f"{where}.{key}", little=little)
        into[bytes.fromhex(key.lstrip("*"))] = found
    return Variant(
        name=str(entry.get("name", "")),
        ports=frozenset(int(str(p)) for p in _list(entry.get("port", []), where)),
        when=tuple(_condition(c, where) for c in _list(entry.get("when", []), where)),
        min_length=int(str(entry.get("min_length", 0))),
        max_length=int(str(entry.get("max_length", 1 << 16))),
        fields=fields_of(entry.get("fields", []), f"{where}.fields", little=little),
        repeat=fields_of(entry.get("repeat", []), f"{where}.repeat", little=little),
        key_bytes=int(str(entry.get("key_bytes", 0))),
        table=records,
        wild=wild,
        tail=str(entry.get("tail", "problem")),
    )


def _condition(given: object, where: str) -> Condition:
    entry = _table(given, where)
    mask = int(str(entry.get("mask", 0xFF)))
    wanted = frozenset(int(str(value)) for value in _several(entry["is"], where))
    return Condition(int(str(entry["at"])), mask, wanted)


def rule_of(given: object, where: str) -> Rule:
    """Return one JSON rule."""
    entry = _table(given, where)
    return Rule(
        word=word_of(entry, where),
        topic=str(entry.get("topic", "")),
        paths=_paths(entry.get("path", []), where),
        beside=_paths(entry.get("beside", []), where),
    )


def _paths(given: object, where: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(str(path).split(".")) for path in _several(given, where))


def model_of(name: str, entry: Toml, shared: Mapping[str, Toml], file: str) -> Model:
    """Return one model.

    Raises:
        BadModelError: with the file, the model and the field.
    """
    where = f"{file}: model {name!r}"
    try:
        return _model(name, entry, shared, where)
    except (KeyError, ValueError) as error:
        if isinstance(error, BadModelError):
            raise
        raise BadModelError(f"{where}: {error!r}") from error


def _model(name: str, entry: Toml, shared: Mapping[str, Toml], where: str) -> Model:
    every = _table(entry.get("supervision", {}), where).get("expect_every_s")
    grace = _table(entry.get("supervision", {}), where).get("grace", 1.5)
    window = _table(entry.get("dedupe", {}), where).get("window_s")
    found = Model(
        id=name,
        version=int(str(entry["version"])),
        device_class=DeviceClass(str(entry["class"])),
        source=str(entry["source"]),
        experimental=bool(entry.get("experimental")),
        match={
            key: tuple(str(v) for v in _several(v, where))
            for key, v in _table(entry.get("match", {}), where).items()
        },
        variants=tuple(
            variant_of(v, shared, f"{where}.message")
            for v in _list(entry.get("message", []), where)
        ),
        rules=tuple(rule_of(r, f"{where}.value") for r in _list(entry.get("value", []), where)),
        properties={
            key: word_of(_table(v, where), f"{where}.property.{key}")
            for key, v in _table(entry.get("property", {}), where).items()
        },
        accepts=tuple(
            Accepts(
                str(_table(a, where)["codec"]),
                str(_table(a, where)["version"]),
                tuple(rule_of(r, where) for r in _list(_table(a, where)["value"], where)),
            )
            for a in _list(entry.get("accepts", []), where)
        ),
        key_window=UPLINK_WINDOW if window is None else timedelta(seconds=float(str(window))),
        expect_every=None if every is None else timedelta(seconds=float(str(every))),
        grace=float(str(grace)),
        max_age=timedelta(seconds=float(str(entry.get("max_age_live_s", 600)))),
        prefix=str(entry.get("prefix", "")),
        answers={
            kind: _table(said, f"{where}.answer.{kind}")
            for kind, said in _table(entry.get("answer", {}), where).items()
        },
    )
    if found.experimental and found.device_class is DeviceClass.ALARM:
        raise BadModelError(
            f"{where}: an experimental model cannot be class alarm; add vectors"
        )
    return found


@cache
def load() -> Catalogue:
    """Return every model that ships with us, checked.

    Raises:
        BadModelError: a file is wrong; the sentence says which and where.
    """
    return read(files("devices") / "models")


def read(root: Traversable) -> Catalogue:
    """Return the models of a folder (an operator's own may lie elsewhere)."""
    found: dict[str, Model] = {}
    for folder in sorted(root.iterdir(), key=lambda f: f.name):
        if not folder.is_dir():
            continue
        parsed = dict(_parsed(folder))
        shared = {
            name: _table(table, file)
            for file, content in parsed.items()
            for name, table in _table(content.get("shared", {}), file).items()
        }
        for file, content in parsed.items():
            for name, entry in _table(content.get("model", {}), file).items():
                if name in found:
                    raise BadModelError(
                        f"{file}: model {name!r} exists already; names are unique"
                    )
                found[name] = model_of(name, _table(entry, file), shared, file)
    return found


def _parsed(folder: Traversable) -> Iterator[tuple[str, Toml]]:
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".toml"):
            continue
        try:
            yield f"{folder.name}/{file.name}", tomllib.loads(file.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise BadModelError(f"{folder.name}/{file.name}: not TOML: {error}") from error


def suggest(catalogue: Catalogue, kind: str, *names: str) -> str:
    """Return the model whose `match` names one of these (case-blind), or empty."""
    wanted = {name.casefold() for name in names if name}
    for model in catalogue.values():
        if any(name.casefold() in wanted for name in model.match.get(kind, ())):
            return model.id
    return ""


def _table(given: object, where: str) -> Toml:
    if not isinstance(given, Mapping):
        raise BadModelError(f"{where}: expected a table, found {given!r}")
    return cast("Toml", given)


def _list(given: object, where: str) -> list[object]:
    if not isinstance(given, list):
        raise BadModelError(f"{where}: expected a list, found {given!r}")
    return cast("list[object]", given)


def _several(given: object, where: str) -> list[object]:
    return _list(cast("object", given), where) if isinstance(given, list) else [given]


def _text(given: object) -> str | None:
    if given is None:
        return None
    return ("true" if given else "false") if isinstance(given, bool) else str(given)


def _number(given: object) -> float | None:
    return None if given is None else float(str(given))
