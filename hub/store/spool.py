"""Where rows wait while the database is away: one file, bounded, fsynced, checked by line.

Each line is a checksum and JSON, and is durable when `append` returns. A torn last line (power
cut in the middle of a write) was never confirmed to anybody; it is dropped, and said so. All of
this blocks: the store calls it in a thread.
"""

import base64
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from hub import records
from hub.store.rows import Kept, QuarantinedMessage, RawMessage, Row, Snapshot
from routing.ids import BridgeId, DeviceId, HouseId, SignalId


class SpoolLost(OSError):  # noqa: N818 (a state of affairs, as in the design)
    """The spool cannot take more: full, or its disk does not answer."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What was read: entries in order, where to go on, and what had to be dropped."""

    entries: tuple[Row | Kept, ...]
    next_offset: int
    dropped: tuple[str, ...] = ()


class Spool:
    """An append-only file of rows. Nothing is removed before all of it is in the database."""

    def __init__(self, path: Path, limit_bytes: int = 256 * 1024 * 1024) -> None:
        self.path = path
        self.limit_bytes = limit_bytes
        self._torn = False

    def size(self) -> int:
        """Bytes in the file, 0 where there is none."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def check(self) -> None:
        """See that there will be a place for rows. Raises SpoolLost."""
        folder = self.path.parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise SpoolLost(
                f"the spool's folder {folder} cannot be written: create it, or set data_dir"
            )

    def append(self, entries: Sequence[Row | Kept]) -> None:
        """Write and flush to the disk. All or nothing. Raises SpoolLost."""
        if self._torn:
            self.mend()
            self._torn = False
        data = b"".join(_line(entry) for entry in entries if not isinstance(entry, Snapshot))
        before = self.size()
        if before + len(data) > self.limit_bytes:
            raise SpoolLost(
                f"spool {self.path.name} is full ({before} of {self.limit_bytes} bytes): mend "
                "the database, or give spool_limit_bytes more"
            )
        try:
            self._write(data, new=before == 0)
        except OSError as error:
            self._cut(before)
            raise SpoolLost(f"spool {self.path.name} cannot be written: {error}") from error

    def _write(self, data: bytes, *, new: bool) -> None:
        with self.path.open("ab", buffering=0) as file:
            written = 0
            while written < len(data):
                written += file.write(data[written:]) or 0
            os.fsync(file.fileno())
        if new:
            _flush_directory(self.path.parent)

    def _cut(self, size: int) -> None:
        """Take a half-written group away again, if the disk still lets us."""
        try:
            os.truncate(self.path, size)
        except OSError:
            # The next append cuts the torn line off first.
            self._torn = True

    def read(self, offset: int = 0, limit: int = 500) -> Chunk:
        """Read up to `limit` entries. A damaged line ends in `dropped`, with its place."""
        entries: list[Row | Kept] = []
        dropped: list[str] = []
        if not self.size():
            return Chunk((), offset)
        with self.path.open("rb") as file:
            file.seek(offset)
            while len(entries) < limit and (line := file.readline()):
                if not line.endswith(b"\n"):
                    break  # torn: `mend` cuts it
                try:
                    entries.append(_entry(line))
                except (ValueError, KeyError, msgspec.MsgspecError) as error:
                    dropped.append(f"byte {offset}, {len(line)} bytes: {error}")
                offset += len(line)
        return Chunk(tuple(entries), offset, tuple(dropped))

    def mend(self) -> str:
        """Cut a torn last line off, so that the next starts on its own. Says what it cut."""
        size = self.size()
        if not size:
            return ""
        with self.path.open("rb+") as file:
            # A line is at most a few hundred kB (a call with everybody considered).
            start = max(0, size - 4 * 1024 * 1024)
            file.seek(start)
            tail = file.read()
            if tail.endswith(b"\n"):
                return ""
            whole = start + tail.rfind(b"\n") + 1
            file.truncate(whole)
            os.fsync(file.fileno())
        return f"torn last line of {size - whole} bytes at byte {whole}: never confirmed, cut"

    def clear(self) -> None:
        """Everything is in the database: take the file away."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return
        _flush_directory(self.path.parent)

    def set_aside(self, suffix: str) -> Path:
        """Keep a file that cannot be appended, under another name, for a person to look at."""
        aside = self.path.with_name(f"{self.path.name}.{suffix}")
        self.path.replace(aside)
        _flush_directory(self.path.parent)
        return aside


def _flush_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _line(entry: Row | Kept) -> bytes:
    text = msgspec.json.encode(_plain(entry))
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _plain(entry: Row | Kept) -> dict[str, Any]:
    match entry:
        case Row():
            return {
                "is": "row",
                "house": entry.house,
                "seq": entry.seq,
                "at": entry.at,
                "kind": entry.kind,
                "payload": entry.payload.decode(),
                "payload_hash": entry.payload_hash,
                "decisions": entry.decisions.decode(),
                "digest": entry.digest,
                "core_version": entry.core_version,
                "calls": records.encode_calls(entry.changed).decode(),
                "heard": entry.heard,
            }
        case RawMessage() | QuarantinedMessage():
            plain: dict[str, Any] = {
                "is": "raw" if isinstance(entry, RawMessage) else "quarantine",
                "house": entry.house,
                "signal": entry.signal,
                "at": entry.at,
                "topic": entry.topic.encode(errors="replace").decode(),
                "payload": base64.b64encode(entry.payload).decode(),
            }
            if isinstance(entry, RawMessage):
                return plain | {"qos": entry.qos, "retained": entry.retained}
            why = entry.why.encode(errors="replace").decode()
            return plain | {"why": why, "device": entry.device, "bridge": entry.bridge}
        case Snapshot():
            raise TypeError("a snapshot does not go to the spool: it can be taken again")


def _entry(line: bytes) -> Row | Kept:
    checksum, _, text = line[:-1].partition(b" ")
    if int(checksum, 16) != zlib.crc32(text):
        raise ValueError("checksum differs: damaged")
    plain: dict[str, Any] = msgspec.json.decode(text)
    at = datetime.fromisoformat(plain["at"])
    house = HouseId(plain["house"])
    match plain["is"]:
        case "row":
            decisions = plain["decisions"].encode()
            return Row(
                house=house,
                seq=plain["seq"],
                at=at,
                kind=plain["kind"],
                payload=plain["payload"].encode(),
                payload_hash=plain["payload_hash"],
                decisions=decisions,
                digest=plain["digest"],
                core_version=plain["core_version"],
                effects=records.decode_effects(decisions),
                changed=records.decode_calls(plain["calls"]),
                heard=plain["heard"],
            )
        case "raw":
            return RawMessage(
                house=house,
                signal=SignalId(plain["signal"]),
                at=at,
                topic=plain["topic"],
                payload=base64.b64decode(plain["payload"]),
                qos=plain["qos"],
                retained=plain["retained"],
            )
        case "quarantine":
            device, bridge = plain["device"], plain["bridge"]
            return QuarantinedMessage(
                house=house,
                signal=SignalId(plain["signal"]),
                at=at,
                topic=plain["topic"],
                payload=base64.b64decode(plain["payload"]),
                why=plain["why"],
                device=None if device is None else DeviceId(device),
                bridge=None if bridge is None else BridgeId(bridge),
            )
        case other:
            raise ValueError(f"unknown line {other!r}: written by a newer version")
