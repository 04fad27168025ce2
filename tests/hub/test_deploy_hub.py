"""docker-compose.yml's hub, from an empty store to its figures: its own commands, natively.

What a container gives is set aside and nothing else: paths that are mounted, names and ports of
the other services. The environment is hub.env and the image's own, and no more.
"""

import json
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.hub.test_deploy import HOUSE, SERVICES, Installation, house_broker, installed
from tests.support.mosquitto import ROOT, Mosquitto, free_port
from tests.support.postgres import Cluster

__all__ = ["house_broker", "installed"]

UP_WITHIN_S = 90.0
PASSWORD = "a-long-word-for-tests-7"
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def of_image() -> dict[str, str]:
    """The environment that the image itself gives, last stage first."""
    said = [line[4:] for line in DOCKERFILE.splitlines() if line.startswith("ENV ")]
    return dict(one.split("=", 1) for line in said for one in shlex.split(line))


@pytest.fixture
def environment(
    installed: Installation, house_broker: Mosquitto, postgres_cluster: Cluster, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """What the hub's container sees, with this machine's paths and addresses."""
    inside = of_image() | installed.env("hub")
    for name, value in inside.items():
        if value.startswith("/run/bjelle/"):
            inside[name] = str(installed.host_path("hub", value))
    with postgres_cluster.database() as database:
        given = {
            "BJELLE_STORE_URL": postgres_cluster.url(database),
            "BJELLE_MQTT_HOST": house_broker.host,
            "BJELLE_MQTT_PORT": str(house_broker.port),
            "BJELLE_PORT": str(free_port()),
            "BJELLE_DATA_DIR": str(tmp_path),
            "BJELLE_HOST": "127.0.0.1",
        }
        assert set(given) - set(inside) == {"BJELLE_MQTT_PORT"}
        yield inside | given | {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}


def command(service: str) -> list[str]:
    bjelle, *arguments = SERVICES[service]["command"]
    assert bjelle == "bjelle"
    return [sys.executable, "-m", "hub.cli", *arguments]


def bjelle(environment: dict[str, str], *arguments: str, typed: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", *arguments],
        env=environment,
        cwd=environment["BJELLE_DATA_DIR"],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def well(environment: dict[str, str]) -> bool:
    """Run the health check of the compose file, at this test's port."""
    code = SERVICES["hub"]["healthcheck"]["test"][-1]
    assert ":8080/" in code
    here = code.replace(":8080/", f":{environment['BJELLE_PORT']}/")
    asked = [sys.executable, "-c", here]
    return subprocess.run(asked, check=False, capture_output=True).returncode == 0


@pytest.mark.broker
@pytest.mark.postgres
def test_the_composes_commands_bring_a_house_up_and_every_check_of_it_is_true(
    installed: Installation, environment: dict[str, str]
) -> None:
    assert subprocess.run(command("upgrade"), env=environment, check=False).returncode == 0
    # `docker compose run --rm -T hub bjelle house import /dev/stdin < HOUSE.yaml`
    bjelle(environment, "house", "import", "/dev/stdin", typed=HOUSE.read_text())
    made = bjelle(environment, "handset", "code", "phone-1", "--json")
    assert json.loads(made)["url"].startswith("https://127.0.0.1:8443/h#enrol=")
    assert SERVICES["hub"]["ports"][0].startswith("8443:")
    bjelle(environment, "user", "add", "leader-1", "--role", "leader", typed=f"{PASSWORD}\n")
    assert not well(environment)
    hub = subprocess.Popen(
        command("hub"),
        env=environment,
        cwd=environment["BJELLE_DATA_DIR"],
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    assert hub.stderr is not None
    reader = threading.Thread(target=said.extend, args=(hub.stderr,), daemon=True)
    reader.start()
    try:
        late = time.monotonic() + UP_WITHIN_S
        while not well(environment):
            assert hub.poll() is None, "".join(said)
            assert time.monotonic() < late, "".join(said)
            threading.Event().wait(0.2)
        _ready(installed, environment)
        _prometheus_reads(installed, environment)
        told = bjelle(environment, "house", "export")
        assert "Solvik helsehus" in told
    finally:
        hub.terminate()
        assert hub.wait(60) == 0
        reader.join()
        hub.stderr.close()
    assert all(json.loads(line) for line in said)  # --log-json: nothing else is written


def _prometheus_reads(installed: Installation, environment: dict[str, str]) -> None:
    """Scrape as prometheus.yml says: its authority, its token."""
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
    paths = dict(re.findall(r"(ca_file|credentials_file): (\S+)", text))
    ca, token = (installed.host_path("prometheus", one) for one in paths.values())
    with _client(ca, environment) as client:
        assert client.get("/metrics").status_code == 401
        given = {"Authorization": f"Bearer {token.read_text()}"}
        answer = client.get("/metrics", headers=given)
    assert answer.status_code == 200
    assert "bjelle_broker_up 1.0" in answer.text


def _ready(installed: Installation, environment: dict[str, str]) -> None:
    with _client(installed.host_path("hub", "/run/bjelle/ca.crt"), environment) as client:
        late = time.monotonic() + UP_WITHIN_S
        while (answer := client.get("/readyz")).status_code != 200:
            assert time.monotonic() < late, answer.text
            threading.Event().wait(0.2)


def _client(ca: Path, environment: dict[str, str]) -> httpx.Client:
    import ssl

    context = ssl.create_default_context(cafile=str(ca))
    where = f"https://127.0.0.1:{environment['BJELLE_PORT']}"
    return httpx.Client(base_url=where, verify=context, timeout=20)


# --- rights -----------------------------------------------------------------------------------


def test_containers_read_what_is_mounted_as_users_of_their_own_whatever_the_umask(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "secrets"
    secrets = shlex.join(
        [sys.executable, "-m", "hub.cli", "broker", "secrets", str(HOUSE), "--out", str(folder)]
    )
    done = subprocess.run(
        ["sh", "-c", f"umask 077; {secrets}"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    made = Installation(folder)
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            if not source.startswith("./deploy/secrets"):
                continue
            mounted = made.host_path(name, target)
            for one in (mounted, *mounted.rglob("*")):
                wanted = 0o555 if one.is_dir() else 0o444
                assert one.stat().st_mode & wanted == wanted, one
    # … and nobody else on the machine: the folder and what compose reads itself are closed.
    assert folder.stat().st_mode & 0o077 == 0
    for file in (*folder.glob("*.env"), folder / "bridges.txt"):
        assert file.stat().st_mode & 0o077 == 0, file


def test_the_image_works_as_its_own_user_where_its_data_are() -> None:
    lines = DOCKERFILE.splitlines()
    made = next(line for line in lines if "install -d" in line)
    assert "-o bjelle -g bjelle /data" in made
    last = lines[[n for n, line in enumerate(lines) if line.startswith("FROM")][-1] :]
    order = [word for line in last if (word := line.split(" ")[0]) in ("USER", "VOLUME", "CMD")]
    assert order == ["USER", "VOLUME", "CMD"]
    # A bjelle.toml beside the data is read: settings are looked for where the hub is started.
    assert [line for line in last if line.startswith("WORKDIR")][-1] == "WORKDIR /data"
    assert of_image()["BJELLE_DATA_DIR"] == "/data"
    assert any(volume.endswith(":/data") for volume in SERVICES["hub"]["volumes"])


def test_the_store_is_asked_by_the_way_that_the_hub_takes() -> None:
    """While postgres' image makes its database it answers on its socket, not yet by TCP."""
    asked = SERVICES["store"]["healthcheck"]["test"][-1]
    assert "-h 127.0.0.1" in asked


def test_prometheus_keeps_its_figures_in_its_volume() -> None:
    volumes = dict(one.split(":")[:2] for one in SERVICES["prometheus"]["volumes"])
    assert (
        f"--storage.tsdb.path={volumes['prometheus-data']}" in SERVICES["prometheus"]["command"]
    )
