"""Pages in a real Chromium, before a stage or the real hub."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.browser.chromium import PATIENCE_MS, Opener, apart, manners, need_chromium, shared
from tests.browser.house import TOGETHER, House, Street, open_street
from tests.browser.stage import Stage, on_stage
from tests.support.mosquitto import need_mosquitto, running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    need_chromium()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with shared(playwright) as browser:
        yield browser


@pytest.fixture
def stage() -> Iterator[Stage]:
    with on_stage() as stage:
        yield stage


@pytest.fixture
def telephone(browser: Browser) -> Iterator[Opener]:
    """Open pages, each a telephone of its own: only the browser's processes are shared."""
    with ExitStack() as stack:

        def opened(width: int = 360, height: int = 740, *, touch: bool = True) -> Page:
            context = browser.new_context(**manners(width, height, touch=touch))
            context.set_default_timeout(PATIENCE_MS)
            stack.callback(context.close)
            return context.new_page()

        yield opened


@pytest.fixture
def lone_telephone(playwright: Playwright, tmp_path: Path) -> Iterator[Page]:
    """A telephone whose processes are nobody else's; its profile is `tmp_path / "profile"`."""
    with apart(playwright, tmp_path / "profile") as context:
        yield context.pages[0]


@pytest.fixture(scope="session")
def street(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Street]:
    """Run one hub in which every test of this run that asks for a house has its own."""
    need_mosquitto()
    changes = {
        item.nodeid: getattr(item.function, "house_changes", (TOGETHER,))
        for item in request.session.items
        if isinstance(item, pytest.Function) and "house" in item.fixturenames
    }
    folder = tmp_path_factory.mktemp("street")
    with (
        running(folder / "mosquitto") as broker,
        open_street(folder / "hub", broker, changes) as street,
    ):
        yield street


@pytest.fixture
def house(street: Street, request: pytest.FixtureRequest) -> Iterator[House]:
    with street.house(request.node.nodeid) as house:
        yield house
