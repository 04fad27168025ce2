"""Who may say and hear what at the broker, made from the plan (DEVICES section 6.7).

One user for the hub, one for each bridge (only its own base topic), one for boards and lamps
in the corridor, which may read what the hub tells and nothing else. A stolen bridge password
cannot press another bridge's alarms, and nobody but the hub can say that a call is over.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from routing.plan import Bridge, Plan

HUB = "hub"
BOARD = "board"
SALT_BYTES = 12
HASH_BYTES = 64
ROUNDS = 101
"""Mosquitto's own default. Our passwords are drawn with 192 bits: nobody guesses them."""
GATEWAYS = ("gateway/+/state/+", "+/gateway/+/state/+")
"""Where ChirpStack's gateways tell that they are alive, with and without a region's prefix."""
ANSWERS = {
    "zigbee2mqtt": ("+/set",),
    "chirpstack": ("device/+/command/down", "+/device/+/command/down"),
    "thethingsstack": ("devices/+/down/push", "+/devices/+/down/push"),
    "shelly": ("+/rpc",),
}
"""What devices/answers.py publishes below each ecosystem's base topic, with or without the
application in it."""


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """One user of the broker, and what it may read and write (MQTT filters)."""

    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    what: str = ""
    """For the person who types the password somewhere."""


def users(plan: Plan) -> tuple[BrokerUser, ...]:
    """Return everybody who may connect: the hub, each bridge, the boards."""
    bridges = tuple(plan.bridges.values())
    return (
        _hub(bridges),
        *(_bridge(bridge) for bridge in bridges),
        BrokerUser(
            BOARD,
            reads=(f"bjelle/{plan.house}/status", f"bjelle/{plan.house}/call/+"),
            what="boards and lamps in the corridor: they read, and cannot write",
        ),
    )


def _hub(bridges: Sequence[Bridge]) -> BrokerUser:
    heard = [f"{_base(bridge)}/#" for bridge in bridges]
    if any(bridge.ecosystem == "chirpstack" for bridge in bridges):
        heard += GATEWAYS
    return BrokerUser(
        HUB,
        reads=("bjelle/#", *dict.fromkeys(heard)),
        writes=("bjelle/#", *dict.fromkeys(_answers(bridges))),
        what="the hub itself: BJELLE_MQTT_USERNAME and BJELLE_MQTT_PASSWORD",
    )


def _answers(bridges: Sequence[Bridge]) -> Iterator[str]:
    """Return where the hub tells a patient, through the device, that somebody comes."""
    for bridge in bridges:
        for answers in ANSWERS.get(bridge.ecosystem, ()):
            yield f"{_base(bridge)}/{answers}"


def _bridge(bridge: Bridge) -> BrokerUser:
    own = f"{_base(bridge)}/#"
    more = GATEWAYS if bridge.ecosystem == "chirpstack" else ()
    return BrokerUser(
        f"bridge-{bridge.id}",
        reads=(own,),
        writes=(own, *more),
        what=f"the {bridge.ecosystem} bridge {bridge.id}: its MQTT user and password",
    )


def _base(bridge: Bridge) -> str:
    base = bridge.base_topic.strip("/") or bridge.ecosystem
    if any(sign in base for sign in "+#\n\r"):
        raise ValueError(
            f"bridge {bridge.id} has the base topic {base!r}, which may hold no +, # or "
            "line break: correct `base_topic` in the house file"
        )
    return base


def acl(people: Sequence[BrokerUser]) -> str:
    """Return Mosquitto's `acl_file`."""
    lines = [
        "# Written by `bjelle broker acl` from the house's plan: do not edit, make it again.",
        "# Who is not named here may do nothing.",
    ]
    for user in people:
        both = [topic for topic in user.reads if topic in user.writes]
        lines += ["", f"# {user.what}", f"user {user.name}"]
        lines += [f"topic readwrite {topic}" for topic in both]
        lines += [f"topic read {topic}" for topic in user.reads if topic not in both]
        lines += [f"topic write {topic}" for topic in user.writes if topic not in both]
    return "\n".join([*lines, ""])


def new_password() -> str:
    """Draw a password that nobody has to remember."""
    return secrets.token_urlsafe(24)


def hashed(password: str) -> str:
    """Return a password as Mosquitto 2 keeps it: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS, HASH_BYTES)
    return f"$7${ROUNDS}${_b64(salt)}${_b64(digest)}"


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def password_file(
    people: Sequence[BrokerUser], before: str = "", *, renew: bool = False
) -> tuple[str, Mapping[str, str]]:
    """Return Mosquitto's `password_file`, and the passwords of those who are new in it.

    Who stands in the file `before` keeps the password, unless all are renewed; who is no longer
    in the plan is gone.
    """
    kept = {} if renew else dict(line.split(":", 1) for line in before.split() if ":" in line)
    fresh = {user.name: new_password() for user in people if user.name not in kept}
    lines = [
        f"{user.name}:{hashed(fresh[user.name]) if user.name in fresh else kept[user.name]}"
        for user in people
    ]
    return "\n".join([*lines, ""]), fresh
