"""Zigbee2MQTT's `exposes`: what each property of a device means, from the bridge's own list.

The polarity of a contact and the words of a fall radar stand in the data (DEVICES fact 8), so
one mapping covers thousands of models; `devices/models/zigbee2mqtt/*.toml` holds the few names
whose meaning the exposes do not tell.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from devices.catalogue import Catalogue
from devices.envelope import EMPTY, Json, items, table, text
from devices.words import Word, raw_text

DEEPEST = 4
MOST_PROPERTIES = 400
YES_OR_NO = frozenset(
    {"motion", "bed", "door", "closed", "tamper", "sos", "battery_low", "charging", "fault"}
)
ENDPOINT = re.compile(
    r"l?\d{1,3}|[a-z]|ep\d+|left|right|center|middle|top|bottom|in|out|front|back|main"
)
"""What follows a name when a device has it several times (`contact_left`, `occupancy_2`)."""
PROPERTIES = "zigbee2mqtt/properties"
"""The entry of the catalogue that says what property names mean."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """One property of a device, as the bridge describes it."""

    property: str
    type: str
    value_on: object = None
    value_off: object = None
    values: tuple[str, ...] = ()
    unit: str = ""


def exposed(exposes: object, depth: int = 0) -> Iterator[Exposed]:
    """Yield the properties of `exposes`, those inside features too."""
    if depth > DEEPEST:
        return
    for entry in items(exposes)[:MOST_PROPERTIES]:
        expose = table(entry)
        yield from exposed(expose.get("features", []), depth + 1)
        name = text(expose.get("property"))
        if name:
            yield _one(name, expose)


def _one(name: str, expose: Json) -> Exposed:
    return Exposed(
        property=name,
        type=text(expose.get("type")),
        value_on=expose.get("value_on"),
        value_off=expose.get("value_off"),
        values=tuple(text(v) for v in items(expose.get("values"))[:MOST_PROPERTIES]),
        unit=text(expose.get("unit"), 16),
    )


def word_for(expose: Exposed, known: Mapping[str, Word]) -> Word | None:
    """Return what a property means, or None where it is a setting or of no use.

    A name that our data knows keeps its word and takes its polarity from the bridge; endpoint
    suffixes (`contact_left`) fall back to the plain name.
    """
    name = expose.property
    word = known.get(f"{name}:{expose.type}") or known.get(name)
    if word is None:
        stem, _, suffix = name.rpartition("_")
        if not stem or ENDPOINT.fullmatch(suffix) is None:
            return None  # `occupancy_timeout` is a setting, `emergency_overheat` no person
        word = known.get(f"{stem}:{expose.type}") or known.get(stem)
        if word is None:
            return None
        word = replace(word, zone=suffix)
    if not _fits(word, expose):
        return None
    if word.word == "battery_volts":
        return word if expose.unit in {"V", "mV"} else None
    if expose.type == "binary" and word.on is None and expose.value_on is not None:
        off = None if expose.value_off is None else raw_text(expose.value_off)
        return replace(word, on=raw_text(expose.value_on), off=off)
    return word


def _fits(word: Word, expose: Exposed) -> bool:
    """Tell whether a property is of the kind that its name promises.

    `moving` of a curtain is a list of directions, `smoke_density` a number.
    """
    if word.means is not None or word.values:
        known = word.values if word.means is None else word.means
        return not expose.values or any(value in known for value in expose.values)
    if word.word in YES_OR_NO:
        return expose.type in {"binary", ""}
    return expose.type in {"numeric", "binary", ""}


def on_mains(described: Iterable[Exposed]) -> bool:
    """Tell whether a device measures what it draws and has no battery: its volts are mains."""
    names = {one.property.partition("_")[0] for one in described}
    return "battery" not in names and bool(names & {"power", "current", "energy"})


def known_words(catalogue: Catalogue, *models: str) -> Mapping[str, Word]:
    """Return the meaning of property names: the shared ones, overridden by the model's own."""
    shared = catalogue.get(PROPERTIES)
    found = dict(shared.properties) if shared else {}
    for name in models:
        model = catalogue.get(name)
        if model is not None:
            found.update(model.properties)
    return found


__all__ = ["EMPTY", "Exposed", "exposed", "known_words", "on_mains", "word_for"]
