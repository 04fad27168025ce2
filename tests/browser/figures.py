"""What the acceptance tests measured: printed, and kept in `test-output/acceptance.json`.

Correctness is asserted, time is told: the machine that runs the tests is nobody's telephone.
"""

import fcntl
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "test-output" / "acceptance.json"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return how many there are, and p50, p95, worst."""
    return {
        "n": len(values),
        "p50": round(percentile(values, 0.5), 1),
        "p95": round(percentile(values, 0.95), 1),
        "worst": round(max(values), 1),
    }


def tell(criterion: str, **figures: Any) -> None:
    """Print a criterion's figures and keep them; several processes may do so at once."""
    at = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251 - a note of the test
    told = {**figures, "at": at, "load": os.getloadavg()[0]}
    print(f"{criterion}: {json.dumps(told)}")  # noqa: T201 - a figure is to be read
    FILE.parent.mkdir(exist_ok=True)
    with FILE.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        kept: dict[str, Any] = json.loads(file.read() or "{}")
        kept[criterion] = told
        file.seek(0)
        file.truncate()
        file.write(json.dumps(dict(sorted(kept.items())), indent=2) + "\n")
