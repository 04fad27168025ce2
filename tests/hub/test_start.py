"""A hub that cannot start says what to do, and takes nothing from the broker."""

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hub.app import outvoted
from hub.store.rows import Fenced
from tests.support.mosquitto import free_port

ROOT = Path(__file__).parents[2]
HOUSE_FILE = ROOT / "simulators" / "houses" / "solvik.yaml"
WITHIN_S = 120


def bjelle(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BJELLE_")}
    environment = {
        **inherited,
        "BJELLE_STORE_URL": f"sqlite+aiosqlite:///{folder / 'bjelle.db'}",
        "BJELLE_DATA_DIR": str(folder),
        "BJELLE_PORT": str(free_port()),
        "BJELLE_MQTT_PORT": str(free_port()),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )


@pytest.mark.parametrize("plan", ['{"house":"solvik"}', "not JSON"])
def test_a_house_that_cannot_be_read_keeps_the_hub_from_starting(
    tmp_path: Path, plan: str
) -> None:
    """Started without it, its presses would be taken from the broker and given to nobody."""
    imported = bjelle(tmp_path, "house", "import", str(HOUSE_FILE))
    assert imported.returncode == 0, imported.stderr
    base = sqlite3.connect(tmp_path / "bjelle.db")
    with base:
        base.execute("UPDATE plans SET plan = ?", (plan,))
    base.close()

    ended = bjelle(tmp_path, "serve")

    assert ended.returncode == 2
    assert "the hub cannot start:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_hub_that_another_took_over_says_so_in_one_line() -> None:
    fenced = Fenced("journal row 5 of small was written by another worker")
    deciding = BaseExceptionGroup("engines", [ExceptionGroup("one", [fenced])])

    assert outvoted(deciding) == str(fenced)
    assert outvoted(BaseExceptionGroup("engines", [fenced, OSError("disk")])) is None


def test_a_taken_port_is_one_sentence_with_what_to_do(tmp_path: Path) -> None:
    assert bjelle(tmp_path, "house", "import", str(HOUSE_FILE)).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = bjelle(tmp_path, "serve", "--port", str(port))
    assert ended.returncode == 2
    assert f"the hub cannot start: cannot listen on 127.0.0.1, port {port}" in ended.stderr
    assert "stop the other program, or set BJELLE_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_empty_store_is_no_backup(tmp_path: Path) -> None:
    """In the wrong folder, each night, it would look like one."""
    assert bjelle(tmp_path, "serve").returncode == 2
    assert (tmp_path / "bjelle.db").exists()
    ended = bjelle(tmp_path, "backup", "night.bjelle")
    assert ended.returncode == 2
    assert "holds no house" in ended.stderr
    assert not (tmp_path / "night.bjelle").exists()
