"""`bjelle coverage` without a file: of when its answer is, and who knows better."""

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert
from typer import Typer
from typer.testing import CliRunner, Result

from hub import records
from hub.cli_coverage import coverage
from hub.cli_house import house
from hub.house import load
from hub.store import tables
from routing.events import HandsetState
from routing.ids import HandsetId, StaffId
from routing.state import HandsetNow
from routing.step import empty
from tests.support.mosquitto import free_port

SMALL = Path(__file__).parents[2] / "simulators" / "houses" / "small.yaml"

app = Typer()
app.add_typer(house, name="house")
app.command("coverage")(coverage)

Bjelle = Callable[..., Result]


@pytest.fixture
def bjelle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bjelle:
    """Run a command beside a store with the small house, and no hub."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BJELLE_STORE_URL", f"sqlite+aiosqlite:///{tmp_path / 'bjelle.db'}")
    monkeypatch.setenv("BJELLE_PORT", str(free_port()))

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, list(words))

    assert run("house", "import", str(SMALL)).exit_code == 0
    return run


def snapshot(at: Path, taken: datetime) -> None:
    """Keep a snapshot in which the nurse is signed in."""
    plan = load(SMALL).plan(1)
    nurse = HandsetNow(HandsetState.READY, staff=StaffId("nurse-1"))
    state = replace(empty(plan), handsets={HandsetId("phone-1"): nurse})
    row = {
        "house": str(plan.house),
        "seq": 7,
        "at": taken,
        "state": records.encode_state(state).decode(),
        "schema": records.SCHEMA,
        "core_version": "test",
    }
    engine = create_engine(f"sqlite:///{at / 'bjelle.db'}")
    with engine.begin() as connection:
        connection.execute(insert(tables.snapshot), [row])
    engine.dispose()


def test_it_says_of_when_the_snapshot_is_in_local_time_and_how_old(
    bjelle: Bjelle, tmp_path: Path
) -> None:
    snapshot(tmp_path, datetime(2026, 7, 1, 12, 30, tzinfo=UTC))

    done = bjelle("coverage")

    assert "As of the store's last snapshot, 2026-07-01 14:30:00, " in done.stdout
    assert " ago.\n" in done.stdout
    assert "A hub runs" not in done.stdout


def test_a_script_gets_the_age_in_seconds(bjelle: Bjelle, tmp_path: Path) -> None:
    taken = datetime.now(UTC) - timedelta(minutes=14)  # noqa: TID251 - as the hub's own clock
    snapshot(tmp_path, taken)

    told = json.loads(bjelle("coverage", "--json").stdout)

    assert told["snapshot_at"] == taken.isoformat()
    assert told["snapshot_age_s"] >= 14 * 60
    assert told["hub"] is None


def test_where_a_hub_runs_it_names_the_command_that_asks_it(
    bjelle: Bjelle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot(tmp_path, datetime(2026, 7, 1, 12, 30, tzinfo=UTC))
    with socket.create_server(("127.0.0.1", 0)) as hub:
        monkeypatch.setenv("BJELLE_PORT", str(hub.getsockname()[1]))
        done = bjelle("coverage")

    assert "`bjelle coverage --login NAME` asks it" in done.stdout


def test_a_store_that_no_hub_has_run_on_says_that_nobody_is_known(bjelle: Bjelle) -> None:
    done = bjelle("coverage")

    assert done.exit_code == 1
    assert done.stdout.startswith("No snapshot yet: nobody is known to be signed in")
    assert bjelle("coverage", str(SMALL)).stdout.startswith(("1 beds", "2 beds", "3 beds", "4"))
