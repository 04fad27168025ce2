"""Accounts, sessions and enrolled telephones: in memory to answer, in the store to last.

Everything a check needs is kept in memory and read again every few seconds (the command line
changes accounts too): telephones come back, and people sign in, while the store is away.
A session made then is written later; a restart before that asks for the PIN again.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from hub.auth import (
    CODE_LIFE,
    PASSWORD_TRIES,
    PIN_TRIES,
    BoardKey,
    Session,
    Telephone,
    Tries,
    code_hash,
    matches,
    new_code,
    new_token,
    token_hash,
)
from hub.clock import Clock
from hub.store import tables
from hub.store.rows import StoreDown
from hub.store.store import Statement, Store
from routing.ids import HandsetId, HouseId, StaffId
from routing.plan import Role

log = structlog.get_logger(__name__)

RELOAD_S = 5.0
READ_WITHIN_S = 3.0
BOARD_ID = 12
"""Signs of a key's hash that name the board; they open nothing."""


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """Signing in failed; the text is for the person and names no secret."""


class Locked(Refused):
    """Too many wrong secrets: `until` tells when to try again."""

    def __init__(self, until: datetime) -> None:
        super().__init__("too many wrong tries")
        self.until = until


@dataclass(frozen=True, slots=True)
class Account:
    """One person's way in."""

    house: HouseId
    staff: StaffId
    login: str
    role: Role
    password_hash: str | None
    pin_hash: str | None
    tries: Tries
    disabled: bool


@dataclass(frozen=True, slots=True)
class _Code:
    house: HouseId
    handset: HandsetId
    expires_at: datetime
    used_at: datetime | None


PinKey = tuple[HouseId, StaffId, HandsetId]


@dataclass(frozen=True, slots=True)
class _Known:
    accounts: dict[tuple[HouseId, StaffId], Account] = field(
        default_factory=dict[tuple[HouseId, StaffId], Account]
    )
    sessions: dict[str, Session] = field(default_factory=dict[str, Session])
    keys: dict[str, Telephone] = field(default_factory=dict[str, Telephone])
    codes: dict[str, _Code] = field(default_factory=dict[str, _Code])
    pins: dict[PinKey, Tries] = field(default_factory=dict[PinKey, Tries])
    boards: dict[str, BoardKey] = field(default_factory=dict[str, BoardKey])


class Accounts:
    """Who may in. `load` once before serving, `run` beside it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known = _Known()
        self._changes = 0
        self._unsaved: dict[str, Session] = {}
        self._looked: dict[str, datetime] = {}

    async def load(self) -> None:
        """Read everything; what changed here meanwhile is not overwritten."""
        before = self._changes
        known = await _read(self._store)
        if before != self._changes:
            return
        known.sessions.update(self._unsaved)
        self._known = known

    async def run(self) -> None:
        """Keep up with the command line, write what the store missed, drop what is over."""
        away = False
        while True:
            await asyncio.sleep(RELOAD_S)
            try:
                async with asyncio.timeout(READ_WITHIN_S):
                    await self._save_missed()
                    await self.load()
                away = False
            except (SQLAlchemyError, StoreDown, OSError, TimeoutError) as error:
                if not away:
                    log.warning("accounts cannot be read again", error=str(error))
                away = True

    # --- Who is this ---

    def session(self, token: str) -> Session | None:
        """Return whose session this token is; None if unknown, over, or of a closed account."""
        session = self._known.sessions.get(token_hash(token))
        if session is None or session.expires_at <= self._clock.now():
            return None
        account = self._known.accounts.get((session.house, session.staff))
        if account is None or account.disabled:
            return None
        return replace(session, role=account.role)

    def telephone(self, key: str) -> Telephone | None:
        """Return which enrolled telephone this key is."""
        return self._known.keys.get(token_hash(key))

    def board(self, key: str) -> BoardKey | None:
        """Return which corridor's screen this key is."""
        known = self._known.boards.get(token_hash(key))
        if known is not None:
            self._looked[known.id] = self._clock.now()
        return known

    def looked(self, board: str) -> datetime | None:
        """Return when a screen last fetched the board, in this life of the hub."""
        return self._looked.get(board)

    def boards(self, house: HouseId) -> tuple[BoardKey, ...]:
        """Return the screens of a house whose key holds."""
        return tuple(one for one in self._known.boards.values() if one.house == house)

    def people(self, house: HouseId) -> tuple[Account, ...]:
        """Return who has a PIN in this house: the tiles."""
        return tuple(
            account
            for account in self._known.accounts.values()
            if account.house == house and account.pin_hash and not account.disabled
        )

    def holds(self, house: HouseId, handset: HandsetId, staff: StaffId) -> bool:
        """Tell whether this person may be on this telephone: session, open account and key.

        A session whose time is over still counts here: `over` tells of those.
        """
        account = self._known.accounts.get((house, staff))
        return (
            account is not None
            and not account.disabled
            and any(one.staff == staff for one in self.on_telephone(house, handset))
            and any(
                (one.house, one.handset) == (house, handset)
                for one in self._known.keys.values()
            )
        )

    def over(self, soon: timedelta = timedelta(0)) -> tuple[Session, ...]:
        """Return the sessions whose time is over, or will be so `soon`."""
        until = self._clock.now() + soon
        return tuple(s for s in self._known.sessions.values() if s.expires_at <= until)

    # --- Signing in and out ---

    async def by_password(
        self, login: str, password: str, *, house: HouseId | None, life: timedelta
    ) -> tuple[str, Session]:
        """Sign a console user in; return the token and the session.

        Raises:
            Locked: ten wrong passwords; the lock grows.
            Refused: no such login, wrong password, account closed.
        """
        now = self._clock.now()
        account = next(
            (
                a
                for a in self._known.accounts.values()
                if a.login == login and house in (None, a.house) and not a.disabled
            ),
            None,
        )
        if account is not None and account.tries.locked(now):
            assert account.tries.locked_until is not None
            raise Locked(account.tries.locked_until)
        right = await matches(account.password_hash if account else None, password)
        if account is None:
            raise Refused("wrong login or password")
        await self._count_password(account, right=right)
        if not right:
            raise Refused("wrong login or password")
        return await self._begin(account, None, life)

    async def by_pin(
        self, telephone: Telephone, staff: StaffId, pin: str, life: timedelta
    ) -> tuple[str, Session]:
        """Sign somebody in on this telephone; the telephone's older session ends.

        Raises:
            Locked: five wrong PINs lock this person on this telephone.
            Refused: no such person here, wrong PIN.
        """
        now = self._clock.now()
        account = self._known.accounts.get((telephone.house, staff))
        key = (telephone.house, staff, telephone.handset)
        tries = self._known.pins.get(key, Tries())
        if tries.locked(now):
            assert tries.locked_until is not None
            raise Locked(tries.locked_until)
        usable = account is not None and not account.disabled
        # Counted before it is checked: parallel guesses get no free tries.
        await self._count_pin(key, tries.wrong(now, PIN_TRIES))
        if not await matches(account.pin_hash if account and usable else None, pin):
            counted = self._known.pins[key]
            if counted.locked_until is not None:
                raise Locked(counted.locked_until)
            raise Refused("wrong PIN")
        assert account is not None
        await self._count_pin(key, None)
        for old in self.on_telephone(telephone.house, telephone.handset):
            await self.end(old)
        return await self._begin(account, telephone.handset, life)

    def on_telephone(self, house: HouseId, handset: HandsetId) -> tuple[Session, ...]:
        """Return the sessions of one telephone; more than one only for a moment."""
        return tuple(
            s for s in self._known.sessions.values() if (s.house, s.handset) == (house, handset)
        )

    async def end(self, session: Session) -> None:
        """Sign out: the token is worth nothing from now, also while the store is away."""
        self._changes += 1
        self._known.sessions.pop(session.token_hash, None)
        self._unsaved.pop(session.token_hash, None)
        gone = delete(tables.sessions).where(tables.sessions.c.token_hash == session.token_hash)
        await self._try(gone, "a session was ended but not in the store")

    async def extend(self, session: Session, until: datetime) -> None:
        """Let a session last longer: nobody is signed out in the middle of a call."""
        self._changes += 1
        self._known.sessions[session.token_hash] = replace(session, expires_at=until)
        later = (
            update(tables.sessions)
            .where(tables.sessions.c.token_hash == session.token_hash)
            .values(expires_at=until)
        )
        await self._try(later, "a session was extended but not in the store")

    # --- Telephones ---

    async def code_for(self, house: HouseId, handset: HandsetId) -> tuple[str, datetime]:
        """Return a one-time code that enrols this telephone, and until when it holds.

        Raises:
            StoreDown: nothing can be enrolled now.
        """
        code, until = new_code(), self._clock.now() + CODE_LIFE
        await self._store.write(
            insert(tables.enrol_codes).values(
                code_hash=code_hash(code), house=house, handset=handset, expires_at=until
            )
        )
        self._changes += 1
        self._known.codes[code_hash(code)] = _Code(house, handset, until, None)
        return code, until

    async def enrol(self, code: str, name: str) -> tuple[str, Telephone]:
        """Exchange a one-time code for the telephone's key; older keys of it are revoked.

        Raises:
            Refused: unknown, used or too old.
            StoreDown: nothing can be enrolled now.
        """
        now, hashed = self._clock.now(), code_hash(code)
        if hashed not in self._known.codes:
            await self.load()  # made by the command line a moment ago
        known = self._known.codes.get(hashed)
        if known is None or known.used_at is not None or known.expires_at <= now:
            raise Refused("this code is unknown, used or too old")
        codes, keys = tables.enrol_codes, tables.handset_keys
        unused = (codes.c.code_hash == hashed) & codes.c.used_at.is_(None)
        (used,) = await self._store.write(update(codes).where(unused).values(used_at=now))
        if used != 1:
            raise Refused("this code was just used")
        key = new_token()
        telephone = Telephone(known.house, known.handset, name)
        own = (keys.c.house == known.house) & (keys.c.handset == known.handset)
        await self._store.write(
            update(keys).where(own & keys.c.revoked_at.is_(None)).values(revoked_at=now),
            insert(keys).values(
                house=known.house,
                handset=known.handset,
                key_hash=token_hash(key),
                name=name,
                enrolled_at=now,
            ),
        )
        self._changes += 1
        self._known.codes[hashed] = replace(known, used_at=now)
        older = [k for k, t in self._known.keys.items() if _same_telephone(t, telephone)]
        for revoked in older:
            del self._known.keys[revoked]
        self._known.keys[token_hash(key)] = telephone
        return key, telephone

    # --- Boards ---

    async def issue_board(self, house: HouseId, name: str, by: StaffId) -> tuple[str, BoardKey]:
        """Return a key for a screen that nobody signs in on; it is shown once.

        Raises:
            StoreDown: none can be issued now.
        """
        key, now = new_token(), self._clock.now()
        board = BoardKey(token_hash(key)[:BOARD_ID], house, name, now)
        await self._store.write(
            insert(tables.board_keys).values(
                house=house, key_hash=token_hash(key), name=name, issued_at=now, issued_by=by
            )
        )
        self._changes += 1
        self._known.boards[token_hash(key)] = board
        return key, board

    async def revoke_board(self, house: HouseId, board: str) -> bool:
        """Shut a screen out at once; False where there is none of this id.

        Raises:
            StoreDown: it would be back after a restart.
        """
        for hashed, known in list(self._known.boards.items()):
            if (known.house, known.id) == (house, board):
                keys = tables.board_keys
                own = (keys.c.house == house) & (keys.c.key_hash == hashed)
                now = self._clock.now()
                await self._store.write(update(keys).where(own).values(revoked_at=now))
                self._changes += 1
                self._known.boards.pop(hashed, None)
                return True
        return False

    # --- Details ---

    async def _begin(
        self, account: Account, handset: HandsetId | None, life: timedelta
    ) -> tuple[str, Session]:
        token, now = new_token(), self._clock.now()
        session = Session(
            token_hash(token), account.house, account.staff, account.role, handset, now + life
        )
        self._changes += 1
        self._known.sessions[session.token_hash] = session
        if not await self._try(_insert(session, now), "a session is not in the store yet"):
            self._unsaved[session.token_hash] = session
        return token, session

    async def _count_password(self, account: Account, *, right: bool) -> None:
        if right and not account.tries.failed:
            return
        now = self._clock.now()
        tries = Tries() if right else account.tries.wrong(now, PASSWORD_TRIES)
        self._changes += 1
        self._known.accounts[account.house, account.staff] = replace(account, tries=tries)
        own = (tables.accounts.c.house == account.house) & (
            tables.accounts.c.staff == account.staff
        )
        await self._try(
            update(tables.accounts)
            .where(own)
            .values(failed=tries.failed, locked_until=tries.locked_until),
            "wrong passwords were counted but not in the store",
        )

    async def _count_pin(self, key: PinKey, tries: Tries | None) -> None:
        self._changes += 1
        table = tables.pin_tries
        house, staff, handset = key
        own = (table.c.house == house) & (table.c.staff == staff) & (table.c.handset == handset)
        if tries is None:
            self._known.pins.pop(key, None)
            await self._try(delete(table).where(own), "a PIN lock was lifted in memory only")
            return
        self._known.pins[key] = tries
        row = insert(table).values(
            house=house,
            staff=staff,
            handset=handset,
            failed=tries.failed,
            locked_until=tries.locked_until,
        )
        why = "wrong PINs were counted but not in the store"
        await self._try_all([delete(table).where(own), row], why)

    async def _save_missed(self) -> None:
        for hashed, session in list(self._unsaved.items()):
            # An earlier try may have written it, and only its answer was lost.
            own = delete(tables.sessions).where(tables.sessions.c.token_hash == hashed)
            await self._store.write(own, _insert(session, self._clock.now()))
            self._unsaved.pop(hashed, None)

    async def _try(self, statement: Statement, otherwise: str) -> bool:
        return await self._try_all([statement], otherwise)

    async def _try_all(self, statements: Iterable[Statement], otherwise: str) -> bool:
        try:
            await self._store.write(*statements)
        except StoreDown as error:
            log.warning(otherwise, error=str(error))
            return False
        return True


def _same_telephone(one: Telephone, other: Telephone) -> bool:
    return (one.house, one.handset) == (other.house, other.handset)


def _insert(session: Session, now: datetime) -> Statement:
    return insert(tables.sessions).values(
        token_hash=session.token_hash,
        house=session.house,
        staff=session.staff,
        handset=session.handset,
        created_at=now,
        expires_at=session.expires_at,
    )


async def _read(store: Store) -> _Known:
    known = _Known()
    async with store.read() as connection:
        for row in await connection.execute(select(tables.accounts)):
            account = Account(
                row.house,
                row.staff,
                row.login,
                Role(row.role),
                row.password_hash,
                row.pin_hash,
                Tries(row.failed, row.locked_until),
                row.disabled,
            )
            known.accounts[row.house, row.staff] = account
        for row in await connection.execute(select(tables.sessions)):
            account = known.accounts.get((row.house, row.staff))
            if account is not None:
                known.sessions[row.token_hash] = Session(
                    row.token_hash,
                    row.house,
                    row.staff,
                    account.role,
                    row.handset,
                    row.expires_at,
                )
        keys = tables.handset_keys
        for row in await connection.execute(select(keys).where(keys.c.revoked_at.is_(None))):
            known.keys[row.key_hash] = Telephone(row.house, row.handset, row.name)
        boards = tables.board_keys
        for row in await connection.execute(
            select(boards).where(boards.c.revoked_at.is_(None))
        ):
            known.boards[row.key_hash] = BoardKey(
                row.key_hash[:BOARD_ID], row.house, row.name, row.issued_at
            )
        for row in await connection.execute(select(tables.enrol_codes)):
            code = _Code(row.house, row.handset, row.expires_at, row.used_at)
            known.codes[row.code_hash] = code
        for row in await connection.execute(select(tables.pin_tries)):
            key = (row.house, row.staff, row.handset)
            known.pins[key] = Tries(row.failed, row.locked_until)
    return known
