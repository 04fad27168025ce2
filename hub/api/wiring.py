"""The parts a route may use, handed in once by `create_app`; nothing here is made here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from devices.codec import Discovery
from hub.accounts import Accounts
from hub.api import frames
from hub.api.problems import not_signed_in
from hub.auth import BoardKey, Session, Telephone
from hub.channel_health import Standing
from hub.clock import Clock
from hub.engine import Engine
from hub.house import HouseFile
from hub.house_store import Adopted
from hub.metrics import Metrics, Telephones
from hub.names import Names
from hub.push_channel import WebPush
from hub.settings import Settings
from hub.store.store import Store
from routing.ids import BridgeId, HandsetId, HouseId, StaffId
from routing.plan import Plan


class TelephoneExchange(Telephones, Protocol):
    """The gateway (hub/handsets.py), as routes need it."""

    async def attend(self, session: Session, socket: frames.Socket) -> None:
        """Serve one page until it goes."""
        ...

    def hang_up(self, house: HouseId, handset: HandsetId, reason: frames.ByeReason) -> None:
        """End the telephone's line."""
        ...

    def lines(self, house: HouseId) -> dict[HandsetId, int]:
        """Return open lines and how far each is behind."""
        ...

    def silent_s(self, house: HouseId) -> dict[HandsetId, float]:
        """Return how long ago each telephone's page answered."""
        ...

    def colleagues(self, house: HouseId) -> tuple[frames.Colleague, ...]:
        """Return everybody on duty."""
        ...


class TakesHouseFiles(Protocol):
    """The houses of this process (hub/houses.py), as routes need them."""

    known: dict[HouseId, dict[BridgeId, Discovery]]
    """What each bridge says it knows."""

    async def adopt(self, file: HouseFile, by: StaffId | None) -> Adopted:
        """Take a house file in use.

        Raises:
            LookupError: the file is of a house that does not run here.
            LoginTaken: a login of the file is another account's.
            StoreDown: the database does not answer.
        """
        ...

    async def edit(
        self, house: HouseId, change: Callable[[Plan], Plan], by: StaffId | None
    ) -> Adopted:
        """Change the plan.

        Raises:
            StoreDown: the database does not answer.
        """
        ...


class Rungs(Protocol):
    """The one-shot channels (hub/channels.py), as routes need them."""

    def standing(self, house: HouseId) -> Sequence[Standing]:
        """Return which rungs outside the house are alive."""
        ...


@dataclass(frozen=True, slots=True)
class Hub:
    """Everything the API stands on."""

    settings: Settings
    store: Store
    houses: TakesHouseFiles
    engines: Mapping[HouseId, Engine]
    gateway: TelephoneExchange
    names: Mapping[HouseId, Names]
    clock: Clock
    metrics: Metrics
    accounts: Accounts
    version: str
    channels: Rungs | None = None
    push: WebPush | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: somebody signed in, an enrolled telephone, both, a board, or nobody."""

    session: Session | None = None
    telephone: Telephone | None = None
    board: BoardKey | None = None


def _hub(connection: HTTPConnection) -> Hub:
    return connection.app.state.hub


def _who(connection: HTTPConnection) -> Who:
    return connection.scope["bjelle.who"]


def _session(connection: HTTPConnection) -> Session:
    session = _who(connection).session
    if session is None:
        raise not_signed_in(connection.url.path)
    return session


TheHub = Annotated[Hub, Depends(_hub)]
TheWho = Annotated[Who, Depends(_who)]
TheSession = Annotated[Session, Depends(_session)]
