"""The figures: hub/quality.py computes them, this only hands them out."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from hub.api.problems import ApiProblem
from hub.api.wiring import TheHub, TheSession
from hub.quality import By, as_json, response_times

routes = APIRouter(prefix="/api/v1/quality", tags=["quality"])

LONGEST = timedelta(days=400)


@routes.get("/response-times")
async def get_response_times(
    session: TheSession,
    hub: TheHub,
    since: Annotated[AwareDatetime | None, Query(description="default: 7 days ago")] = None,
    until: Annotated[AwareDatetime | None, Query(description="default: now")] = None,
    by: By | None = None,
) -> dict[str, Any]:
    """Return response and arrival times; open calls count as open. No persons."""
    now = hub.clock.now()
    to = min(until or now, now)
    start = since or to - timedelta(days=7)
    if not timedelta(0) < to - start <= LONGEST:
        raise ApiProblem(
            422,
            "invalid",
            "Request not understood",
            f"from {start.isoformat()} to {to.isoformat()} is not a time of up to 400 days",
            do="give `since` before `until`, both with a zone, at most 400 days apart",
        )
    names = hub.names[session.house]
    naming = names.unit if by == "unit" else str
    figures = await response_times(
        hub.store, session.house, since=start, until=to, by=by, now=now
    )
    return as_json(figures, naming)
