"""Names, in memory, from the erasable table `people`. Nothing else in the hub knows a name.

An id without a name answers with itself: a page never fails because somebody was erased.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.store.tables import people
from routing.ids import HouseId


class Named(StrEnum):
    """Who or what has a name. That of a unit, telephone or house is no person's."""

    STAFF = "staff"
    PATIENT = "patient"
    UNIT = "unit"
    HANDSET = "handset"
    HOUSE = "house"


@dataclass(frozen=True, slots=True)
class Name:
    """One row of `people`: `name` is the full name, `short` what a telephone shows."""

    kind: Named
    id: str
    name: str
    short: str


def shorten(name: str) -> str:
    """First name and initial: «Kari Nordlykt» is «Kari N.»."""
    parts = name.split()
    return f"{parts[0]} {parts[-1][0]}." if len(parts) > 1 else name


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one house."""

    rows: tuple[Name, ...] = ()
    _by_id: dict[tuple[str, str], Name] = field(
        init=False, repr=False, compare=False, default_factory=dict[tuple[str, str], Name]
    )

    def __post_init__(self) -> None:
        """Index the rows."""
        self._by_id.update({(row.kind, row.id): row for row in self.rows})

    @classmethod
    async def load(cls, connection: AsyncConnection, house: HouseId) -> Self:
        """Read the names of one house. A kind this version does not know is left out."""
        rows = await connection.execute(
            select(people.c.kind, people.c.id, people.c.name, people.c.short)
            .where(people.c.house == house)
            .order_by(people.c.kind, people.c.id)
        )
        known = {str(kind) for kind in Named}
        return cls(
            tuple(Name(Named(r.kind), r.id, r.name, r.short) for r in rows if r.kind in known)
        )

    def full(self, kind: Named, id_: str) -> str:
        """Return the whole name, or the id."""
        row = self._by_id.get((kind, id_))
        return row.name if row and row.name else id_

    def short(self, kind: Named, id_: str) -> str:
        """Return the short name, or the whole one, or the id."""
        row = self._by_id.get((kind, id_))
        return row.short if row and row.short else self.full(kind, id_)

    def staff(self, id_: str) -> str:
        """Return a colleague's short name («Per H.»)."""
        return self.short(Named.STAFF, id_)

    def patient(self, id_: str) -> str:
        """Return a patient's short name («Kari N.»)."""
        return self.short(Named.PATIENT, id_)

    def unit(self, id_: str) -> str:
        """Return a unit's name («Nord»)."""
        return self.full(Named.UNIT, id_)

    def handset(self, id_: str) -> str:
        """Return a telephone's name («Telefon Nord 1»)."""
        return self.full(Named.HANDSET, id_)

    def house(self, id_: str) -> str:
        """Return the house's name («Solvik helsehus»)."""
        return self.full(Named.HOUSE, id_)

    def known(self, kinds: Iterable[Named] = tuple(Named)) -> dict[Named, list[str]]:
        """Return the ids that have a name, by kind."""
        return {kind: [row.id for row in self.rows if row.kind is kind] for kind in kinds}
