"""The figures: hub/quality.py computes them, this only hands them out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from hub.api.problems import ApiProblem
from hub.api.wiring import Hub, TheHub, TheSession
from hub.auth import Session
from hub.comparison import Change, changed
from hub.quality import By, Figures, as_json, response_times
from hub.quality_csv import written

routes = APIRouter(prefix="/api/v1/quality", tags=["quality"])

LONGEST = timedelta(days=400)

Since = Annotated[AwareDatetime | None, Query(description="default: 7 days ago")]
Until = Annotated[AwareDatetime | None, Query(description="default: now")]


@dataclass(frozen=True, slots=True)
class _Asked:
    since: datetime
    until: datetime
    now: datetime


@routes.get("/response-times")
async def get_response_times(
    session: TheSession,
    hub: TheHub,
    since: Since = None,
    until: Until = None,
    by: By | None = None,
    *,
    compare: Annotated[
        bool, Query(description="each group with itself in the same time before")
    ] = False,
) -> dict[str, Any]:
    """Return response and arrival times; open calls count as open. No persons."""
    asked = _period(hub, since, until)
    figures = await _figures(hub, session, asked, by)
    answer = as_json(figures, _naming(hub, session, by))
    if compare:
        changes = await _changes(hub, session, asked, figures)
        for group in (answer["whole"], *answer["groups"]):
            group["before"] = _change_json(changes[group["key"]])
    return answer


@routes.get("/response-times.csv", response_class=Response)
async def get_response_times_as_csv(
    session: TheSession,
    hub: TheHub,
    since: Since = None,
    until: Until = None,
    by: By = "unit",
    lang: Literal["nb", "en"] = "nb",
) -> Response:
    """Return the same, with the period before, as a file for a spreadsheet."""
    asked = _period(hub, since, until)
    figures = await _figures(hub, session, asked, by)
    changes = await _changes(hub, session, asked, figures)
    text = written(figures, changes, _naming(hub, session, by), lang)
    name = f"svartid-{asked.since:%Y%m%d}-{asked.until:%Y%m%d}-{by}.csv"
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _period(hub: Hub, since: datetime | None, until: datetime | None) -> _Asked:
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
            code="period-too-long",
        )
    return _Asked(start, to, now)


async def _figures(hub: Hub, session: Session, asked: _Asked, by: By | None) -> Figures:
    return await response_times(
        hub.store, session.house, since=asked.since, until=asked.until, by=by, now=asked.now
    )


async def _changes(
    hub: Hub, session: Session, asked: _Asked, figures: Figures
) -> dict[str, Change]:
    """Return how each group did in as long a time before, the whole house under ''."""
    # Days are not the same ones in the period before: only the whole is compared then.
    by = None if figures.by == "day" else figures.by
    since = asked.since - (asked.until - asked.since)
    before = await _figures(hub, session, _Asked(since, asked.since, asked.now), by)
    then = {group.key: group for group in before.groups}
    changes = {group.key: changed(group, then.get(group.key)) for group in figures.groups}
    return {**changes, "": changed(figures.whole, before.whole)}


def _naming(hub: Hub, session: Session, by: By | None) -> Callable[[str], str]:
    return hub.names[session.house].unit if by == "unit" else str


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "calls": change.calls,
        "share_within": change.share_within,
        "median_s": None if change.median is None else change.median.total_seconds(),
        "verdict": change.verdict,
    }
