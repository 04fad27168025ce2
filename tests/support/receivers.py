"""Whom one-shot channels reach in tests: small servers on loopback that keep to the protocol.

None of them is the real program. `NtfyServer` behaves as ntfy's publish API does for JSON
(topic, priority 1 to 5, sequence_id; 200 with the message, 401/403, 429, 5xx); `HttpReceiver`
takes what Apprise's json:// posts; `SmtpServer` is as much of RFC 5321 as a sender needs.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any, Self


@dataclass
class Request:
    """One HTTP request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class HttpReceiver:
    """An HTTP server that takes JSON. `status` is what it answers; `hold` lets it think."""

    port: int = 0
    status: int = 200
    hold: bool = False
    requests: list[Request] = field(default_factory=list[Request])
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Listen on loopback while the block runs."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def got(self, count: int) -> list[Request]:
        """Wait until so many requests have come."""
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            text = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Request(head[0].split()[1], headers, json.loads(text or b"{}"))
            async with self._news:
                self.requests.append(request)
                self._news.notify_all()
            if self.hold:
                await reader.read()  # until the other side is gone
                return
            status, answer = self.answer(request)
            body = json.dumps(answer).encode()
            writer.write(
                f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            )
            writer.write(body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Return what is answered."""
        del request
        return self.status, {}


@dataclass
class NtfyServer(HttpReceiver):
    """As ntfy's publish API: POST / with JSON. `shown` is what a telephone would list."""

    token: str = ""
    shown: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    @property
    def url(self) -> str:
        """Its address with a topic."""
        return f"http://127.0.0.1:{self.port}/bjelle-duty"

    def answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Publish, or refuse as ntfy does."""
        body = request.body
        if self.status != 200:
            return self.status, {"code": self.status * 100, "http": self.status, "error": "no"}
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return 403, {"code": 40301, "http": 403, "error": "forbidden"}
        if request.path != "/" or not body.get("topic"):
            return 400, {"code": 40009, "http": 400, "error": "topic invalid"}
        if body.get("priority", 3) not in range(1, 6):
            return 400, {"code": 40007, "http": 400, "error": "priority invalid"}
        known = f"m{len(self.requests)}"
        key = body.get("sequence_id") or known
        self.shown[key] = body
        return 200, {"id": known, "sequence_id": key, "event": "message", **body}


@dataclass
class SmtpServer:
    """A mail server that takes everything, or refuses everything (`refuse`)."""

    port: int = 0
    refuse: bool = False
    mails: list[Message] = field(default_factory=list[Message])

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Listen on loopback while the block runs."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 loopback ESMTP")
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            if verb == "DATA":
                say("354 go on")
                text = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(message_from_bytes(text[:-5], policy=default))
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                break
            elif verb == "RCPT" and self.refuse:
                say("550 nobody here")
            else:
                say("250 loopback")
        writer.close()
