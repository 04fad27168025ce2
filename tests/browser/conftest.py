"""Pages in a real Chromium, before a stage or the real hub."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, sync_playwright

from tests.browser.chromium import Opener, context, need_chromium
from tests.browser.stage import Stage, on_stage


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    need_chromium()
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
