"""The commands over file and store: what a person at a prompt sees, and a script reads."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select
from typer import Typer
from typer.testing import CliRunner, Result

from hub import records
from hub.auth import _check as check_secret
from hub.auth import token_hash
from hub.cli_board import board
from hub.cli_device import device
from hub.cli_house import house
from hub.cli_replay import replay
from hub.cli_report import ledger, report, why
from hub.cli_store import backup, db, restore
from hub.cli_user import user
from hub.store import tables
from routing.effects import Because, Considered, Reason
from routing.ids import RuleId, StaffId
from tests.support.mosquitto import free_port

HOUSES = Path(__file__).parents[2] / "simulators" / "houses"
SMALL = str(HOUSES / "small.yaml")
OPENED = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # 00:30 in Oslo

app = Typer()
app.add_typer(house, name="house")
app.add_typer(user, name="user")
app.add_typer(report, name="report")
app.add_typer(db, name="db")
app.add_typer(device, name="device")
app.add_typer(board, name="board")
for command in (why, ledger, backup, restore, replay):
    app.command(command.__name__)(command)

Bjelle = Callable[..., Result]


@pytest.fixture
def bjelle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bjelle:
    """Run a command in an empty folder with a store of its own; a port where no hub is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BJELLE_STORE_URL", f"sqlite+aiosqlite:///{tmp_path / 'bjelle.db'}")
    monkeypatch.setenv("BJELLE_PORT", str(free_port()))

    def run(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(app, list(words), input=typed)

    return run


def put(tmp_path: Path, table: Any, *rows: dict[str, Any]) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'bjelle.db'}")
    with engine.begin() as connection:
        connection.execute(insert(table), list(rows))
    engine.dispose()


def got(tmp_path: Path, table: Any) -> list[Any]:
    engine = create_engine(f"sqlite:///{tmp_path / 'bjelle.db'}")
    with engine.connect() as connection:
        found = list(connection.execute(select(table)))
    engine.dispose()
    return found


# --- house --------------------------------------------------------------------------------


def test_a_good_file_is_in_order(bjelle: Bjelle) -> None:
    done = bjelle("house", "check", SMALL)

    assert done.exit_code == 0
    assert "Lille Solvik is in order" in done.stdout


def test_a_bad_file_is_told_on_stderr_with_exit_code_1(bjelle: Bjelle, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("house: { id: a }\nunits: { n: }\nrooms: { '1': { unit: m } }\n")
    done = bjelle("house", "check", str(bad))

    assert done.exit_code == 1
    assert done.stdout == ""
    assert "bad.yaml:3: rooms.1.unit: no unit 'm'; known: n" in done.stderr
    problem = {"line": 3, "path": "rooms.1.unit", "text": "no unit 'm'; known: n"}
    told = json.loads(bjelle("house", "check", str(bad), "--json").stdout)
    assert told == {"ok": False, "file": "bad.yaml", "problems": [problem]}


def test_a_file_that_is_not_there_is_exit_code_2(bjelle: Bjelle) -> None:
    done = bjelle("house", "check", "none.yaml")

    assert (done.exit_code, "cannot be read" in done.stderr) == (2, True)


def test_import_and_export_go_round(bjelle: Bjelle, tmp_path: Path) -> None:
    first = json.loads(bjelle("house", "import", SMALL, "--json").stdout)
    out = tmp_path / "out.yaml"
    bjelle("house", "export", "-o", str(out))
    again = json.loads(bjelle("house", "import", str(out), "--json").stdout)

    assert (first["version"], first["before"]) == (1, 0)
    assert (again["version"], again["changed"]) == (1, [])
    assert "Kari Nordlykt" in bjelle("house", "export").stdout
    assert out.stat().st_mode & 0o077 == 0


def test_a_bad_file_is_not_imported(bjelle: Bjelle, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("house: { id: a }\n")
    done = bjelle("house", "import", str(bad))

    assert done.exit_code == 2
    assert "not imported" in done.stderr
    assert not (tmp_path / "bjelle.db").exists()


def test_an_import_beside_a_running_hub_is_refused_unless_said(
    bjelle: Bjelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hub:
        monkeypatch.setenv("BJELLE_PORT", str(hub.getsockname()[1]))
        refused = bjelle("house", "import", SMALL)
        offline = bjelle("house", "import", SMALL, "--offline")

    assert refused.exit_code == 2
    assert "a hub answers" in refused.stderr
    assert offline.exit_code == 0


def test_the_schema_is_json(bjelle: Bjelle) -> None:
    assert json.loads(bjelle("house", "schema").stdout)["title"] == "HouseFile"


def test_a_question_about_a_store_that_is_not_there_makes_none(
    bjelle: Bjelle, tmp_path: Path
) -> None:
    for words in (
        ["house", "export"],
        ["user", "list"],
        ["ledger"],
        ["db", "check"],
        ["replay"],
    ):
        done = bjelle(*words)
        assert done.exit_code == 2, words
        assert "no store at" in done.stderr
    assert not (tmp_path / "bjelle.db").exists()


def test_wrong_settings_are_told_by_their_name(
    bjelle: Bjelle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BJELLE_PORT", "many")
    done = bjelle("house", "import", SMALL)

    assert done.exit_code == 2
    assert "settings: port:" in done.stderr


# --- board --------------------------------------------------------------------------------


def test_a_boards_key_is_issued_listed_and_revoked(bjelle: Bjelle, tmp_path: Path) -> None:
    bjelle("house", "import", SMALL)
    address = "https://hub.example:8443"
    made = json.loads(
        bjelle("board", "issue", "Korridor nord", "--url", address, "--json").stdout
    )
    link, _, key = made["url"].partition("#key=")
    (row,) = got(tmp_path, tables.board_keys)
    assert link == f"{address}/tavle"
    assert row.key_hash == token_hash(key)
    assert "Korridor nord" in bjelle("board", "list").stdout
    gone = bjelle("board", "revoke", made["id"])
    assert (gone.exit_code, gone.stdout) == (0, f"{made['id']}: shut out\n")
    assert json.loads(bjelle("board", "list", "--json").stdout) == []
    again = bjelle("board", "revoke", made["id"])
    assert (again.exit_code, "bjelle board list" in again.stderr) == (2, True)


# --- user ---------------------------------------------------------------------------------


def test_the_first_account_is_a_leaders_and_its_password_never_an_argument(
    bjelle: Bjelle, tmp_path: Path
) -> None:
    bjelle("house", "import", SMALL)
    carer = bjelle("user", "add", "carer-1", typed="et langt passord\n")
    leader = bjelle("user", "add", "leader-1", typed="et langt passord\n")
    second = bjelle("user", "add", "carer-1", "--json", typed="enda et passord\n")

    assert (carer.exit_code, "must be a leader" in carer.stderr) == (2, True)
    assert (leader.exit_code, leader.stdout) == (0, "leader-1 may sign in as 'lise', leader.\n")
    assert json.loads(second.stdout)["role"] == "carer"
    (row,) = [row for row in got(tmp_path, tables.accounts) if row.staff == "leader-1"]
    assert row.password_hash.startswith("$argon2id$")
    assert check_secret(row.password_hash, "et langt passord")


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (["add", "leader-1"], "kort\n", "at least 10 characters"),
        (["add", "leader-1"], "", "no password was given"),
        (["pin", "carer-1"], "12a4\n", "4 to 6 digits"),
        (["pin", "nobody"], "1234\n", "'nobody' has no account"),
        (["add", "nobody"], "et langt passord\n", "is not in the house file"),
        (["add", "leader-1", "--role", "boss"], "x\n", "expected one of carer"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    bjelle: Bjelle, words: list[str], typed: str, said: str
) -> None:
    bjelle("house", "import", SMALL)
    done = bjelle("user", *words, typed=typed)

    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pin_a_reset_and_the_end_of_an_account(bjelle: Bjelle, tmp_path: Path) -> None:
    bjelle("house", "import", SMALL)
    bjelle("user", "add", "leader-1", typed="et langt passord\n")
    session = {"token_hash": "t", "house": "small", "staff": "carer-1", "created_at": OPENED}
    put(tmp_path, tables.sessions, session | {"expires_at": OPENED})

    assert bjelle("user", "pin", "carer-1", typed="4711\n").exit_code == 0
    assert bjelle("user", "reset", "carer-1", typed="et nytt passord\n").exit_code == 0
    assert got(tmp_path, tables.sessions) == []
    assert bjelle("user", "disable", "carer-1").exit_code == 0
    last = bjelle("user", "disable", "leader-1")
    assert (last.exit_code, "only leader" in last.stderr) == (2, True)

    accounts = {
        one["staff"]: one for one in json.loads(bjelle("user", "list", "--json").stdout)
    }
    assert accounts["carer-1"] | {"name": "", "locked_until": None} == {
        "staff": "carer-1",
        "login": "per",
        "role": "carer",
        "password": True,
        "pin": True,
        "disabled": True,
        "locked_until": None,
        "name": "",
    }


# --- report, why, ledger ------------------------------------------------------------------


def a_call(id_: str = "1-1", **more: Any) -> dict[str, Any]:
    row = {"house": "small", "id": id_, "type": "patient", "priority": 2, "unit": "nord"}
    row |= {"room": "101", "practice": False, "late": False, "opened_at": OPENED}
    row |= {"state": "closed", "pressed": 1, "reopened": 0, "rungs": 0, "outcome": "helped"}
    for name, seconds in (
        ("rang_at", 1),
        ("taken_at", 20),
        ("present_at", 80),
        ("closed_at", 90),
    ):
        row[name] = OPENED + timedelta(seconds=seconds)
    return row | more


def test_response_times_are_told_and_given_as_json(bjelle: Bjelle, tmp_path: Path) -> None:
    bjelle("house", "import", SMALL)
    put(tmp_path, tables.calls, a_call())
    days = ("--since", "2026-11-21", "--until", "2026-11-21")

    told = bjelle("report", "response-times", "--by", "unit", *days)
    assert told.exit_code == 0
    assert "Nord*" in told.stdout
    assert "20 s" in told.stdout
    made = json.loads(
        bjelle("report", "response-times", "--by", "day", "--json", "--calls", *days).stdout
    )
    assert made["groups"][0]["key"] == "2026-11-21"
    assert made["whole"]["response"]["median_s"] == 20
    assert made["calls"][0]["present"] == "2026-11-20T23:31:20+00:00"


def test_a_wrong_day_or_grouping_is_told(bjelle: Bjelle) -> None:
    bjelle("house", "import", SMALL)

    assert (
        "expected unit, priority or day"
        in bjelle("report", "response-times", "--by", "x").stderr
    )
    assert "expected a date" in bjelle("report", "response-times", "--since", "x").stderr
    assert "expected a date" in bjelle("ledger", "--day", "x").stderr


def test_why_tells_a_calls_story_in_both_languages(bjelle: Bjelle, tmp_path: Path) -> None:
    bjelle("house", "import", SMALL)
    put(tmp_path, tables.calls, a_call())
    opened = Because(
        Reason.RULE_HELD,
        RuleId("bed-exit-101"),
        1,
        considered=(
            Considered(StaffId("carer-1"), True, Reason.ASSIGNED),
            Considered(StaffId("nurse-1"), False, Reason.BUSY),
        ),
    )
    moves = [("opened", None, opened), ("taken", "carer-1", Because(Reason.TAKEN))]
    put(
        tmp_path,
        tables.call_events,
        *(
            {"house": "small", "seq": n, "n": 0, "call": "1-1", "at": OPENED, "move": move}
            | {"staff": staff, "reason": str(because.reason)}
            | {"because": records.encode_because(because).decode()}
            for n, (move, staff, because) in enumerate(moves)
        ),
    )

    assert bjelle("why", "1-1").stdout.splitlines() == [
        "Anrop 1-1, rom 101, Viktig, 2026-11-21 00:30:00",
        "00:30:00  Åpnet: Ute av seng i 10 min, ikke tilbake",
        "          Per H.: ringes, primærkontakt",
        "          Anne F.: forbigått, opptatt med et annet anrop",
        "00:30:00  Tatt (Per H.): Per H. tok den",
    ]
    english = json.loads(bjelle("why", "1-1", "--lang", "en", "--json").stdout)
    assert english["events"][0]["sentence"] == "Out of bed for 10 min, not back"
    assert english["events"][0]["rule_version"] == 1
    unknown = bjelle("why", "9-9")
    assert (unknown.exit_code, "no call '9-9'" in unknown.stderr) == (2, True)


def test_a_ledger_that_does_not_balance_is_exit_code_1(bjelle: Bjelle, tmp_path: Path) -> None:
    bjelle("house", "import", SMALL)
    whole = bjelle("ledger", "--day", "2026-11-21")
    row = {
        "house": "small",
        "seq": 1,
        "n": 0,
        "signal": "1-7",
        "at": OPENED,
        "booked": "opened",
    }
    put(tmp_path, tables.ledger, row | {"count": 1, "reason": "help_pressed"})
    broken = bjelle("ledger", "--day", "2026-11-21")

    assert (whole.exit_code, "balances" in whole.stdout) == (0, True)
    assert broken.exit_code == 1
    assert "booked and never received: 1-7" in broken.stdout
    made = json.loads(bjelle("ledger", "--day", "2026-11-21", "--json").stdout)
    assert (made["difference"], made["balances"]) == (-1, False)


# --- the store and devices ----------------------------------------------------------------


def test_a_backup_is_restored_into_a_new_store_and_only_there(
    bjelle: Bjelle, tmp_path: Path
) -> None:
    bjelle("house", "import", SMALL)
    assert bjelle("backup", "saved").exit_code == 0
    assert bjelle("restore", "saved", "--store", "new.db").exit_code == 0
    again = bjelle("restore", "saved", "--store", "new.db")

    assert (again.exit_code, "not empty" in again.stderr) == (2, True)
    assert (
        bjelle("house", "export", "--store", "new.db").stdout
        == bjelle("house", "export").stdout
    )
    assert bjelle("db", "check", "--store", "new.db").exit_code == 0
    assert bjelle("db", "upgrade").exit_code == 0
    assert bjelle("replay").exit_code == 0


def test_a_payload_is_read_out(bjelle: Bjelle) -> None:
    told = bjelle("device", "try", "milesight/ws101", "--hex", "01 75 10 ff 2e 01")
    wrong = bjelle("device", "try", "milesight/ws1", "--hex", "00")

    assert "HelpPressed(trigger=press" in told.stdout
    assert (wrong.exit_code, "did you mean" in wrong.stderr) == (2, True)
    assert bjelle("device", "try", "milesight/ws101").exit_code == 2
    assert bjelle("device", "conformance", "nowhere").exit_code == 2


WITHOUT = """
import sys
sys.modules["psutil"] = None
from hub.cli import main
sys.argv = ["bjelle", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--help"], 0, "Not installed here (needs psutil)"),
        (["no-such-command"], 2, "No such command"),
        (["bench", "latency", "--json"], 2, "it needs psutil"),
    ],
)
def test_an_installed_hub_has_no_development_tools_and_its_help_all_the_same(
    tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
