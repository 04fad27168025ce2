"""Debian's Chromium under Playwright: no browser is downloaded (UX section 3.3)."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

ROOT = Path(__file__).parents[2]
AXE = ROOT / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = ROOT / "test-output" / "screens"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PATIENCE_MS = 90_000
"""How long a page may take on a machine that is busy with the rest of the tests."""
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
]


def missing() -> str:
    """Say what is missing for browser tests; empty if nothing is."""
    if not Path(CHROMIUM).exists():
        return "no Chromium on PATH: install Debian's chromium"
    if not (ROOT / "hub/static/dist/handset.html").exists():
        return "the pages are not built: run make page"
    return ""


def need_chromium() -> None:
    """Skip where there is no Chromium or no page; in CI that is an error."""
    why = missing()
    if why and os.environ.get("CI") == "true":
        pytest.fail(why)
    if why:
        pytest.skip(why)


def manners(width: int, height: int, *, touch: bool) -> dict[str, Any]:
    """Return what a telephone (or a desk) is to a page."""
    return {
        "viewport": {"width": width, "height": height},
        "has_touch": touch,
        "locale": "nb-NO",
        "timezone_id": "Europe/Oslo",
    }


@contextmanager
def shared(playwright: Playwright) -> Iterator[Browser]:
    """Open the browser of a whole run: each of its contexts has its own cookies and storage."""
    opened = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGS)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def apart(
    playwright: Playwright, profile: Path, *, width: int = 360, height: int = 740
) -> Iterator[BrowserContext]:
    """Open a browser with processes of its own, for a test that stops them."""
    opened = playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=CHROMIUM,
        headless=True,
        args=ARGS,
        **manners(width, height, touch=True),
    )
    opened.set_default_timeout(PATIENCE_MS)
    try:
        yield opened
    finally:
        opened.close()


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong by WCAG 2.1 AA: rule and element."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text())
    found = page.evaluate(
        "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def shot(page: Page, name: str) -> None:
    """Keep a picture for people to look at; not in git."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


Opener = Callable[..., Page]


def _parents() -> dict[int, tuple[int, str]]:
    found: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            status = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it ended while we looked
        found[int(entry.name)] = int(status[1]), command
    return found


def renderers(profile: Path) -> list[int]:
    """Return the processes that draw and run the pages of the browser with this profile."""
    known = _parents()

    def belongs(pid: int) -> bool:
        while pid in known:
            if f"--user-data-dir={profile}" in known[pid][1]:
                return True
            pid = known[pid][0]
        return False

    return [
        pid
        for pid, (_, command) in known.items()
        if "--type=renderer" in command and belongs(pid)
    ]
