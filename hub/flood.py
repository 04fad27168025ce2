"""A bridge that says far more than its devices can: what of it is not read any more.

Reading a message costs a hundred times what counting it does, and a stranger who may publish
below a bridge's base topic decides how many there are. Each bridge has a bucket of tokens; one
that has emptied it is *flooding*. Of a flooding bridge only what nobody is the worse without is
let go of unread: sightings, and senders that nobody enrolled. Whatever an enrolled device or
the bridge itself says is read however much there is of it, so that a press gets through.

Pure: time is an argument, in seconds of a clock that never goes back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from routing.events import FaultMended, FaultNoticed
from routing.ids import BridgeId, HouseId

FLOOD = "bridge_flood"
"""Fault code: a bridge says more than it may; its strangers are not read."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a bridge may say before it floods."""

    per_s: float = 1000.0
    """For as long as it likes. Forty tags heard by twenty receivers each second are 800."""
    burst: float = 5000.0
    """At once: all retained messages of a large bridge, when the hub connects."""
    calm_s: float = 60.0
    """It has flooded until it has kept within `per_s` for so long."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float
    emptied_at: float | None = None
    """When it last was empty; None: it does not flood."""
    told: bool = False
    shed: int = 0
    """Since it began."""


class Floods:
    """The buckets of all bridges behind one broker."""

    def __init__(self, allowance: Allowance | None = None) -> None:
        """Nobody has said anything."""
        self._allowance = Allowance() if allowance is None else allowance
        self._buckets: dict[tuple[HouseId, BridgeId], _Bucket] = {}
        self.shed = 0
        """Messages that were not read, since the process started."""

    def keep_only(self, house: HouseId, bridges: Iterable[BridgeId]) -> None:
        """Forget the bridges that the house no longer has."""
        known = {(house, bridge) for bridge in bridges}
        self._buckets = {
            key: one for key, one in self._buckets.items() if key[0] != house or key in known
        }

    def takes(self, house: HouseId, bridge: BridgeId, now_s: float, *, spare: bool) -> bool:
        """Return whether to read a message of this bridge.

        Args:
            house: whose bridge; two houses may call theirs the same.
            bridge: whose topic it came under.
            now_s: seconds of a clock that never goes back.
            spare: nobody is the worse if it is not read: a sighting, a stranger.
        """
        allowance = self._allowance
        key = house, bridge
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(allowance.burst, now_s)
        gained = max(0.0, now_s - bucket.filled_at) * allowance.per_s
        bucket.tokens = min(allowance.burst, bucket.tokens + gained)
        bucket.filled_at = max(bucket.filled_at, now_s)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return True
        bucket.emptied_at = now_s
        if not spare:
            return True  # counted, and read all the same
        bucket.shed += 1
        self.shed += 1
        return False

    def floods(self, house: HouseId, bridge: BridgeId) -> bool:
        """Return whether a bridge has emptied its bucket and not been calm since."""
        bucket = self._buckets.get((house, bridge))
        return bucket is not None and bucket.emptied_at is not None

    def news(self, now_s: float) -> tuple[tuple[HouseId, FaultNoticed | FaultMended], ...]:
        """Return which bridges began to flood and which became calm, each once, by house."""
        found: list[tuple[HouseId, FaultNoticed | FaultMended]] = []
        for (house, bridge), bucket in self._buckets.items():
            if bucket.emptied_at is None:
                continue
            if not bucket.told:
                bucket.told = True
                said = self._said(bridge, bucket.shed)
                found.append((house, FaultNoticed(FLOOD, said, bridge=bridge)))
            if now_s - bucket.emptied_at >= self._allowance.calm_s:
                bucket.emptied_at, bucket.told, bucket.shed = None, False, 0
                found.append((house, FaultMended(FLOOD, bridge=bridge)))
        return tuple(found)

    def _said(self, bridge: BridgeId, shed: int) -> str:
        return (
            f"{bridge} says more than {self._allowance.per_s:.0f} messages a second; {shed} of "
            "strangers and sightings were not read, enrolled devices are: look at what "
            "publishes there, and at its broker user"
        )
