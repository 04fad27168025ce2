"""A push service and a browser on loopback, by the papers: RFC 8030, 8188, 8291, 8292.

Written from the receiving side, with nothing of the hub's own: the service refuses what a real
one refuses (no VAPID token, another key, a wrong audience, a day's life and more, no TTL), and
the browser really opens what was sealed for it.
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def text(data: bytes) -> str:
    """URL-safe Base64 without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data(said: str) -> bytes:
    """The same, read."""
    return base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))


def _hmac(key: bytes, said: bytes) -> bytes:
    return hmac.new(key, said, hashlib.sha256).digest()


@dataclass
class Browser:
    """One browser's subscription: its private key never leaves it."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def public(self) -> bytes:
        """The point that a server seals for."""
        kept = self.key.public_key()
        return kept.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self) -> dict[str, Any]:
        """What `PushSubscription.toJSON()` says."""
        keys = {"p256dh": text(self.public), "auth": text(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def opened(self, body: bytes) -> bytes:
        """Open a message, step by step as RFC 8291's section 3.4 writes it."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self.key.exchange(ec.ECDH(), public)
        info = b"WebPush: info\x00" + self.public + sender
        secret = _hmac(_hmac(self.auth, shared), info + b"\x01")
        taken = _hmac(salt, secret)
        key = _hmac(taken, b"Content-Encoding: aes128gcm\x00\x01")[:16]
        nonce = _hmac(taken, b"Content-Encoding: nonce\x00\x01")[:12]
        padded = AESGCM(key).decrypt(nonce, sealed, None)
        message = padded.rstrip(b"\x00")
        assert message.endswith(b"\x02"), "not a last record"
        return message[:-1]


@dataclass
class Pushed:
    """A message that the service took."""

    browser: str
    headers: dict[str, str]
    body: bytes


@dataclass
class PushService:
    """Takes messages for its browsers. `over`: browsers whose subscription it has ended."""

    key: str = ""
    """The only `applicationServerKey` it knows, once a browser has subscribed."""
    port: int = 0
    over: dict[str, int] = field(default_factory=dict[str, int])
    """Browser -> 404 or 410."""
    pushed: list[Pushed] = field(default_factory=list[Pushed])
    refused: list[str] = field(default_factory=list[str])

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Listen on loopback while the block runs."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    def browser(self, name: str) -> Browser:
        """A browser that subscribes here."""
        return Browser(f"http://127.0.0.1:{self.port}/wpush/v2/{name}")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            status = self._answer(head[0].split()[1].rpartition("/")[2], headers, body)
            writer.write(
                f"HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nLocation: /message/1\r\n"
                "Connection: close\r\n\r\n".encode()
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, browser: str, headers: dict[str, str], body: bytes) -> int:
        if browser in self.over:
            return self.over[browser]
        why = self._wrong(headers, body)
        if why:
            self.refused.append(why)
            return 400 if why.startswith("header") else 403
        self.pushed.append(Pushed(browser, headers, body))
        return 201

    def _wrong(self, headers: dict[str, str], body: bytes) -> str:
        if not headers.get("ttl", "").isdigit():
            return "header ttl"
        if headers.get("content-encoding") != "aes128gcm":
            return "header content-encoding"
        if len(headers.get("topic", "")) > 32 or len(body) > 4096:
            return "header topic or size"
        scheme, _, said = headers.get("authorization", "").partition(" ")
        parts = dict(one.strip().split("=", 1) for one in said.split(",") if "=" in one)
        if scheme.lower() != "vapid" or parts.get("k") != self.key:
            return "another key"
        return self._wrong_token(parts["t"], data(parts["k"]))

    def _wrong_token(self, token: str, point: bytes) -> str:
        signed, _, signature = token.rpartition(".")
        raw = data(signature)
        numbers = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        try:
            key.verify(
                encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(hashes.SHA256())
            )
        except InvalidSignature:
            return "signature"
        claims = json.loads(data(signed.partition(".")[2]))
        if claims["aud"] != f"http://127.0.0.1:{self.port}":
            return "audience"
        if not time.time() < claims["exp"] <= time.time() + 24 * 3600:
            return "expiry"
        return "" if claims["sub"].startswith(("mailto:", "https://")) else "contact"
