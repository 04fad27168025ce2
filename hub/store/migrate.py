"""Bring the tables to this program's version (Alembic, hub/store/migrations)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hub.store.database import database

MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaBehind(RuntimeError):  # noqa: N818 (a state of affairs)
    """The database's tables are not those of this program."""


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file: the URL comes from the settings."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


async def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the tables behind this URL."""

    def work(connection: Connection) -> None:
        if revision == "head" and revision_of(connection) == newest():
            return
        command.upgrade(configuration(connection), revision)

    base = database(url)
    try:
        await base.transact(work)
    finally:
        await base.close()


async def require_newest(url: str) -> None:
    """Raise SchemaBehind where the tables are not of this program's version."""
    base = database(url)
    try:
        found = await base.transact(revision_of)
    finally:
        await base.close()
    if found != newest():
        raise SchemaBehind(
            f"the database is at revision {found or 'none'}, this program needs {newest()}: "
            "run `bjelle db upgrade` (and take a backup first)"
        )


def newest() -> str | None:
    """The revision that this program was written for."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def revision_of(connection: Connection) -> str | None:
    """The revision of this database's tables, None where it has none."""
    return MigrationContext.configure(connection).get_current_revision()
