"""Migrated tables are the tables of the program, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from hub.store import tables
from hub.store.database import passing_engine
from hub.store.migrate import SchemaBehind, migrate, newest
from hub.store.store import Store
from tests.support.postgres import Cluster
from tests.support.stores import Place


async def test_the_migrations_lead_to_the_programs_tables(place: Place) -> None:
    await migrate(place.url)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return compare_metadata(context, tables.metadata)

    engine = passing_engine(place.url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()

    assert found == []


async def test_migrating_twice_changes_nothing(place: Place) -> None:
    await migrate(place.url)
    await migrate(place.url)

    store = await place.open()
    await store.close()


@pytest.mark.postgres
async def test_a_server_without_tables_is_refused_with_what_to_do(
    postgres_cluster: Cluster, tmp_path: Path
) -> None:
    why = f"needs {newest()}: run `bjelle db upgrade`"
    with postgres_cluster.database() as name, pytest.raises(SchemaBehind, match=why):
        await Store.open(postgres_cluster.url(name), spool=tmp_path / "spool")
