"""The demo's own few requests, in front of the hub's gate. A house never has this door.

It hands out the demo telephone's code and PIN to whoever asks, so it is opened only by `bjelle
demo`, only on loopback, and only for a house whose people are invented.
"""

from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.accounts import Accounts
from hub.names import Names
from routing.ids import HouseId
from simulators.demo.house import YOU, YOUR_PHONE
from simulators.demo.log import Log
from simulators.demo.stories import Stories

PATH = "/demo/api"


@dataclass
class Visitor:
    """What a visitor of the demo can ask for."""

    house: HouseId
    accounts: Accounts
    names: dict[HouseId, Names]
    log: Log
    pin: str
    stories: Stories | None = None
    """None until the simulated house lives."""

    async def answer(self, request: Request) -> Response:
        """Answer one request below `/demo/api`."""
        path = request.url.path.removeprefix(PATH).strip("/")
        match request.method, path.split("/"):
            case "GET", [""]:
                return self._now(int(request.query_params.get("after", "0")))
            case "POST", ["phone"]:
                return await self._phone()
            case "POST", ["story", name] if self.stories and self.stories.begin(name):
                return Response(status_code=202)
            case _:
                return JSONResponse({"title": "Not found", "status": 404}, 404)

    def _now(self, after: int) -> Response:
        rows = [
            asdict(row) | {"at": row.at.isoformat().replace("+00:00", "Z")}
            for row in self.log.since(after)
        ]
        return JSONResponse(
            {
                "instance": self.log.instance,
                "story": self.stories.running if self.stories else None,
                "log": rows,
            },
            headers={"Cache-Control": "no-store"},
        )

    async def _phone(self) -> Response:
        code, _ = await self.accounts.code_for(self.house, YOUR_PHONE)
        name = self.names[self.house].staff(YOU)
        return JSONResponse({"code": code, "staff": YOU, "name": name, "pin": self.pin})


class Door:
    """ASGI middleware: the demo's requests here, everything else to the hub."""

    def __init__(self, app: ASGIApp, visitor: Visitor) -> None:
        """Stand in front of `app`."""
        self._app = app
        self._visitor = visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if request.method == "POST" and request.headers.get("x-bjelle") != "1":
            refused = JSONResponse({"title": "Header X-Bjelle missing", "status": 403}, 403)
            await refused(scope, receive, send)
            return
        answer = await self._visitor.answer(request)
        await answer(scope, receive, send)
