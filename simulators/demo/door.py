"""The demo's own few requests, in front of the hub's gate. A house never has this door.

It hands out the demo telephone's code and PIN to whoever asks, so it is opened only by `bjelle
demo`, only on loopback, and only for a house whose people are invented.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.accounts import Accounts
from hub.names import Names
from routing.ids import HouseId, StaffId
from simulators.demo.house import PHONES
from simulators.demo.log import Log
from simulators.demo.stories import Stories

PATH = "/demo/api"
SECOND = "/demo/2"
"""The visitor's second telephone: the same pages and API below this folder, with cookies of its
own, because one browser keeps one cookie of a name and a telephone needs its own."""
OWN = b"second_"
"""What the second telephone's cookies are called first, in the browser."""


@dataclass
class Visitor:
    """What a visitor of the demo can ask for."""

    house: HouseId
    accounts: Accounts
    names: dict[HouseId, Names]
    log: Log
    pins: Mapping[StaffId, str]
    stories: Stories | None = None
    """None until the simulated house lives."""

    async def answer(self, request: Request) -> Response:
        """Answer one request below `/demo/api`."""
        path = request.url.path.removeprefix(PATH).strip("/")
        match request.method, path.split("/"):
            case "GET", [""]:
                return self._now(int(request.query_params.get("after", "0")))
            case "POST", ["phone", number] if number in ("1", "2"):
                return await self._phone(int(number))
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

    async def _phone(self, number: int) -> Response:
        handset, staff = list(PHONES.items())[number - 1]
        code, _ = await self.accounts.code_for(self.house, handset)
        name, pin = self.names[self.house].staff(staff), self.pins[staff]
        return JSONResponse({"code": code, "staff": staff, "name": name, "pin": pin})


class Door:
    """ASGI middleware: the demo's requests here, everything else to the hub."""

    def __init__(self, app: ASGIApp, visitor: Visitor) -> None:
        """Stand in front of `app`."""
        self._app = app
        self._visitor = visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if str(scope.get("path", "")).startswith(f"{SECOND}/"):
            await self._app(_second(scope), receive, _renaming(send))
            return
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


def _second(scope: Scope) -> Scope:
    """Return what the hub sees of the second telephone: its own path and its own cookies."""

    def own(cookies: bytes) -> bytes:
        each = (one.strip() for one in cookies.split(b";"))
        return b"; ".join(one.removeprefix(OWN) for one in each if one.startswith(OWN))

    path = str(scope["path"]).removeprefix(SECOND)
    headers = [
        (name, own(value) if name == b"cookie" else value) for name, value in scope["headers"]
    ]
    return {**scope, "path": path, "raw_path": path.encode(), "headers": headers}


def _renaming(send: Send) -> Send:
    """Return a `send` that calls the cookies set by the hub the second telephone's."""

    async def renamed(message: Message) -> None:
        if "headers" in message:
            message["headers"] = [
                (name, OWN + value if name == b"set-cookie" else value)
                for name, value in message["headers"]
            ]
        await send(message)

    return renamed
