"""`bjelle doctor` finds what is wrong below the hub; `bjelle handset` lets a telephone in."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from hub import doctor as doctors
from hub.accounts import Accounts, Refused
from hub.backup import LastBackup, note
from hub.cli_doctor import doctor
from hub.cli_handset import handset
from hub.cli_house import house
from hub.cli_store import backup
from hub.cli_user import user
from hub.clock import SystemClock
from hub.store.store import Store
from tests.hub.test_api_house import SMALL, at_work
from tests.support.mosquitto import ROOT, Mosquitto, free_port

Bjelle = Callable[..., Result]

app = Typer()
for name, part in (("house", house), ("user", user), ("handset", handset)):
    app.add_typer(part, name=name)
for command in (doctor, backup):
    app.command(command.__name__)(command)


@pytest.fixture
def bjelle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bjelle:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BJELLE_STORE_URL", f"sqlite+aiosqlite:///{tmp_path / 'bjelle.db'}")
    monkeypatch.setenv("BJELLE_PORT", str(free_port()))
    monkeypatch.setenv("BJELLE_MQTT_PORT", str(free_port()))
    monkeypatch.setenv("BJELLE_MQTT_TLS", "false")

    def run(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(app, list(words), input=typed)

    return run


def findings(done: Result) -> dict[str, dict[str, Any]]:
    return {one["what"]: one for one in json.loads(done.stdout)["findings"]}


def small(bjelle: Bjelle, folder: Path) -> None:
    (folder / "small.yaml").write_text(SMALL)
    assert bjelle("house", "import", "small.yaml").exit_code == 0


def test_nothing_there_is_told_with_what_to_do(bjelle: Bjelle) -> None:
    done = bjelle("doctor", "--json")
    found = findings(done)

    assert done.exit_code == 1
    assert (found["store"]["mark"], found["broker"]["mark"]) == ("bad", "bad")
    assert "house import" in found["store"]["next"]
    assert all(one["next"] for one in found.values() if one["mark"] != "good")
    assert not Path("bjelle.db").exists()


def test_every_wrong_setting_is_told_by_its_name(
    bjelle: Bjelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BJELLE_PORT", "many")
    monkeypatch.setenv("BJELLE_MQTT_PORT", "0")
    done = bjelle("doctor")

    assert done.exit_code == 1
    assert "BJELLE_PORT" in done.stdout
    assert "BJELLE_MQTT_PORT" in done.stdout


@pytest.mark.broker
async def test_a_house_at_work_is_well_but_for_its_backup(
    broker: Mosquitto, tmp_path: Path
) -> None:
    async with at_work(tmp_path, broker) as (hub, settings):
        await hub.intake.live.wait()
        found = await doctors.examine(settings, SystemClock().now())
        await hub.intake.live.wait()
        assert hub.intake.stats.losses == 0  # asking takes no session from the hub

    marks = {one.what: one.mark for one in found}
    del marks["pages"]  # built or not
    assert marks.pop("backup") == "look"
    assert set(marks.values()) == {"good"}, found


@pytest.mark.broker
async def test_a_broker_that_refuses_us_is_told(broker: Mosquitto, tmp_path: Path) -> None:
    async with at_work(tmp_path, broker) as (_, settings):
        given = {"mqtt_username": "nobody"}
        finding = await doctors._broker(settings.model_copy(update=given))

    assert finding.mark == "bad"
    assert "nobody" in finding.said


@pytest.mark.broker
async def test_a_changed_row_breaks_the_chain(broker: Mosquitto, tmp_path: Path) -> None:
    async with at_work(tmp_path, broker) as (_, settings):
        pass
    assert (await doctors._journal(settings)).mark == "good"
    with sqlite3.connect(tmp_path / "bjelle.db") as connection:
        connection.execute("UPDATE journal SET kind = 'Else' WHERE seq = 2")
    connection.close()
    finding = await doctors._journal(settings)

    assert finding.mark == "bad"
    assert "row 2" in finding.said


@pytest.mark.broker
async def test_a_clock_behind_the_journal_is_told(broker: Mosquitto, tmp_path: Path) -> None:
    async with at_work(tmp_path, broker) as (_, settings):
        pass
    finding = await doctors._clock(settings, SystemClock().now() - timedelta(hours=1))

    assert (finding.mark, "ahead" in finding.said) == ("bad", True)


@pytest.mark.parametrize(
    ("age", "mark"),
    [(timedelta(hours=3), "good"), (timedelta(hours=30), "look"), (timedelta(days=9), "bad")],
)
def test_a_backup_grows_old(bjelle: Bjelle, tmp_path: Path, age: timedelta, mark: str) -> None:
    small(bjelle, tmp_path)
    assert findings(bjelle("doctor", "--json"))["backup"]["mark"] == "look"
    assert bjelle("backup", "saved").exit_code == 0
    assert findings(bjelle("doctor", "--json"))["backup"]["mark"] == "good"
    note(tmp_path, LastBackup(SystemClock().now() - age, "saved"))

    assert findings(bjelle("doctor", "--json"))["backup"]["mark"] == mark


def test_a_house_without_a_leader_is_told(bjelle: Bjelle, tmp_path: Path) -> None:
    small(bjelle, tmp_path)
    before = findings(bjelle("doctor", "--json"))["houses"]
    bjelle("user", "add", "leader-1", typed="et langt passord\n")

    assert (before["mark"], "user add" in before["next"]) == ("bad", True)
    assert findings(bjelle("doctor", "--json"))["houses"]["mark"] == "good"


def test_a_certificate_is_told_before_it_ends() -> None:
    marks = [doctors._lasts("x", timedelta(days=days)).mark for days in (400, 29, 0, -1)]
    assert marks == ["good", "look", "bad", "bad"]
    assert doctors._moment("Nov 21 22:00:00 2026 GMT") == datetime(2026, 11, 21, 22, tzinfo=UTC)
    assert doctors._moment("soon") is None


# --- telephones -------------------------------------------------------------------------------


async def test_a_code_of_the_command_enrols_a_telephone_once_until_it_is_revoked(
    tmp_path: Path,
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'bjelle.db'}"
    (tmp_path / "small.yaml").write_text(SMALL)

    async def run(*words: str) -> str:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "hub.cli", *words],
            cwd=tmp_path,
            env={"BJELLE_STORE_URL": url, "PYTHONPATH": str(ROOT), "BJELLE_PORT": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    await run("house", "import", "small.yaml")
    made = json.loads(
        await run("handset", "code", "phone-1", "--url", "https://hub.example/", "--json")
    )
    assert made["url"] == f"https://hub.example/h#enrol={made['code']}"
    assert "known: phone-1, phone-2" in await run("handset", "code", "phone-9")

    store = await Store.open(url, spool=tmp_path / "spool")
    accounts = Accounts(store, SystemClock())
    await accounts.load()
    key, telephone = await accounts.enrol(made["code"], "")
    assert (telephone.handset, accounts.telephone(key)) == ("phone-1", telephone)
    with pytest.raises(Refused):
        await accounts.enrol(made["code"], "")
    assert "phone-1          Telefon 1                enrolled 20" in await run(
        "handset", "list"
    )

    assert "shut out" in await run("handset", "revoke", "phone-1")
    await accounts.load()
    assert accounts.telephone(key) is None
    assert "was not enrolled" in await run("handset", "revoke", "phone-1")
    await store.close()
