"""Zigbee2MQTT's `exposes`: what each property of a device means, from the bridge's own list.

The polarity of a contact and the words of a fall radar stand in the data (DEVICES fact 8), so
one mapping covers thousands of models; `devices/models/zigbee2mqtt/*.toml` holds the few names
whose meaning the exposes do not tell.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from devices.catalogue import Catalogue
from devices.envelope import EMPTY, Json, items, table, text
from devices.words import Word, raw_text

DEEPEST = 4
MOST_PROPERTIES = 400
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
        word = known.get(stem) if stem else None
        if word is None:
            return None
        word = replace(word, zone=suffix)
    if word.word == "battery_volts":
        return word if expose.unit in {"V", "mV"} else None
    if expose.type == "binary" and word.on is None and expose.value_on is not None:
        off = None if expose.value_off is None else raw_text(expose.value_off)
        return replace(word, on=raw_text(expose.value_on), off=off)
    return word


def known_words(catalogue: Catalogue, *models: str) -> Mapping[str, Word]:
    """Return the meaning of property names: the shared ones, overridden by the model's own."""
    shared = catalogue.get(PROPERTIES)
    found = dict(shared.properties) if shared else {}
    for name in models:
        model = catalogue.get(name)
        if model is not None:
            found.update(model.properties)
    return found


__all__ = ["EMPTY", "Exposed", "exposed", "known_words", "word_for"]
