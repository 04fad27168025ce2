"""Layouts: how bytes become fields. The tables stand in `devices/models/`, not here."""
