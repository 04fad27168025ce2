"""How often one caller may try to sign in: a bucket each, in memory, bounded."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from hub.api.problems import ApiProblem

BURST = 20.0
"""Tries at once: a whole shift signs in on one telephone, or from behind one proxy."""
EACH_S = 3.0
"""One more try each so many seconds: 20 a minute, against 10,000 PINs at the least."""
CALLERS_KEPT = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limits:
    """Counts tries by caller. `seconds` tells time that never goes back."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def sign_in(self, caller: str) -> None:
        """Count one try.

        Raises:
            ApiProblem: 429, with when to try again.
        """
        now = self._seconds()
        bucket = self._buckets.setdefault(caller, _Bucket(BURST, now))
        self._buckets.move_to_end(caller)
        while len(self._buckets) > CALLERS_KEPT:
            self._buckets.popitem(last=False)
        bucket.left = min(BURST, bucket.left + (now - bucket.at) / EACH_S)
        bucket.at = now
        if bucket.left < 1:
            wait_s = max(1, round((1 - bucket.left) * EACH_S))
            raise ApiProblem(
                429,
                "too-many-tries",
                "Too many tries",
                "too many tries to sign in from here",
                do=f"wait {wait_s} s",
                retry_after_s=wait_s,
                params={"seconds": str(wait_s)},
            )
        bucket.left -= 1
