"""How Alembic reaches the database: by the connection that hub/store/migrate.py hands over."""

from alembic import context

from hub.store import tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.metadata,
    # SQLite changes columns by making the table anew.
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
