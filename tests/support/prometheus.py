"""Debian's Prometheus on a free port, with the shipped configuration, and what it scrapes."""

import contextlib
import http.server
import json
import os
import shutil
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.mosquitto import free_port

UP_WITHIN_S = 30.0


def need_prometheus() -> str:
    """Return its path; without one skip the test, or fail it in CI."""
    found = shutil.which("prometheus")
    if found is None or shutil.which("promtool") is None:
        why = "no prometheus (with promtool) on PATH: apt-get install prometheus"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return found


@contextlib.contextmanager
def exporting(exposition: Callable[[], bytes], token: str) -> Iterator[int]:
    """Serve figures at /metrics to who shows the token; yields the port."""

    class Exporter(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.headers.get("Authorization") == f"Bearer {token}"
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(exposition() if allowed else b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Prometheus:
    """A running one; `query` asks it as Grafana would."""

    def __init__(self, port: int) -> None:
        self.port = port

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the result of an instant query.

        Raises:
            ValueError: Prometheus does not accept the expression; the text says why.
        """
        asked = urllib.parse.urlencode({"query": expression})
        url = f"http://127.0.0.1:{self.port}/api/v1/query?{asked}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{expression}: {error.read().decode()}") from error


@contextlib.contextmanager
def running(folder: Path, configuration: Path) -> Iterator[Prometheus]:
    """Run it on this configuration and return when it has scraped its target once."""
    port = free_port()
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(
            [
                need_prometheus(),
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        found = Prometheus(port)
        _wait_for_scrape(found, process, folder / "prometheus.log")
        yield found
    finally:
        process.terminate()
        process.wait(UP_WITHIN_S)


def _wait_for_scrape(found: Prometheus, process: subprocess.Popen[bytes], log: Path) -> None:
    pause = threading.Event()
    for _ in range(int(UP_WITHIN_S / 0.2)):
        # ValueError: it answers 503 while it reads its own log at the start.
        with contextlib.suppress(urllib.error.URLError, ConnectionError, ValueError):
            if any(one["value"][1] == "1" for one in found.query("up")):
                return
        if process.poll() is not None:
            break
        pause.wait(0.2)
    raise RuntimeError(f"prometheus scraped nothing: {log.read_text()[-2000:]}")
