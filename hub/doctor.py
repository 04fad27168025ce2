"""Is this hub fit to be relied on? One look at everything it stands on, and what to do next.

Nothing here changes anything: no session at the broker is touched, no row is written.
"""

import asyncio
import secrets
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import func, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from hub.api.pages import DIST
from hub.backup import noted
from hub.house_store import houses
from hub.mqtt_port import BrokerAway, GmqttLink, Received, Will
from hub.replay import verify_chain
from hub.settings import Settings
from hub.store import tables
from hub.store.database import database
from hub.store.migrate import SchemaBehind, newest, require_newest
from routing.plan import Role

ROWS = 1000
ROUND_TRIP_S = 5.0
FULL, FILLING = 0.05, 0.10
"""Of the disk: below the first the journal is in danger, below the second somebody must act."""
ROOM_BYTES = 1024**3
BACKUP_DUE = timedelta(hours=26)
"""A night's backup, with room for a slow one."""
BACKUP_LATE = timedelta(days=7)
CERTIFICATE_DUE = timedelta(days=30)
AHEAD = timedelta(seconds=2)
BUILT = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock before this is that of a machine that lost it."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Mark(StrEnum):
    """How one thing is."""

    GOOD = "good"
    LOOK = "look"
    """It works, and somebody should see to it."""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `next`: what to do, empty where nothing is to be done."""

    what: str
    mark: Mark
    said: str
    next: str = ""


def good(what: str, said: str) -> Finding:
    """All is well."""
    return Finding(what, Mark.GOOD, said)


def look(what: str, said: str, do: str) -> Finding:
    """Somebody should see to it."""
    return Finding(what, Mark.LOOK, said, do)


def bad(what: str, said: str, do: str) -> Finding:
    """It must be mended."""
    return Finding(what, Mark.BAD, said, do)


async def examine(settings: Settings, now: datetime) -> list[Finding]:
    """Look at everything, each thing for itself: one that fails hides no other."""
    found = [*_settings(settings)]
    stored = await _store(settings)
    found.append(stored)
    if stored.mark is Mark.GOOD:
        found += [
            await _guarded("journal", _journal, settings),
            await _guarded("houses", _houses, settings),
        ]
    found.append(await _broker(settings))
    found += await asyncio.to_thread(_certificates, settings, now)
    found.append(_page())
    found.append(await _guarded("clock", lambda s: _clock(s, now), settings))
    found += _disk(settings)
    found.append(_backup(settings, now))
    return found


async def _guarded(
    what: str, work: Callable[[Settings], Awaitable[Finding]], settings: Settings
) -> Finding:
    try:
        return await work(settings)
    except (SQLAlchemyError, OSError) as error:
        return bad(what, _first(error), "look at the store first, then ask again")


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


# --- Settings -------------------------------------------------------------------------------


def _settings(settings: Settings) -> list[Finding]:
    found: list[Finding] = []
    for name in ("tls_certificate", "tls_key", "mqtt_ca"):
        file: Path | None = getattr(settings, name)
        if file is not None and not _readable(file):
            said = f"{name}: {file} cannot be read"
            found.append(bad("settings", said, f"correct BJELLE_{name.upper()}, or the file"))
    if not _writable(settings.data_dir):
        said = f"data_dir: {settings.data_dir.absolute()} is not a folder we may write in"
        found.append(bad("settings", said, "make it, or correct BJELLE_DATA_DIR"))
    if settings.host not in LOOPBACK and settings.tls_certificate is None:
        said = f"pages are served without TLS on {settings.host}"
        do = "set BJELLE_TLS_CERTIFICATE and BJELLE_TLS_KEY, or put a proxy with TLS in front"
        found.append(look("settings", said, do))
    if not settings.mqtt_tls and settings.mqtt_host not in LOOPBACK:
        said = f"the broker at {settings.mqtt_host} is spoken to without TLS"
        found.append(look("settings", said, "set BJELLE_MQTT_TLS=true and BJELLE_MQTT_CA"))
    if settings.mqtt_version != 5:
        said = "MQTT 3.1.1: a press may be acknowledged before it is in the journal"
        found.append(bad("settings", said, "take BJELLE_MQTT_VERSION away: a house needs 5"))
    return found or [good("settings", "read, and every file they name is there")]


def _readable(file: Path) -> bool:
    try:
        with file.open("rb"):
            return True
    except OSError:
        return False


def _writable(folder: Path) -> bool:
    probe = folder / f".doctor-{secrets.token_hex(4)}"
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError:
        return False
    return True


# --- Store ----------------------------------------------------------------------------------


async def _store(settings: Settings) -> Finding:
    url = make_url(settings.store_url)
    where = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not _readable(Path(url.database or "")):
        return bad("store", f"no file {url.database}", "`bjelle house import FILE` makes it")
    try:
        await require_newest(settings.store_url)
    except SchemaBehind as error:
        return bad("store", str(error), "`bjelle backup FILE`, then `bjelle db upgrade`")
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        said = f"{where} does not answer: {_first(error)}"
        return bad("store", said, "start the database, or correct BJELLE_STORE_URL")
    return good("store", f"{where} answers, its tables are at revision {newest()}")


async def _journal(settings: Settings) -> Finding:
    chains = await verify_chain(settings.store_url, newest=ROWS)
    for one in chains:
        if one.broken:
            said = f"{one.house}: {one.broken}"
            do = "keep a copy of the store, `bjelle db check`, and restore a backup that holds"
            return bad("journal", said, do)
        if one.gaps:
            before, after = one.gaps[-1]
            said = f"{one.house}: rows between {before} and {after} were lost with a spool"
            return look(
                "journal", said, "read `bjelle ledger` of that day: presses may be gone"
            )
    if not chains:
        return look("journal", "empty: no hub has run on this store", "`bjelle serve`")
    rows = sum(one.rows for one in chains)
    return good("journal", f"the chain of the newest {rows} rows is whole")


async def _houses(settings: Settings) -> Finding:
    base = database(settings.store_url)
    accounts = tables.accounts.c
    leaders = select(func.count()).where(
        accounts.role == str(Role.LEADER),
        accounts.password_hash.is_not(None),
        accounts.disabled.is_(False),
    )
    try:
        known = await houses(base)
        async with base.read() as connection:
            count = await connection.scalar(leaders)
    finally:
        await base.close()
    if not known:
        return bad("houses", "none in the store", "`bjelle house import FILE`")
    if not count:
        said = f"{', '.join(known)}: no leader can sign in"
        return bad("houses", said, "`bjelle user add STAFF --role leader`")
    return good("houses", f"{', '.join(known)}; leaders who can sign in: {count}")


# --- Broker and certificates ----------------------------------------------------------------


async def _broker(settings: Settings) -> Finding:
    """Connect as the hub does, under another name, and hear ourselves."""
    where = f"{settings.mqtt_host}:{settings.mqtt_port}"
    me = f"doctor-{secrets.token_hex(4)}"
    topic = f"bjelle/{me}"
    heard = asyncio.Event()

    async def receive(message: Received) -> None:
        if message.topic == topic and message.payload:
            heard.set()

    # A will makes the session one that the broker does not keep; an empty one says nothing.
    link = GmqttLink(
        settings.model_copy(update={"mqtt_client_id": me}), "doctor", will=Will(topic, b"")
    )
    began = time.monotonic()
    try:
        await link.connect(receive)
        await link.subscribe([topic])
        await link.publish(topic, b"?")
        async with asyncio.timeout(ROUND_TRIP_S):
            await heard.wait()
    except BrokerAway as away:
        return bad("broker", str(away), f"correct what it says; it was asked at {where}")
    except TimeoutError:
        said = f"{where} lets {settings.mqtt_username!r} in, but not hear what it said itself"
        return bad("broker", said, "make the rights again: `bjelle broker acl HOUSE --out DIR`")
    finally:
        await link.close()
    took_ms = (time.monotonic() - began) * 1000
    return good("broker", f"{where} lets us in, write and hear: {took_ms:.0f} ms")


def _certificates(settings: Settings, now: datetime) -> list[Finding]:
    found: list[Finding] = []
    if settings.mqtt_tls and (ends := _ends(settings.mqtt_host, settings.mqtt_port, settings)):
        found.append(_lasts("broker's certificate", ends - now))
    if settings.tls_certificate is not None and (file := _file_ends(settings.tls_certificate)):
        found.append(_lasts("pages' certificate", file - now))
    return found


def _lasts(what: str, left: timedelta) -> Finding:
    do = "make a new one before it ends (docs/operations.md, Certificates)"
    if left <= timedelta(0):
        return bad(what, "is over: nobody who checks it comes in", do)
    if left < CERTIFICATE_DUE:
        return look(what, f"ends in {left.days} days", do)
    return good(what, f"holds for {left.days} days more")


def _ends(host: str, port: int, settings: Settings) -> datetime | None:
    """When the certificate there ends; None where it cannot be asked (`_broker` says why)."""
    context = ssl.create_default_context(cafile=settings.mqtt_ca)
    try:
        with (
            socket.create_connection((host, port), timeout=ROUND_TRIP_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as sealed,
        ):
            said = sealed.getpeercert() or {}
    except (OSError, ValueError):
        return None
    return _moment(str(said.get("notAfter", "")))


def _file_ends(file: Path) -> datetime | None:
    """When a certificate's file ends, read by openssl; None where that is missing."""
    try:
        asked = subprocess.run(  # noqa: S603 - our own arguments
            ["openssl", "x509", "-noout", "-enddate", "-in", str(file)],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return _moment(asked.stdout.strip().removeprefix("notAfter="))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
    except ValueError:
        return None


# --- Page, clock, disk, backup --------------------------------------------------------------


def _page() -> Finding:
    missing = [name for name in ("handset.html", "index.html") if not (DIST / name).is_file()]
    if missing:
        return bad("pages", "not built: telephones get nothing", "`make page` in the source")
    return good("pages", "built")


async def _clock(settings: Settings, now: datetime) -> Finding:
    last = await _last_row(settings)
    if now < BUILT:
        return bad("clock", f"it is {now:%Y-%m-%d %H:%M} here", "set the machine's clock")
    if last is not None and last - now > AHEAD:
        said = f"the journal's last row is {last - now} ahead of this machine's clock"
        return bad("clock", said, "set the clock (NTP): until then calls carry the old time")
    if await asyncio.to_thread(_synchronised) is False:
        said = "not synchronised: response times will be wrong"
        return look("clock", said, "switch time synchronisation on: timedatectl set-ntp true")
    return good("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, not behind the journal")


async def _last_row(settings: Settings) -> datetime | None:
    if (await _store(settings)).mark is not Mark.GOOD:
        return None
    base = database(settings.store_url)
    try:
        async with base.read() as connection:
            return await connection.scalar(select(func.max(tables.journal.c.at)))
    finally:
        await base.close()


def _synchronised() -> bool | None:
    """Whether the machine keeps its clock by others'; None where it does not say."""
    try:
        asked = subprocess.run(
            ["timedatectl", "show", "-p", "NTPSynchronized", "--value"],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"yes": True, "no": False}.get(asked.stdout.strip())


def _disk(settings: Settings) -> list[Finding]:
    folders = [settings.data_dir.absolute()]
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite" and url.database:
        folders.append(Path(url.database).absolute().parent)
    return [_room(folder) for folder in dict.fromkeys(folders) if folder.is_dir()]


def _room(folder: Path) -> Finding:
    disk = shutil.disk_usage(folder)
    said = f"{disk.free / 1024**3:.1f} GiB free of {disk.total / 1024**3:.0f} at {folder}"
    do = "make room: the journal and the spool are written here"
    if disk.free < FULL * disk.total or disk.free < ROOM_BYTES:
        return bad("disk", said, do)
    return look("disk", said, do) if disk.free < FILLING * disk.total else good("disk", said)


def _backup(settings: Settings, now: datetime) -> Finding:
    last = noted(settings.data_dir)
    do = "`bjelle backup FILE` each night, to another disk; try `bjelle restore` once a quarter"
    if last is None:
        return look("backup", "none was ever made from here", do)
    age = now - last.at
    said = f"{last.file}, {_ago(age)} ago"
    if age > BACKUP_LATE:
        return bad("backup", said, do)
    if age > BACKUP_DUE:
        return look("backup", said, do)
    return good("backup", said)


def _ago(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours} h" if hours < 48 else f"{age.days} days"
