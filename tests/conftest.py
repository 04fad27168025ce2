"""Fixtures for all tests: real servers, each on a free port with its data in `tmp_path`."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.mosquitto import Mosquitto, running


def pytest_configure() -> None:
    """Let nobody make a loop by asking for one: pytest-asyncio does, and leaves it unclosed."""
    asyncio.set_event_loop(None)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running Mosquitto with the shipped configuration, without TLS."""
    with running(tmp_path / "mosquitto") as broker:
        yield broker


@pytest.fixture
def tls_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """The same with TLS, as deployed; `ca` is whom to trust."""
    with running(tmp_path / "mosquitto", tls=True) as broker:
        yield broker
