"""Signing in: who may, with what secret, for how long. Argon2id, opaque tokens, locks.

Two ways in. A console user gives login and password. A carer picks their tile on an enrolled
telephone and gives a PIN. The telephone's own key (from a one-time code) is a first factor, so
a short PIN is enough, and five wrong ones lock this person on this telephone only (UX A13).

Tokens and keys are random, stored as SHA-256: a copy of the database signs nobody in. Secrets
are never logged. Times are given, never read here.
"""

import asyncio
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from routing.ids import HandsetId, HouseId, StaffId
from routing.plan import Role

SHIFT = timedelta(hours=12)
"""How long a telephone stays signed in: the longest shift."""
CONSOLE = timedelta(hours=8)
CODE_LIFE = timedelta(minutes=15)
PIN_TRIES = 5
PIN_LOCK = timedelta(minutes=5)
"""The first lock; each further wrong PIN doubles it, up to `LONGEST_LOCK`."""
PASSWORD_TRIES = 10
LONGEST_LOCK = timedelta(hours=4)
SHORTEST_PASSWORD = 10

# RFC 9106's second recommendation: 64 MiB, 3 passes, fits a small hub.
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)


@cache
def _nobody() -> str:
    """Checked when there is no such account, so that the answer takes as long."""
    return _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in; `handset` is set for a telephone in a shift."""

    token_hash: str
    house: HouseId
    staff: StaffId
    role: Role
    handset: HandsetId | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Telephone:
    """An enrolled telephone, known by its key."""

    house: HouseId
    handset: HandsetId
    name: str


@dataclass(frozen=True, slots=True)
class BoardKey:
    """A screen in a corridor: it sees the board of its house, and nothing else."""

    id: str
    house: HouseId
    name: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong secrets so far, and until when no more are taken."""

    failed: int = 0
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """Tell whether secrets are refused now, right or wrong."""
        return self.locked_until is not None and now < self.locked_until

    def wrong(self, now: datetime, allowed: int) -> "Tries":
        """Count one more; from `allowed` on each locks, twice as long as the one before."""
        failed = self.failed + 1
        if failed < allowed:
            return replace(self, failed=failed)
        lock = min(PIN_LOCK * 2 ** min(failed - allowed, 10), LONGEST_LOCK)
        return Tries(failed, now + lock)


class WeakSecret(ValueError):  # noqa: N818 - what it is, in the field's words
    """A password or PIN that would not protect anything; the text says what one is."""


def hash_password(password: str) -> str:
    """Return the Argon2id hash to store.

    Raises:
        WeakSecret: shorter than 10 characters.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise WeakSecret(f"a password has at least {SHORTEST_PASSWORD} characters")
    return _hasher.hash(password)


def hash_pin(pin: str) -> str:
    """Return the Argon2id hash to store.

    Raises:
        WeakSecret: not 4 to 6 digits.
    """
    if not (4 <= len(pin) <= 6 and pin.isascii() and pin.isdigit()):
        raise WeakSecret("a PIN is 4 to 6 digits")
    return _hasher.hash(pin)


def _check(stored: str | None, given: str) -> bool:
    try:
        return _hasher.verify(stored or _nobody(), given) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


async def matches(stored: str | None, given: str) -> bool:
    """Check a secret in a thread: Argon2 takes tens of milliseconds, and calls must ring."""
    return await asyncio.to_thread(_check, stored, given)


def new_token() -> str:
    """Return a random secret for a cookie: 256 bits."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Return a one-time enrolment code that can be read aloud: 8 of 30 signs, 39 bits."""
    signs = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
    return "".join(secrets.choice(signs) for _ in range(8))


def token_hash(token: str) -> str:
    """Return how a token or key is stored."""
    return sha256(token.encode()).hexdigest()


def code_hash(code: str) -> str:
    """Return how a one-time code is stored, whatever case and dashes it was typed with."""
    return token_hash("".join(c for c in code.upper() if c.isalnum()))


def same(given: str, expected: str) -> bool:
    """Compare secrets in constant time; an empty expected secret never matches."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())
