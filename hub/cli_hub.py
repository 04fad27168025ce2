"""A command's way through the running hub: sign in as a person, send, sign out."""

import getpass
import json
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from http.cookies import SimpleCookie
from typing import Any, TypeVar

from hub.cli_door import fail, hub_answers
from hub.settings import Settings

T = TypeVar("T")

ANSWER_WITHIN_S = 60.0
"""A big house file is read, checked and stored meanwhile."""
EVERYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on
SESSION = "/api/v1/session"


class Refused(Exception):  # noqa: N818 - an answer
    """The hub said no; `problem` is its problem+json."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        """Keep the problem; its detail and what to do are the message."""
        said = (problem.get("detail") or problem.get("title"), problem.get("next"))
        super().__init__("; ".join(str(part) for part in said if part))
        self.problem = problem


@dataclass
class RunningHub:
    """The hub where these settings say it listens, on this machine."""

    at: Settings
    _cookies: dict[str, str] = field(default_factory=dict[str, str])

    def signed_in(self, login: str, password: str, work: Callable[["RunningHub"], T]) -> T:
        """Do something as somebody, and sign out.

        Raises:
            Refused: wrong password, not this role, or what the work asked for.
        """
        said = json.dumps({"login": login, "password": password})
        self.ask("POST", SESSION, said.encode(), "application/json")
        try:
            return work(self)
        finally:
            self.ask("DELETE", SESSION)

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> Any:
        """Ask, and return the JSON of the answer (None where there is none).

        Raises:
            Refused: with the hub's own words.
        """
        headers = {"X-Bjelle": "1", "Accept": "application/json"}
        headers |= {"Content-Type": kind} if kind else {}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        connection = self._connection()
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            raw = answer.read()
        except (OSError, HTTPException) as error:
            fail(f"{self.where} does not answer as a hub does: {error or type(error).__name__}")
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", ()):
            self._cookies |= {name: one.value for name, one in SimpleCookie(line).items()}
        return self._read(raw, answer.status)

    def _read(self, raw: bytes, status: int) -> Any:
        try:
            found: Any = json.loads(raw) if raw else None
        except ValueError:
            found = None
        if status < 400:
            return found
        if not isinstance(found, dict):
            fail(f"{self.where} answered {status}: is that a hub of this version?")
        raise Refused(found)

    @property
    def answers(self) -> bool:
        """Whether something listens there."""
        return hub_answers(self.at)

    @property
    def where(self) -> str:
        """Its address, as a person reads it."""
        return f"{'https' if self.at.tls_certificate else 'http'}://{self._host}:{self.at.port}"

    @property
    def _host(self) -> str:
        return "127.0.0.1" if self.at.host in EVERYWHERE else self.at.host

    def _connection(self) -> HTTPConnection:
        if self.at.tls_certificate is None:
            return HTTPConnection(self._host, self.at.port, timeout=ANSWER_WITHIN_S)
        # We know this hub's certificate itself, so exactly that one is trusted, by whatever
        # address it is reached.
        context = ssl.create_default_context(cafile=str(self.at.tls_certificate))
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.check_hostname = False
        return HTTPSConnection(
            self._host, self.at.port, timeout=ANSWER_WITHIN_S, context=context
        )


def read_password(login: str) -> str:
    """Read a password from the prompt, or the first line of stdin."""
    if sys.stdin.isatty():
        return getpass.getpass(f"Password of {login}: ")
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        fail(f"no password of {login} was given: type it, or pipe one line to stdin")
    return password
