"""Proposals for enrolment: discovery proposes, a person chooses, a proof press makes it active.

Pure helpers; who may enrol, and the proof itself, belong to the hub (DEVICES section 6).
"""

from dataclasses import dataclass
from datetime import timedelta

from devices.catalogue import Catalogue, Model, load
from devices.codec import Discovered
from devices.envelope import parsed
from devices.exposes import exposed
from routing.readings import DeviceClass

GUARDS = frozenset({"fall_status", "fall_down_status", "pressure_state", "contact"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to offer the technician, with the reason in words."""

    native: str
    name: str
    model: str
    device_class: DeviceClass
    expect_every: timedelta | None
    because: str
    prove: tuple[str, ...] = ()
    """What must be provoked before the device may be active."""


def suggest(found: Discovered, catalogue: Catalogue | None = None) -> Suggestion:
    """Return the model to propose for a discovered device."""
    catalogue = load() if catalogue is None else catalogue
    model = catalogue.get(found.model)
    names = {one.property for one in exposed(parsed(found.exposes.encode()))}
    if model is None:
        because = "no model of the catalogue names it: choose one, or add its file"
        return Suggestion(
            found.native, found.name, "", DeviceClass.COMFORT, None, because, _proofs(names)
        )
    device_class = _class_of(model, names)
    because = f"{model.id} (version {model.version}): {model.source}"
    return Suggestion(
        found.native,
        found.name,
        model.id,
        device_class,
        model.expect_every,
        because,
        _proofs(names) or (("press",) if device_class is DeviceClass.ALARM else ()),
    )


def suggestions(
    found: tuple[Discovered, ...], catalogue: Catalogue | None = None
) -> tuple[Suggestion, ...]:
    """Return a proposal for each discovered device."""
    return tuple(suggest(one, catalogue) for one in found)


def _class_of(model: Model, names: set[str]) -> DeviceClass:
    """A sensor that watches a door, a bed or for falls is more than comfort."""
    if model.device_class is DeviceClass.COMFORT and names & GUARDS:
        return DeviceClass.SAFETY
    return model.device_class


def _proofs(names: set[str]) -> tuple[str, ...]:
    wanted = (
        ("action", "press"),
        ("sos", "press"),
        ("contact", "open and close"),
        ("fall_status", "a fall"),
        ("fall_down_status", "a fall"),
        ("pressure_state", "out of bed and back"),
    )
    return tuple(dict.fromkeys(proof for name, proof in wanted if name in names))
