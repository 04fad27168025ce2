"""Who may ask for what: ONE table, and the gate in front of every route that reads it.

Deny by default: a path that the table does not name is answered to nobody. A test walks every
route of the application against this table, for every role and for nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPMethod
from re import Pattern
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.api.problems import ApiProblem, answer, not_signed_in, not_yours
from hub.api.wiring import Hub, Who
from hub.auth import same
from routing.plan import Role


class Open(StrEnum):
    """Those who are let in without a session."""

    ANYBODY = "anybody"
    TELEPHONE = "an enrolled telephone"
    """Its key cookie: shows the tiles, and the board that hangs on a wall."""
    BOARD = "a board with its key"
    """A screen in a corridor where nobody signs in: the board and nothing else."""
    SCRAPER = "a scraper with the metrics token"


Allowed = frozenset[Role | Open]

ANYBODY: Allowed = frozenset({Open.ANYBODY})
SIGNED_IN: Allowed = frozenset(Role)
CARE: Allowed = frozenset({Role.CARER, Role.STUDENT, Role.NURSE, Role.LEADER})
TECHNICAL: Allowed = frozenset({Role.TECHNICIAN, Role.LEADER})

DECIDING: Allowed = frozenset({Role.NURSE, Role.LEADER})
RULES_READ: Allowed = DECIDING | {Role.CARER}

WEBSOCKET = "WEBSOCKET"
SESSION = "bjelle_session"
TELEPHONE = "bjelle_handset"
BOARD = "bjelle_board"

ACCESS: dict[tuple[str, str], Allowed] = {
    # What there is before anybody has signed in: the pages themselves, and the ways in.
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/readyz"): ANYBODY,
    ("GET", "/"): ANYBODY,
    ("GET", "/h"): ANYBODY,
    ("GET", "/tavle"): ANYBODY,
    ("GET", "/demo"): ANYBODY,
    ("GET", "/{file:path}"): ANYBODY,
    ("POST", "/api/v1/session"): ANYBODY,
    ("POST", "/api/v1/handsets/enrol"): ANYBODY,
    ("POST", "/api/v1/boards/open"): ANYBODY,
    # A telephone on the wall or in a pocket, before its person has given the PIN.
    ("GET", "/api/v1/handset/people"): frozenset({Open.TELEPHONE}),
    ("GET", "/api/v1/board"): SIGNED_IN | {Open.TELEPHONE, Open.BOARD},
    # Everybody who works here.
    ("DELETE", "/api/v1/session"): SIGNED_IN,
    ("GET", "/api/v1/me"): SIGNED_IN,
    ("GET", "/api/v1/openapi.json"): SIGNED_IN,
    (WEBSOCKET, "/api/v1/handset"): SIGNED_IN,
    ("GET", "/api/v1/push"): SIGNED_IN,
    ("PUT", "/api/v1/push"): SIGNED_IN,
    ("DELETE", "/api/v1/push"): SIGNED_IN,
    # Care.
    ("GET", "/api/v1/patients"): CARE,
    ("GET", "/api/v1/stays"): DECIDING,
    ("GET", "/api/v1/patients/{patient}/stay"): CARE,
    ("PATCH", "/api/v1/patients/{patient}/stay"): DECIDING,
    ("POST", "/api/v1/patients/{patient}/move"): DECIDING,
    ("POST", "/api/v1/patients/{patient}/discharge"): DECIDING,
    ("GET", "/api/v1/calls"): SIGNED_IN - {Role.STUDENT},
    ("GET", "/api/v1/calls/{call_id}"): SIGNED_IN - {Role.STUDENT},
    ("GET", "/api/v1/coverage"): TECHNICAL | {Role.NURSE},
    ("GET", "/api/v1/reviews"): frozenset({Role.NURSE, Role.LEADER}),
    ("GET", "/api/v1/shifts"): DECIDING,
    ("GET", "/api/v1/templates"): DECIDING,
    ("GET", "/api/v1/quality/response-times"): DECIDING,
    ("GET", "/api/v1/quality/response-times.csv"): DECIDING,
    # Rules: read by those who meet them, changed by those who decide. An objection silences at
    # once, so whoever hears it may record it.
    ("GET", "/api/v1/rules"): RULES_READ,
    ("GET", "/api/v1/rules/{rule_id}"): RULES_READ,
    ("POST", "/api/v1/rules/{rule_id}/object"): RULES_READ,
    ("POST", "/api/v1/rules"): DECIDING,
    ("PUT", "/api/v1/rules/{rule_id}"): DECIDING,
    ("PATCH", "/api/v1/rules/{rule_id}"): DECIDING,
    ("POST", "/api/v1/rules/{rule_id}/end"): DECIDING,
    ("POST", "/api/v1/rules/{rule_id}/pause"): DECIDING,
    ("POST", "/api/v1/rules/rehearse"): DECIDING,
    ("POST", "/api/v1/rules/preview"): DECIDING,
    # Running the house.
    ("GET", "/api/v1/status"): TECHNICAL | {Role.NURSE},
    ("GET", "/api/v1/quarantine"): TECHNICAL,
    ("POST", "/api/v1/handsets/{handset_id}/code"): TECHNICAL,
    ("GET", "/api/v1/boards"): TECHNICAL,
    ("POST", "/api/v1/boards"): TECHNICAL,
    ("DELETE", "/api/v1/boards/{board_id}"): TECHNICAL,
    ("POST", "/api/v1/house"): TECHNICAL,
    ("GET", "/api/v1/devices"): TECHNICAL | {Role.NURSE},
    ("GET", "/api/v1/devices/proposals"): TECHNICAL,
    ("POST", "/api/v1/devices"): TECHNICAL,
    ("POST", "/api/v1/devices/{device_id}/proof"): TECHNICAL | {Role.NURSE},
    ("POST", "/api/v1/devices/{device_id}/assignment"): TECHNICAL | {Role.NURSE},
    ("POST", "/api/v1/devices/{device_id}/swap"): TECHNICAL,
    ("POST", "/api/v1/devices/{device_id}/life"): TECHNICAL | {Role.NURSE},
    ("GET", "/metrics"): TECHNICAL | {Open.SCRAPER},
}

SECURITY_HEADERS: Mapping[str, str] = {
    # Self only. The demo page frames the handset's page, so frames are self too.
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
SAFE = frozenset({HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS})


@dataclass(frozen=True, slots=True)
class _Entry:
    method: str
    path: Pattern[str]
    allowed: Allowed


def _compiled() -> tuple[_Entry, ...]:
    """Return the table to match by, the catch-all last."""
    ordered = sorted(ACCESS.items(), key=lambda item: ":path}" in item[0][1])
    return tuple(_Entry(m, compile_path(path)[0], allowed) for (m, path), allowed in ordered)


class Gate:
    """ASGI: finds out who asks, and lets through what the table allows."""

    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self._app = app
        self._hub = hub
        self._entries = _compiled()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request or WebSocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        secured = _securing(scope, send)
        try:
            scope["bjelle.who"] = self._admit(HTTPConnection(scope))
        except ApiProblem as problem:
            if scope["type"] == "websocket":
                # A browser's page is told no more than «refused»: it asks GET /api/v1/me why.
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
                return
            response = answer(problem.body.model_copy(update={"instance": scope["path"]}))
            await response(scope, receive, secured)
            return
        await self._app(scope, receive, secured)

    def _admit(self, connection: HTTPConnection) -> Who:
        """Return who asks.

        Raises:
            ApiProblem: nobody may, this one may not, or another site sent it.
        """
        path = connection.url.path
        is_socket = connection.scope["type"] == "websocket"
        method = WEBSOCKET if is_socket else connection.scope["method"]
        who = self._who(connection)
        allowed = self._allowed(method, path)
        if allowed is None:
            if who.session is None:
                raise not_signed_in(path)
            raise _unknown(method, path)
        if method not in SAFE:
            _same_site(connection, needs_header=not is_socket)
        if Open.ANYBODY in allowed or self._covers(allowed, who, connection.headers):
            return who
        if who.session is None:
            raise not_signed_in(path)
        raise not_yours(path, who.session.role, _listed(allowed))

    def _who(self, connection: HTTPConnection) -> Who:
        accounts = self._hub.accounts
        token = connection.cookies.get(SESSION)
        key = connection.cookies.get(TELEPHONE)
        board = connection.cookies.get(BOARD)
        session = accounts.session(token) if token else None
        telephone = accounts.telephone(key) if key else None
        if session is not None and session.handset is not None:
            # A telephone's session is worth something on that telephone only.
            mine = (session.house, session.handset)
            if telephone is None or (telephone.house, telephone.handset) != mine:
                session = None
        return Who(session, telephone, accounts.board(board) if board else None)

    def _allowed(self, method: str, path: str) -> Allowed | None:
        asked = HTTPMethod.GET if method == HTTPMethod.HEAD else method
        for entry in self._entries:
            if entry.method == asked and entry.path.match(path):
                # Below /api nothing falls through to the pages.
                if path.startswith("/api/") and entry.path.match("/any/page"):
                    return None
                return entry.allowed
        return None

    def _covers(self, allowed: Allowed, who: Who, headers: Headers) -> bool:
        if who.session is not None and who.session.role in allowed:
            return True
        if who.telephone is not None and Open.TELEPHONE in allowed:
            return True
        if who.board is not None and Open.BOARD in allowed:
            return True
        if Open.SCRAPER in allowed:
            token = self._hub.settings.metrics_token.get_secret_value()
            return same(headers.get("authorization", "").removeprefix("Bearer "), token)
        return False


def _same_site(connection: HTTPConnection, *, needs_header: bool) -> None:
    """Refuse what another site's page sent with our cookies."""
    origin = connection.headers.get("origin")
    host = connection.headers.get("host", "")
    foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
    if foreign:
        raise ApiProblem(
            403,
            "foreign-origin",
            "Sent by another site",
            f"the request comes from {origin}, this hub is {host}",
            do="use the hub's own pages, or let the proxy pass the Host header on unchanged",
        )
    if needs_header and connection.headers.get("x-bjelle") != "1":
        raise ApiProblem(
            403,
            "header-missing",
            "Header missing",
            f"{connection.url.path} changes something and lacks the header X-Bjelle",
            do="send the header `X-Bjelle: 1`",
        )
    if not needs_header and origin is None:
        raise ApiProblem(
            403,
            "origin-missing",
            "Origin missing",
            f"{connection.url.path} is opened by a page, which says its Origin",
            do="send the header `Origin` with the hub's own address",
        )


def _unknown(method: str, path: str) -> ApiProblem:
    return ApiProblem(
        404,
        "not-found",
        "Not found",
        f"there is no {method} {path}",
        do="see /api/v1/openapi.json for what there is",
    )


def _listed(allowed: Iterable[Role | Open]) -> str:
    return ", ".join(sorted(str(one) for one in allowed))


def _securing(scope: Scope, send: Send) -> Send:
    """Put the security headers on whatever is answered."""
    private = scope["path"].startswith(("/api/", "/metrics"))

    async def secured(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if private:
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return secured
