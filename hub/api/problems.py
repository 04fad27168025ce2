"""Errors as problem+json (RFC 9457): what happened, to whom or what, and what to do next."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What a caller gets instead of an answer."""

    type: str = Field(description="Stable name: `urn:bjelle:problem:<name>`")
    title: str
    status: int
    detail: str = Field(description="Who or what it is about, and what is wrong")
    next: str = Field(description="What to do about it")
    code: str = Field(
        "", description="Stable: what exactly is refused, for who words it in another language"
    )
    params: dict[str, str] = Field(
        default_factory=dict[str, str], description="What the words of `code` are about"
    )
    instance: str | None = None
    errors: list[dict[str, str]] = Field(default_factory=list[dict[str, str]])
    retry_after_s: int | None = None


class ApiProblem(Exception):  # noqa: N818 - named as its answer is
    """Raise this where a request cannot be met."""

    def __init__(
        self,
        status: int,
        name: str,
        title: str,
        detail: str,
        *,
        do: str,
        retry_after_s: int = 0,
        code: str = "",
        params: Mapping[str, str] | None = None,
    ) -> None:
        """Say it; `code` names it more closely than `name`, where several share that."""
        super().__init__(detail)
        self.status = status
        self.body = Problem(
            type=f"urn:bjelle:problem:{name}",
            title=title,
            status=status,
            detail=detail,
            next=do,
            code=code or name,
            params=dict(params or {}),
            retry_after_s=retry_after_s or None,
        )


def answer(problem: Problem) -> JSONResponse:
    """Return the problem as a response."""
    headers = {"Cache-Control": "no-store"}
    if problem.retry_after_s:
        headers["Retry-After"] = str(problem.retry_after_s)
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=problem.status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def not_signed_in(path: str) -> ApiProblem:
    """Nobody is signed in, or no longer."""
    return ApiProblem(
        401,
        "not-signed-in",
        "Not signed in",
        f"{path} needs somebody signed in, and this request has no valid session",
        do="POST /api/v1/session with login and password, or with staff and PIN on a telephone",
    )


def not_yours(path: str, who: str, needed: str) -> ApiProblem:
    """Somebody is signed in whose role does not cover this."""
    return ApiProblem(
        403,
        "role-not-allowed",
        "Not for this role",
        f"{path} is for {needed}; you are {who}",
        do="ask somebody with that role, or have a leader change yours with `bjelle user`",
        params={"role": who},
    )


def no_such(what: str, id_: str, *, do: str) -> ApiProblem:
    """There is no such thing, or not for this person."""
    return ApiProblem(
        404,
        "not-found",
        "Not found",
        f"there is no {what} {id_!r}",
        do=do,
        code=f"no-such-{what}",
        params={"id": id_},
    )


def store_away(detail: str) -> ApiProblem:
    """The database does not answer."""
    return ApiProblem(
        503,
        "store-away",
        "The store is away",
        f"{detail}; calls still ring",
        do="try again in a minute; the technician sees it on the status page",
        retry_after_s=30,
    )


async def on_problem(request: Request, error: Exception) -> JSONResponse:
    """Turn what a route raised into its answer."""
    assert isinstance(error, ApiProblem)
    return answer(error.body.model_copy(update={"instance": request.url.path}))


async def on_http(request: Request, error: Exception) -> JSONResponse:
    """Turn the framework's own errors into problems."""
    assert isinstance(error, HTTPException)
    problem = Problem(
        type="urn:bjelle:problem:" + ("not-found" if error.status_code == 404 else "refused"),
        title=str(error.detail),
        code="not-found" if error.status_code == 404 else "refused",
        status=error.status_code,
        detail=f"{request.method} {request.url.path}: {error.detail}",
        next="see /api/v1/openapi.json for what there is",
        instance=request.url.path,
    )
    return answer(problem)


async def on_invalid(request: Request, error: Exception) -> JSONResponse:
    """Say which field is wrong; never repeat its value, which may be a secret."""
    assert isinstance(error, RequestValidationError)
    wrong = [
        {"field": _field(e["loc"]), "expected": str(e["msg"]), "code": str(e["type"])}
        for e in error.errors()
    ]
    fields = ", ".join(one["field"] for one in wrong)
    problem = Problem(
        type="urn:bjelle:problem:invalid",
        title="Request not understood",
        code="invalid",
        status=422,
        detail=f"{request.method} {request.url.path}: not as expected: {fields}",
        next="correct the fields named in `errors` and send it again",
        instance=request.url.path,
        errors=wrong,
    )
    return answer(problem)


def _field(place: tuple[Any, ...] | list[Any]) -> str:
    return ".".join(str(part) for part in place)
