"""The access log: who read what about whom (pasientjournalloven § 22, forskrift § 14)."""

from collections.abc import Iterable

import structlog
from sqlalchemy import insert

from hub.api.wiring import Hub
from hub.auth import Session
from hub.store import tables
from hub.store.rows import StoreDown

log = structlog.get_logger(__name__)


async def note_reading(hub: Hub, session: Session, what: str, patients: Iterable[str]) -> None:
    """Write one row for each patient read about, so that each can be told who looked."""
    rows = [
        {
            "house": session.house,
            "at": hub.clock.now(),
            "staff": session.staff,
            "what": what,
            "subject": patient,
        }
        for patient in dict.fromkeys(patients)
    ]
    if not rows:
        return
    try:
        await hub.store.write((insert(tables.access_log), rows))
    except StoreDown as error:
        # Who needs it to help somebody now must get it; that it is missing is known.
        log.warning("reading not logged", staff=session.staff, what=what, error=str(error))
