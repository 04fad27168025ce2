"""The tables: the journal is the truth, the rest are projections and administration.

Ids are text. Times are aware UTC on both databases (`Utc`). JSON stands as text exactly as
it was hashed. No personal name outside `people`, which can be erased row by row.
Anything changed here needs a migration (hub/store/migrations); a test compares the two.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """Aware UTC: `timestamptz` on PostgreSQL, ISO text on SQLite (which sorts as time does)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    # Processors of our own: those of a TypeDecorator cost 10 us a value on the hot path.

    def bind_processor(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, dialect: Dialect
    ) -> Callable[[datetime | None], Any] | None:
        """SQLite stores text, always with microseconds, so that it sorts."""
        return _to_text if dialect.name == "sqlite" else None

    def result_processor(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None]:
        """Whatever the driver gives, the reader gets aware UTC."""
        del coltype
        return _from_text if dialect.name == "sqlite" else _to_utc


def _to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:26]


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _to_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


Id = String(200)
Hex = String(64)
Counter = BigInteger().with_variant(Integer, "sqlite")


def _house(*, key: bool = True) -> Column[str]:
    return Column("house", Id, primary_key=key, nullable=False)


journal = Table(
    "journal",
    metadata,
    _house(),
    # The fence: two workers cannot both write the same row of the same house.
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("kind", String(40), nullable=False),
    # NULL once erased; the digest covers `payload_hash`, so the chain still verifies.
    Column("payload", Text),
    Column("payload_hash", Hex, nullable=False),
    Column("decisions", Text, nullable=False),
    Column("digest", Hex, nullable=False),
    Column("core_version", String(40), nullable=False),
)

snapshot = Table(
    "snapshot",
    metadata,
    _house(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("state", Text, nullable=False),
    Column("schema", Integer, nullable=False),
    Column("core_version", String(40), nullable=False),
)

epochs = Table(
    "epochs",
    metadata,
    _house(),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    _house(),
    Column("id", Id, primary_key=True),
    Column("type", String(40), nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("unit", Id),
    Column("room", Id),
    Column("patient", Id),
    Column("device", Id),
    Column("rule", Id),
    Column("practice", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("rang_at", Utc),
    Column("taken_at", Utc),
    Column("present_at", Utc),
    Column("closed_at", Utc),
    Column("state", String(20), nullable=False),
    Column("outcome", String(40)),
    Column("owner", Id),
    Column("pressed", Integer, nullable=False),
    Column("reopened", Integer, nullable=False),
    Column("rungs", Integer, nullable=False),
    Index(None, "house", "opened_at"),
    Index(None, "house", "state"),
)

call_events = Table(
    "call_events",
    metadata,
    _house(),
    # The journal row and the effect's place in it.
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("call", Id, nullable=False),
    Column("at", Utc, nullable=False),
    Column("move", String(40), nullable=False),
    Column("staff", Id),
    Column("handset", Id),
    Column("reason", String(60), nullable=False),
    Column("because", Text, nullable=False),
    Index(None, "house", "call", "seq", "n"),
    Index(None, "house", "at"),
)

ledger = Table(
    "ledger",
    metadata,
    _house(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    # Empty for gathered signs of life (`DevicesHeard`), whose number is `count`.
    Column("signal", Id, nullable=False),
    Column("at", Utc, nullable=False),
    Column("booked", String(20), nullable=False),
    Column("count", Integer, nullable=False),
    Column("device", Id),
    Column("call", Id),
    Column("reason", String(60), nullable=False),
    Index(None, "house", "at"),
)

raw = Table(
    "raw",
    metadata,
    _house(),
    Column("signal", Id, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("qos", SmallInteger, nullable=False),
    Column("retained", Boolean, nullable=False),
    Index(None, "at"),
)

quarantine = Table(
    "quarantine",
    metadata,
    _house(),
    Column("signal", Id, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("why", Text, nullable=False),
    Column("device", Id),
    Column("bridge", Id),
    Index(None, "house", "at"),
)

outbox = Table(
    "outbox",
    metadata,
    # `<house>:<call>:<channel>:<round>`: the same order is never sent as two.
    Column("id", String(700), primary_key=True),
    _house(key=False),
    Column("call", Id, nullable=False),
    Column("channel", Id, nullable=False),
    Column("round", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("because", Text, nullable=False),
    # waiting, sent, failed
    Column("state", String(20), nullable=False),
    Column("lease_until", Utc),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", Utc),
    Column("sent_at", Utc),
    Column("receipt", Text),
    Column("error", Text),
    Index(None, "state", "next_try_at"),
)

plans = Table(
    "plans",
    metadata,
    _house(),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("plan", Text, nullable=False),
    Column("by", Id),
)

house_files = Table(
    "house_files",
    metadata,
    _house(),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("yaml", Text, nullable=False),
)

people = Table(
    "people",
    metadata,
    _house(),
    # staff or patient
    Column("kind", String(20), primary_key=True),
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("short", Text, nullable=False),
)

discovered = Table(
    "discovered",
    metadata,
    _house(),
    Column("bridge", Id, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("payload", Text, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    _house(),
    Column("staff", Id, primary_key=True),
    Column("login", Id, nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", Text),
    Column("pin_hash", Text),
    Column("failed", Integer, nullable=False, server_default=text("0")),
    Column("locked_until", Utc),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("house", "login"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Hex, primary_key=True),
    _house(key=False),
    Column("staff", Id, nullable=False),
    Column("handset", Id),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Index(None, "house", "staff"),
)

handset_keys = Table(
    "handset_keys",
    metadata,
    _house(),
    Column("handset", Id, primary_key=True),
    Column("key_hash", Hex, primary_key=True),
    Column("name", Text, nullable=False),
    Column("enrolled_at", Utc, nullable=False),
    Column("revoked_at", Utc),
    UniqueConstraint("key_hash"),
)

enrol_codes = Table(
    "enrol_codes",
    metadata,
    Column("code_hash", Hex, primary_key=True),
    _house(key=False),
    Column("handset", Id, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("used_at", Utc),
)

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    _house(),
    Column("handset", Id, primary_key=True),
    # The push service's address for one browser: whoever has it may knock there.
    Column("endpoint", Text, nullable=False),
    Column("p256dh", String(200), nullable=False),
    Column("auth", String(100), nullable=False),
    Column("lang", String(2), nullable=False),
    Column("subscribed_at", Utc, nullable=False),
    Column("last_taken_at", Utc),
    # The service said that it is over (404, 410), or a person switched it off: why.
    Column("ended_at", Utc),
    Column("ended_why", Text),
)

board_keys = Table(
    "board_keys",
    metadata,
    _house(),
    Column("key_hash", Hex, primary_key=True),
    Column("name", Text, nullable=False),
    Column("issued_at", Utc, nullable=False),
    Column("issued_by", Id),
    Column("revoked_at", Utc),
)

pin_tries = Table(
    "pin_tries",
    metadata,
    _house(),
    # Wrong PINs lock one person on one telephone, and nobody elsewhere (UX A13).
    Column("staff", Id, primary_key=True),
    Column("handset", Id, primary_key=True),
    Column("failed", Integer, nullable=False),
    Column("locked_until", Utc),
)

access_log = Table(
    "access_log",
    metadata,
    Column("id", Counter, primary_key=True),
    _house(key=False),
    Column("at", Utc, nullable=False),
    Column("staff", Id, nullable=False),
    Column("what", String(80), nullable=False),
    Column("subject", Text, nullable=False),
    Index(None, "house", "at"),
)
