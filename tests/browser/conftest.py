"""Pages in a real Chromium, before a stage or the real hub."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from tests.browser.chromium import Opener, context, need_chromium
from tests.browser.stage import Stage, on_stage

PATIENCE_MS = 20_000
"""How long a page may take on a machine that is busy with the rest of the tests."""


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    need_chromium()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as started:
        yield started


@pytest.fixture
def stage() -> Iterator[Stage]:
    with on_stage() as stage:
        yield stage


@pytest.fixture
def telephone(playwright: Playwright, tmp_path: Path) -> Iterator[Opener]:
    """Open browsers, each a telephone of its own."""
    with ExitStack() as stack:
        count = 0

        def opened(width: int = 360, height: int = 740, *, touch: bool = True) -> Page:
            nonlocal count
            count += 1
            profile = tmp_path / f"browser-{count}"
            one = context(playwright, profile, width=width, height=height, touch=touch)
            return stack.enter_context(one).pages[0]

        yield opened
