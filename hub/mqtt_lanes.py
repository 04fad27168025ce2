"""Which lane a message counts on: the alarm lane's filters, and the marker that moves them.

The broker queues a press of an alarm device twice: for the alarm lane, where it overtakes every
backlog, and for the bulk lane, which is subscribed to everything. One of the two counts. Which
one cannot be told from the message, but from its place in the bulk queue: after the alarm
lane's SUBACK a marker is published, and the broker keeps the order. A bulk copy behind the
marker has a twin on the alarm lane and is discarded by its topic; one before it may have none
and counts.

Between SUBACK and marker both lanes get the message, in no common order. What
either lane counted there is remembered by content, and as many equal copies are discarded on
the other. A topic that leaves the alarm lane counts there up to the marker, and no more behind
it, where the bulk lane takes it over.

The file remembers over a restart of the hub what the bulk queue has passed: the broker kept
both sessions, and with them old presses whose twins were counted long ago. A lost file makes
old presses ring again, marked late: more, never less.
"""

import asyncio
import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import cast

import structlog

log = structlog.get_logger(__name__)

REMEMBERED_TOPICS = 50_000
LONGEST_FILTER = 65_535


def usable(text: str) -> bool:
    """Tell whether a broker takes this filter; it ends the connection of whoever sends another.

    A filter holds what a bridge calls its devices: a stranger's text.
    """
    if not text or "\0" in text or len(text.encode(errors="replace")) > LONGEST_FILTER:
        return False
    *above, last = text.split("/")
    return not any(("+" in level and level != "+") or "#" in level for level in above) and (
        last in ("+", "#") or not {"+", "#"} & set(last)
    )


def uncovered(filters: Iterable[str]) -> tuple[str, ...]:
    """Return the usable filters in order, without doubles and those that a wider one includes.

    Overlapping filters of one session may bring every message twice.
    """
    wide = dict.fromkeys(text for text in filters if usable(text))
    return tuple(text for text in wide if not any(cover in wide for cover in _covers(text)))


def _covers(text: str) -> Iterator[str]:
    levels = text.split("/")
    wider = [[*levels[:depth], "#"] for depth in range(len(levels))]
    for cover in (*wider, [*levels[:-1], "+"]):
        joined = "/".join(cover)
        if joined != text and levels[-1] != "#":
            yield joined


class _Level:
    """One level of a tree of filters."""

    __slots__ = ("below", "value")

    def __init__(self) -> None:
        """Start empty."""
        self.below: dict[str, _Level] = {}
        self.value: str | None = None


class TopicSet:
    """MQTT topic filters (`+` and `#` as in MQTT), each with a value; asked topic by topic."""

    def __init__(self, filters: Mapping[str, str]) -> None:
        """Take filters with what they stand for."""
        self.filters: dict[str, str] = {}
        self._root = _Level()
        self._known: dict[str, str | None] = {}
        for text, value in filters.items():
            self.add(text, value)

    @classmethod
    def of(cls, filters: Iterable[str]) -> "TopicSet":
        """Return a set whose filters stand for themselves."""
        return cls({text: text for text in filters})

    def add(self, text: str, value: str | None = None) -> None:
        """Take one filter more; without a value it stands for itself."""
        level = self._root
        for name in text.split("/"):
            below = level.below.get(name)
            if below is None:
                below = level.below[name] = _Level()
            level = below
        level.value = self.filters[text] = text if value is None else value
        self._known.clear()

    def discard(self, text: str) -> None:
        """Let go of one filter, if it is there."""
        if self.filters.pop(text, None) is not None:
            _discard(self._root, text.split("/"), 0)
            self._known.clear()

    def find(self, topic: str) -> str | None:
        """Return what the most exact matching filter stands for, None if there is none."""
        if topic in self._known:
            return self._known[topic]
        if len(self._known) >= REMEMBERED_TOPICS:
            self._known.clear()  # a flood of invented topics costs time, not memory
        found = _find(self._root, topic.split("/"), 0)
        self._known[topic] = found
        return found

    def __contains__(self, topic: str) -> bool:
        return self.find(topic) is not None


def _discard(level: _Level, names: Sequence[str], at: int) -> None:
    if at == len(names):
        level.value = None
        return
    below = level.below[names[at]]
    _discard(below, names, at + 1)
    if below.value is None and not below.below:
        del level.below[names[at]]


def _find(level: _Level, names: Sequence[str], at: int) -> str | None:
    rest = level.below.get("#")  # `a/#` matches `a` itself
    if at == len(names):
        return level.value if level.value is not None or rest is None else rest.value
    for name in (names[at], "+"):
        below = level.below.get(name)
        if below is not None:
            found = _find(below, names, at + 1)
            if found is not None:
                return found
    return None if rest is None else rest.value


@dataclass
class Handover:
    """What the alarm lane is subscribed to, and how far the bulk lane knows it."""

    file: Path
    passed: TopicSet = field(default_factory=lambda: TopicSet({}))
    """The alarm lane's filters as of the last marker that the bulk lane has passed."""
    wanted: tuple[str, ...] = ()
    """The filters that the alarm lane should have, from the registries."""
    subscribed: tuple[str, ...] = ()
    """Every filter that the broker may still hold for the alarm lane."""
    bulk: tuple[str, ...] = ()
    """Every filter that the broker may still hold for the bulk lane."""
    since: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Of a lane that drains a backlog: the last contact before it."""
    unwritten: str = ""
    """Why the file could not be written; empty while all is well."""
    _kept: TopicSet = field(default_factory=lambda: TopicSet({}))
    """`passed`, as far as everything in front of the marker is durable."""
    _coming: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    _counting_until: str | None = None
    _twins: Counter[tuple[str, bytes]] = field(default_factory=Counter[tuple[str, bytes]])
    """Counted on the alarm lane: as many copies are still to come on the bulk lane."""
    _ahead: Counter[tuple[str, bytes]] = field(default_factory=Counter[tuple[str, bytes]])
    """The other way round: the bulk lane was quicker."""
    _coming_topics: TopicSet = field(default_factory=lambda: TopicSet({}))
    """What the alarm lane is about to get, while it counts."""
    _gone: tuple[TopicSet, TopicSet] | None = None
    """Of an alarm lane that has seen its marker and not yet let go: what it had, what stays."""
    _saving: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def read(cls, file: Path) -> "Handover":
        """Read what an earlier process knew; nothing known if the file is missing or broken."""
        found = cls(file)
        try:
            kept = json.loads(file.read_text())
            found.passed = found._kept = TopicSet.of(_texts(kept["passed"]))
            found.subscribed = _texts(kept["subscribed"])
            found.bulk = _texts(kept["bulk"])
            found.since = {
                str(k): datetime.fromisoformat(str(v)) for k, v in kept["since"].items()
            }
            found._coming = {str(k): _texts(v) for k, v in kept["coming"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(file)
        return found

    # --- the alarm lane -----------------------------------------------------------------------

    def obsolete(self) -> tuple[str, ...]:
        """Return the filters that the alarm lane should let go."""
        wanted = frozenset(self.wanted)
        return tuple(f for f in self.subscribed if f not in wanted)

    def moved(self) -> bool:
        """Tell whether a marker is needed: the bulk lane knows others than are wanted."""
        return frozenset(self.wanted) != frozenset(self.passed.filters)

    def subscribing(self) -> None:
        """Take note, before SUBSCRIBE, of what the broker may hold from now on."""
        self.subscribed = (*self.wanted, *self.obsolete())
        self._gone = None

    def let_go(self) -> None:
        """Take note, after UNSUBACK, that the obsolete filters are gone."""
        self.subscribed = self.wanted
        self._gone = None

    def session_lost(self) -> None:
        """Start over: the broker forgot the alarm lane, so its twins may be missing."""
        self.passed = self._kept = TopicSet({})
        self._coming.clear()
        self._twins.clear()
        self._ahead.clear()
        self.subscribed = ()

    def count_twins(self) -> None:
        """Remember what either lane counts of new filters, until the alarm lane's marker."""
        self._counting_until = ""
        self._coming_topics = TopicSet.of(self.wanted)

    def marked(self, marker: str) -> None:
        """Take note, before it is published, which marker moves the wanted filters over."""
        self._coming[marker] = self.wanted
        self._counting_until = marker

    def on_alarm(self, topic: str, payload: bytes) -> bool:
        """Take note of a message on the alarm lane; True: the bulk lane counts it."""
        if self._gone is not None and topic in self._gone[0] and topic not in self._gone[1]:
            return True
        if self._counting_until is None or topic in self.passed:
            return False
        digest = _digest(topic, payload)
        if self._ahead[digest] > 0:
            self._ahead[digest] -= 1
            return True
        self._twins[digest] += 1
        return False

    def marker_on_alarm(self, marker: str) -> None:
        """The alarm lane sees a marker: what follows stands behind it on the bulk lane too."""
        if marker == self._counting_until:
            self._counting_until = None
            self._ahead.clear()
        filters = self._coming.get(marker)
        if filters is not None and self.obsolete():
            self._gone = (TopicSet.of(self.obsolete()), TopicSet.of(filters))

    # --- the bulk lane ------------------------------------------------------------------------

    def is_copy(self, topic: str, payload: bytes) -> bool:
        """Tell whether a message on the bulk lane counts on the alarm lane."""
        if topic in self.passed:
            return True
        if self._twins and self._twins[digest := _digest(topic, payload)] > 0:
            self._twins[digest] -= 1
            return True
        if self._counting_until is not None and topic in self._coming_topics:
            self._ahead[_digest(topic, payload)] += 1
        return False

    def marker_on_bulk(self, marker: str) -> bool:
        """The bulk lane sees a marker: from here on the filters that it moved are known.

        True: call `passed_for_good` when all in front of it is durable, then acknowledge.
        """
        filters = self._coming.get(marker)
        if filters is None:
            return False
        self.passed = TopicSet.of(filters)
        return True

    def passed_for_good(self, marker: str) -> None:
        """Nothing in front of this marker will be delivered again."""
        filters = self._coming.get(marker)
        if filters is None:
            return
        self._kept = TopicSet.of(filters)
        # Markers come in order: what was still awaited before this one was overtaken by it.
        for earlier in tuple(self._coming):
            del self._coming[earlier]
            if earlier == marker:
                break
        if not self._coming:
            self._twins.clear()

    def rewind(self) -> None:
        """The bulk lane's connection is new: the broker repeats from an earlier place."""
        self.passed = self._kept
        self._ahead.clear()
        self._gone = None

    # --- over a restart -----------------------------------------------------------------------

    async def save(self) -> None:
        """Write it down, before the broker is told anything that relies on it.

        A disk that does not take it stops nobody: without the file old presses ring again.
        """
        async with self._saving:
            try:
                await asyncio.to_thread(self._write, self._as_text())
            except OSError as error:
                if not self.unwritten:
                    log.error("lanes are not written down", error=str(error))  # noqa: TRY400
                self.unwritten = str(error)
                with contextlib.suppress(OSError):
                    self.file.unlink(missing_ok=True)  # what it says holds no more
            else:
                self.unwritten = ""

    def _as_text(self) -> str:
        return json.dumps(
            {
                "passed": list(self._kept.filters),
                "bulk": list(self.bulk),
                "since": {lane: at.isoformat() for lane, at in self.since.items()},
                "subscribed": list(self.subscribed),
                "coming": {marker: list(filters) for marker, filters in self._coming.items()},
            }
        )

    def _write(self, kept: str) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".new")
        with fresh.open("w") as out:
            out.write(kept)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.file)


def _digest(topic: str, payload: bytes) -> tuple[str, bytes]:
    return topic, blake2b(payload, digest_size=16).digest()


def _texts(found: object) -> tuple[str, ...]:
    if not isinstance(found, list):
        raise TypeError("expected a list of topic filters")
    return tuple(str(text) for text in cast("list[object]", found))
