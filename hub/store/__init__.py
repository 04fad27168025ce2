"""The journal and its projections, on SQLite or PostgreSQL."""
