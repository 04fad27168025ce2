"""A rehearsal beside the hub: a process of its own, so that no call waits for a question."""

import asyncio
import json
import os
import sys
from datetime import datetime
from typing import Any

from hub.api.problems import ApiProblem
from hub.api.wiring import Hub
from hub.rule_draft import Fields
from routing.ids import HouseId

WITHIN_S = 120.0
HUMBLY = "import os; os.nice(10); from hub.cli import main; main()"
"""`bjelle`, after everybody else."""
_one = asyncio.Semaphore(1)
"""Two at a time would take both cores from those who ring."""


async def rehearsal(
    hub: Hub,
    house: HouseId,
    name: str,
    written: Fields,
    *,
    nights: int,
    until: datetime,
    lang: str,
) -> dict[str, Any]:
    """Run `bjelle rehearse` at low priority, and return what it tells."""
    if _one.locked():
        raise ApiProblem(
            503,
            "busy",
            "A rehearsal is under way",
            "one rule is rehearsed at a time, so that calls never wait for it",
            do="send it again in a moment",
            retry_after_s=5,
        )
    words = ["rehearse", "--rule", "-", "--house", house, "--json", "--lang", lang]
    words += ["--nights", str(nights), "--until", until.isoformat()]
    url = hub.store.database.url.render_as_string(hide_password=False)
    async with _one:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            HUMBLY,
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # The URL may hold a password: never an argument, which everybody may read.
            env=os.environ | {"BJELLE_STORE_URL": url},
        )
        given = json.dumps({"rules": {name: written}}, default=str).encode()
        try:
            async with asyncio.timeout(WITHIN_S):
                out, said = await process.communicate(given)
        except TimeoutError:
            raise _failed(f"it took longer than {WITHIN_S:.0f} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        raise _failed(said.decode(errors="replace").strip()[-300:])
    return json.loads(out)


def _failed(why: str) -> ApiProblem:
    return ApiProblem(
        503,
        "not-rehearsed",
        "Not rehearsed",
        why,
        do="try fewer nights, or `bjelle rehearse` at the hub's own machine",
        retry_after_s=30,
    )
