"""Taking a house file in use while the hub runs."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from hub import house_yaml
from hub.accounts import Accounts
from hub.api import frames
from hub.api.problems import ApiProblem, store_away
from hub.api.sessions import end_session
from hub.api.wiring import Hub, TheHub, TheSession
from hub.engine import EngineStopped
from hub.house import HouseFile, HouseFileError, parse
from hub.house_standing import HouseStands
from hub.house_store import LoginTaken
from hub.store.rows import StoreDown
from routing.ids import HouseId

routes = APIRouter(prefix="/api/v1", tags=["the house"])

LARGEST_BYTES = 4 * house_yaml.LARGEST
"""Four bytes a character at most."""
PROBLEMS_TOLD = 200
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/yaml": {"schema": {"type": "string"}}},
    }
}


class HouseAdopted(BaseModel):
    """What became of a house file."""

    house: str
    version: int = Field(description="the plan that is decided with now")
    before: int = Field(description="the version before; the same where nothing changed")
    changed: list[str] = Field(description="parts of the plan that differ: `devices`, `rules`")


@routes.post("/house", openapi_extra=BODY)
async def adopt(request: Request, session: TheSession, hub: TheHub) -> HouseAdopted:
    """Take a house file (the body, as YAML) in use at once: plan, names, logins, devices."""
    file = await _read(request)
    if file.house.id != session.house:
        raise _another_house(file.house.id, session.house)
    try:
        adopted = await hub.houses.adopt(file, session.staff)
    except LoginTaken as error:
        raise ApiProblem(
            409, "login-taken", "Login taken", str(error), do="change `login` in the file"
        ) from error
    except HouseStands as error:
        raise _stands(error) from error
    except LookupError as error:
        raise _another_house(file.house.id, session.house) from error
    except StoreDown as error:
        raise store_away(str(error)) from error
    except EngineStopped as error:
        raise _stopping() from error
    await _show_out(hub, session.house)
    return HouseAdopted(
        house=session.house,
        version=adopted.plan.version,
        before=adopted.before,
        changed=list(adopted.changed),
    )


async def _read(request: Request) -> HouseFile:
    text = await _text(request)
    try:
        # A big file takes a second to read: not on the loop that rings.
        return await asyncio.to_thread(parse, text, "the file")
    except HouseFileError as error:
        raise _refused(error) from error


async def _text(request: Request) -> str:
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > LARGEST_BYTES:
            raise ApiProblem(
                413,
                "too-large",
                "Too large",
                f"larger than {LARGEST_BYTES:,} bytes: not a house file",
                do="send one house file, as YAML",
            )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problem = house_yaml.Problem(line, "", "is not UTF-8: save the file as UTF-8")
        raise _refused(HouseFileError("the file", (problem,))) from error


async def _show_out(hub: Hub, house: HouseId) -> None:
    """Let the changed accounts hold at once; who left the house leaves the telephones too."""
    state, accounts = hub.engines[house].state, hub.accounts
    gone = [
        session
        for handset in tuple(state.handsets)
        for session in accounts.on_telephone(house, handset)
        if session.staff not in state.plan.staff
    ]
    try:
        for session in gone:
            await end_session(hub, session, frames.ByeReason.SIGNED_OUT)
    except EngineStopped:
        return  # the plan is in the store; the hub is stopping
    await _reload(accounts)


async def _reload(accounts: Accounts) -> None:
    try:
        await accounts.load()
    except (SQLAlchemyError, StoreDown, OSError, TimeoutError):
        return  # they are read again every few seconds


def _refused(error: HouseFileError) -> ApiProblem:
    """Every problem of the file, with where it is and what was expected."""
    count = len(error.problems)
    first = error.problems[0].sentence(error.file)
    refused = ApiProblem(
        422,
        "house-file",
        "House file refused",
        f"{count} problem{'s' * (count != 1)}, nothing was changed; the first: {first}",
        do="correct what `errors` names, try it with `bjelle house check FILE`, send it again",
    )
    refused.body.errors = [
        {"line": str(problem.line), "path": problem.path, "text": problem.text}
        for problem in error.problems[:PROBLEMS_TOLD]
    ]
    return refused


def _stands(error: HouseStands) -> ApiProblem:
    """The file would undo what was decided in the house meanwhile."""
    path, text = error.problems[0]
    problem = ApiProblem(
        409,
        "house-stands",
        "The house stands",
        f"nothing was changed: {path}: {text}",
        do="correct what `errors` names, or export the house as it is now and change that",
    )
    problem.body.errors = [
        {"path": path, "text": text} for path, text in error.problems[:PROBLEMS_TOLD]
    ]
    return problem


def _another_house(given: str, here: str) -> ApiProblem:
    return ApiProblem(
        409,
        "another-house",
        "Another house",
        f"the file is of {given!r}; you are signed in at {here!r}",
        do="sign in at that house; a new house is imported with `bjelle house import FILE "
        "--offline`, and runs from the hub's next start",
    )


def _stopping() -> ApiProblem:
    return ApiProblem(
        503,
        "stopping",
        "The hub is stopping",
        "the hub stops just now: the file may be stored, and is in use at the next start",
        do="send it again when the hub is back; what is the same changes nothing",
        retry_after_s=10,
    )
