"""What we ship to run a house: parsed, and run natively with the same commands and files."""

import asyncio
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from hub.cli_broker import broker as command
from hub.metrics import Metrics
from routing.effects import Because, Book, Booked, Reason
from routing.ids import HouseId, SignalId
from tests.support import prometheus as prometheus_support
from tests.support.mosquitto import ROOT, Mosquitto, need_mosquitto

HOUSE = ROOT / "simulators" / "houses" / "solvik.yaml"
Z2M = "solvik/zigbee2mqtt"
LORA = "application/5e1f7a10-50e1-4a1c-8a57-0f0b6b1e1100"
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]


@dataclass
class Installation:
    """What `bjelle broker secrets` wrote, as it lies in deploy/secrets."""

    folder: Path

    def env(self, name: str) -> dict[str, str]:
        lines = (self.folder / f"{name}.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def passwords(self) -> dict[str, str]:
        lines = (self.folder / "bridges.txt").read_text().splitlines()
        found = {line.split()[0]: line.split()[1] for line in lines}
        return found | {"hub": self.env("hub")["BJELLE_MQTT_PASSWORD"]}

    def host_path(self, service: str, inside: str) -> Path:
        """Where a path inside a container comes from."""
        for volume in SERVICES[service]["volumes"]:
            source, target = volume.split(":")[:2]
            if inside == target or inside.startswith(target.rstrip("/") + "/"):
                host = source.replace("./deploy/secrets", str(self.folder))
                return (ROOT / host) / inside.removeprefix(target).lstrip("/")
        raise KeyError(f"{service} has no volume for {inside}")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    done = CliRunner().invoke(
        command, ["secrets", str(HOUSE), "--out", str(folder), "--name", "127.0.0.1"]
    )
    assert done.exit_code == 0, done.output
    return Installation(folder)


# --- the compose file -------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_that_stays_says_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    assert (service["restart"] == "no") != ("healthcheck" in service)


def test_every_file_and_volume_of_the_compose_exists(installed: Installation) -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            if source.startswith("./"):
                assert installed.host_path(name, target).exists(), volume
            else:
                assert source in COMPOSE["volumes"], volume
        for file in service.get("env_file", []):
            assert (installed.folder / Path(file).name).exists(), file
        for needed in service.get("depends_on", {}):
            assert needed in SERVICES


def test_no_password_stands_in_a_shipped_file_and_each_house_has_its_own(
    installed: Installation, tmp_path: Path
) -> None:
    other = tmp_path / "secrets"
    CliRunner().invoke(command, ["secrets", str(HOUSE), "--out", str(other)])
    assert set(installed.passwords().values()).isdisjoint(
        Installation(other).passwords().values()
    )
    shipped = (*(ROOT / "deploy").rglob("*"), *ROOT.glob("[dD]ocker*"))
    for file in shipped:
        if file.is_file() and "secrets" not in file.parts:
            found = re.findall(r"(?i)password\s*[:=]\s*\S+", file.read_text())
            assert found == [], file


def test_making_the_secrets_again_keeps_them(installed: Installation) -> None:
    before = {f: f.read_bytes() for f in installed.folder.rglob("*") if f.is_file()}
    done = CliRunner().invoke(command, ["secrets", str(HOUSE), "--out", str(installed.folder)])
    assert done.exit_code == 0
    assert {f: f.read_bytes() for f in installed.folder.rglob("*") if f.is_file()} == before


def test_the_folder_of_secrets_is_closed_to_others(installed: Installation) -> None:
    assert installed.folder.stat().st_mode & 0o077 == 0
    assert (ROOT / ".gitignore").read_text().count("deploy/secrets/") == 1


def test_the_hubs_settings_are_accepted(
    installed: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from hub.settings import Settings

    monkeypatch.chdir(tmp_path)
    for name, value in installed.env("hub").items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.mqtt_tls
    assert settings.cookie_secure
    assert settings.store_url.startswith("postgresql+asyncpg://")
    for path in (settings.mqtt_ca, settings.tls_certificate, settings.tls_key):
        assert installed.host_path("hub", str(path)).exists()


def test_the_hubs_health_check_is_python_that_compiles() -> None:
    _, python, flag, code = SERVICES["hub"]["healthcheck"]["test"]
    assert (python, flag) == ("python", "-c")
    compile(code, "healthcheck", "exec")


# --- the image --------------------------------------------------------------------------------


def test_the_dockerfile_copies_what_is_there() -> None:
    stage_files = [
        source
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from=" not in line
        for source in shlex.split(line)[1:-1]
    ]
    assert stage_files
    assert [source for source in stage_files if not (ROOT / source).exists()] == []


@pytest.mark.parametrize("service", ["hub", "upgrade"])
def test_the_commands_of_the_image_exist(service: str) -> None:
    bjelle = ROOT / ".venv" / "bin" / "bjelle"
    if not bjelle.exists():
        pytest.skip("no .venv here: `make setup` makes it")
    _, *arguments = SERVICES[service]["command"]
    done = subprocess.run(
        [bjelle, *arguments, "--help"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


# --- the broker -------------------------------------------------------------------------------


@pytest.fixture
def house_broker(installed: Installation, tmp_path: Path) -> Iterator[Mosquitto]:
    """The shipped configuration with the house's own users, rights and certificates."""
    options = {
        key: str(installed.host_path("broker", inside))
        for key, inside in re.findall(
            r"(?m)^(\w+file) (/mosquitto/\S+)$",
            (ROOT / "deploy" / "mosquitto" / "mosquitto.conf").read_text(),
        )
    }
    assert set(options) == {"password_file", "acl_file", "cafile", "certfile", "keyfile"}
    running = Mosquitto(
        need_mosquitto(), tmp_path / "mosquitto", tls=True, options={**options, "user": "root"}
    )
    running.prepare()
    running.start()
    yield running
    running.stop()


def connected(
    installed: Installation, running: Mosquitto, user: str
) -> AbstractAsyncContextManager[aiomqtt.Client]:
    return aiomqtt.Client(
        running.host,
        running.port,
        username=user,
        password=installed.passwords()[user],
        tls_params=aiomqtt.TLSParameters(ca_certs=str(installed.folder / "hub" / "ca.crt")),
        protocol=aiomqtt.ProtocolVersion.V5,
    )


async def heard(
    installed: Installation, running: Mosquitto, says: list[tuple[str, str]], hears: str = "hub"
) -> list[str]:
    """Let users publish, in order; return the topics that one user hears of it."""
    async with connected(installed, running, hears) as listener:
        await listener.subscribe("#", qos=1)
        for user, topic in [*says, ("hub", "bjelle/solvik/status")]:
            async with connected(installed, running, user) as speaker:
                # Mosquitto refuses with a reason code that aiomqtt does not look at.
                await speaker.publish(topic, b"x", qos=1)
        got: list[str] = []
        async with asyncio.timeout(20):
            async for message in listener.messages:
                got.append(message.topic.value)
                if got[-1] == "bjelle/solvik/status":
                    return got
    return got


@pytest.mark.broker
async def test_a_bridge_speaks_under_its_own_base_topic_and_nowhere_else(
    installed: Installation, house_broker: Mosquitto
) -> None:
    allowed = [
        ("bridge-zigbee", f"{Z2M}/wrist-01"),
        ("bridge-lora", f"{LORA}/device/0011223344556677/event/up"),
        ("bridge-lora", "eu868/gateway/0011223344556677/state/conn"),
    ]
    denied = [
        ("bridge-lora", f"{Z2M}/wrist-01"),
        ("bridge-zigbee", f"{LORA}/device/0011223344556677/event/up"),
        ("bridge-zigbee", "bjelle/solvik/call/1-1"),
        ("board", f"{Z2M}/wrist-01"),
        ("board", "bjelle/solvik/call/1-1"),
    ]
    got = await heard(installed, house_broker, [*denied, *allowed])
    assert got == [*(topic for _, topic in allowed), "bjelle/solvik/status"]


@pytest.mark.broker
async def test_a_board_hears_calls_and_no_device(
    installed: Installation, house_broker: Mosquitto
) -> None:
    says = [
        ("bridge-zigbee", f"{Z2M}/wrist-01"),
        ("hub", "bjelle/bjelle/marker/1-1"),
        ("hub", "bjelle/solvik/call/1-1"),
    ]
    got = await heard(installed, house_broker, says, hears="board")
    assert got == ["bjelle/solvik/call/1-1", "bjelle/solvik/status"]


def test_the_acl_is_printed_as_json_too() -> None:
    done = CliRunner().invoke(command, ["acl", str(HOUSE), "--json"])
    assert [user["user"] for user in json.loads(done.output)] == [
        *("hub", "bridge-zigbee", "bridge-lora", "bridge-ble", "board")
    ]


def test_a_new_bridge_gets_a_password_and_the_others_keep_theirs(tmp_path: Path) -> None:
    first = CliRunner().invoke(command, ["acl", str(HOUSE), "--out", str(tmp_path), "--json"])
    kept = (tmp_path / "passwords").read_text().splitlines()
    grown = tmp_path / "house.yaml"
    grown.write_text(
        HOUSE.read_text().replace(
            "bridges:\n",
            "bridges:\n  annex: { ecosystem: zigbee2mqtt, base_topic: annex/zigbee2mqtt }\n",
            1,
        )
    )
    second = CliRunner().invoke(command, ["acl", str(grown), "--out", str(tmp_path), "--json"])
    assert list(json.loads(second.output)["new"]) == ["bridge-annex"]
    assert set(kept) < set((tmp_path / "passwords").read_text().splitlines())
    assert len(json.loads(first.output)["new"]) == 5


# --- the figures ------------------------------------------------------------------------------


def adapted(installed: Installation, folder: Path, port: int) -> Path:
    """The shipped prometheus.yml with this machine's paths, and a target without TLS."""
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
    for inside in re.findall(r"/(?:etc/prometheus|run/bjelle)/\S+", text):
        text = text.replace(inside, str(installed.host_path("prometheus", inside)))
    text = text.replace('"hub:8080"', f'"127.0.0.1:{port}"').replace("https", "http")
    text = text.replace("_interval: 15s", "_interval: 1s")
    file = folder / "prometheus.yml"
    file.write_text(text)
    return file


def promtool(*arguments: str) -> None:
    prometheus_support.need_prometheus()
    done = subprocess.run(["promtool", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_configuration_and_the_alerts_are_accepted(
    installed: Installation, tmp_path: Path
) -> None:
    promtool("check", "config", str(adapted(installed, tmp_path, 8080)))
    promtool("check", "rules", str(ROOT / "deploy" / "prometheus" / "rules.yml"))


def test_the_alerts_fire_when_they_should() -> None:
    promtool("test", "rules", str(ROOT / "deploy" / "prometheus" / "rules_test.yml"))


def expressions() -> list[str]:
    """Every query of every dashboard and alert, as Grafana would send it."""
    found: list[str] = []
    for file in sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            found += [target["expr"] for target in panel["targets"]]
    rules = YAML(typ="safe").load((ROOT / "deploy" / "prometheus" / "rules.yml").read_text())
    found += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    return [expression.replace("$__rate_interval", "1m") for expression in found]


def figures() -> bytes:
    """What the hub's own metrics look like after one signal."""
    metrics = Metrics()
    book = Book(SignalId("1-1"), Booked.OPENED, Because(Reason.HELP_PRESSED))
    metrics.settled(HouseId("solvik"), None, [book], recorded=True)  # type: ignore[arg-type]
    metrics.press_to_ring.observe(0.1)
    metrics.commit.observe(0.002)
    return metrics.exposition()


def test_every_dashboard_and_alert_asks_for_figures_that_the_hub_has(
    installed: Installation, tmp_path: Path
) -> None:
    told = figures().decode()
    names = set(re.findall(r"(?m)^# TYPE (\S+) ", told)) | set(re.findall(r"(?m)^(\w+)", told))
    asked = {name for e in expressions() for name in re.findall(r"\bbjelle_\w+", e)}
    assert asked <= names, asked - names
    token = (installed.folder / "prometheus" / "metrics_token").read_text()
    prometheus_support.need_prometheus()
    with (
        prometheus_support.exporting(figures, token) as port,
        prometheus_support.running(tmp_path, adapted(installed, tmp_path, port)) as server,
    ):
        for expression in expressions():
            server.query(expression)
        assert server.query("bjelle_store_up") != []
        assert server.query("sum(bjelle_handsets)")[0]["value"][1] == "0"


def test_the_dashboards_use_the_provisioned_source() -> None:
    sources = YAML(typ="safe").load(
        (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text()
    )
    known = {source["uid"] for source in sources["datasources"]}
    for file in (ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"):
        board = json.loads(file.read_text())
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
        assert {panel["datasource"]["uid"] for panel in board["panels"]} <= known
