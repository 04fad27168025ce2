"""Walk a payload by its model's variants: header, then a table, a repeating group, or the end.

Never silent (DEVICES fact 7): a channel that the table does not know, a record cut short and
bytes left over each become a `Problem`, and what stood before them keeps its readings.
"""

from collections.abc import Sequence

from devices.layouts.fields import Field, Piece, Variant
from devices.words import Findings
from routing.readings import ProblemKind

MOST_RECORDS = 128
"""A LoRaWAN payload has at most 242 bytes; no honest one holds more records than this."""


def decode(
    variants: Sequence[Variant],
    port: int | None,
    data: bytes,
    findings: Findings,
    trace: list[Piece] | None = None,
) -> bool:
    """Put what the bytes say into `findings`; False: no variant describes such a message."""
    for variant in variants:
        if variant.applies(port, data):
            _Walk(data, findings, trace).run(variant)
            return True
    return False


class _Walk:
    """One pass over one payload."""

    __slots__ = ("data", "end", "findings", "trace")

    def __init__(self, data: bytes, findings: Findings, trace: list[Piece] | None) -> None:
        self.data = data
        self.findings = findings
        self.trace = trace
        self.end = 0

    def run(self, variant: Variant) -> None:
        if not self._fields(variant.fields, 0):
            return
        if variant.key_bytes:
            self._table(variant)
        elif variant.repeat:
            self._repeat(variant.repeat)
        elif self.end < len(self.data) and variant.tail == "problem":
            left = self.data[self.end :]
            self.findings.problem(ProblemKind.TRUNCATED, f"left over: {left.hex()}")

    def _fields(self, fields: Sequence[Field], start: int) -> bool:
        """Read a record that begins at `start`; the end moves to the furthest byte read."""
        cursor = start
        for field in fields:
            if field.only and not all(c.holds(self.data, start) for c in field.only):
                continue
            at = cursor if field.at is None else start + field.at
            found = field.read(self.data, at)
            if found is None:
                if field.optional:
                    break
                what = f"{field.name or field.type} at byte {at} of {len(self.data)}"
                self.findings.problem(ProblemKind.TRUNCATED, what)
                self.end = len(self.data)
                return False
            raw, size = found
            cursor = at + size
            self.end = max(self.end, cursor)
            self._take(field, raw, at, size)
        return True

    def _take(self, field: Field, raw: object, at: int, size: int) -> None:
        if not field.words and self.trace is None:
            return  # known, and of no use to us
        value = field.scaled(raw)
        if value is not None:
            for word in field.words:
                self.findings.put(word, value)
        if self.trace is not None:
            names = tuple(word.word for word in field.words)
            piece = Piece(at, self.data[at : at + size], field.name, value, names)
            self.trace.append(piece)

    def _repeat(self, group: Sequence[Field]) -> None:
        for _ in range(MOST_RECORDS):
            start = self.end
            if start >= len(self.data) or not self._fields(group, start) or self.end == start:
                return
        self._too_many()

    def _too_many(self) -> None:
        """More records than an honest payload holds: said, and not read further."""
        self.findings.problem(ProblemKind.TRUNCATED, f"more than {MOST_RECORDS} records")

    def _table(self, variant: Variant) -> None:
        width = variant.key_bytes
        for _ in range(MOST_RECORDS):
            at = self.end
            if at >= len(self.data):
                return
            key = self.data[at : at + width]
            fields = variant.table.get(key)
            if fields is None and len(key) == width:
                fields = variant.wild.get(key[-1:])
            if fields is None:
                self._unknown(key, at + width, variant)
                return
            if self.trace is not None:
                self.trace.append(Piece(at, key, "channel", key.hex()))
            self.end = at + width
            if not self._fields(fields, self.end):
                return
        self._too_many()

    def _unknown(self, key: bytes, after: int, variant: Variant) -> None:
        """A channel without an entry: its length is unknown, so everything after it is lost."""
        if len(key) < variant.key_bytes:
            self.findings.problem(ProblemKind.TRUNCATED, f"left over: {key.hex()}")
            return
        self.findings.problem(ProblemKind.UNKNOWN_CHANNEL, key)
        if after < len(self.data):
            self.findings.problem(ProblemKind.TRUNCATED, self.data[after:])
