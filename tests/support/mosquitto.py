"""A real Mosquitto on a free loopback port, with our shipped configuration.

`deploy/mosquitto/mosquitto.conf` is adapted, not replaced: paths and the listener change, all
that makes alarms survive (persistence, queues, limits) stays. Users: `hub` (as deployed) and
`tester` (everything: plays the bridges and reads what the hub says).
"""

import contextlib
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import aiomqtt
import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "deploy" / "mosquitto" / "mosquitto.conf"
UP_WITHIN_S = 20.0
ACL = """
user hub
topic readwrite bjelle/#
topic write +/+/+/set
topic read #

user tester
topic readwrite #
"""
"""As deployed, but that the hub reads whatever base topic a test invents."""


def find_mosquitto() -> str | None:
    """Return the path of Mosquitto, which Debian keeps outside a user's PATH."""
    return shutil.which("mosquitto") or shutil.which(
        "mosquitto", path="/usr/sbin:/usr/local/sbin"
    )


def need_mosquitto() -> str:
    """Return its path; without one skip the test, or fail it in CI."""
    found = find_mosquitto()
    if found is None or shutil.which("mosquitto_passwd") is None:
        why = "no mosquitto (with mosquitto_passwd) on PATH: apt-get install mosquitto"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return found


def free_port() -> int:
    """Return a loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Mosquitto:
    """One broker, its folder and its users. Its data survive `stop` and `kill`."""

    program: str
    folder: Path
    port: int = field(default_factory=free_port)
    tls: bool = False
    options: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """Lines of the shipped file to change in this test; None takes one out."""
    acl: str = ACL
    host: str = "127.0.0.1"
    username: str = "hub"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    tester_password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    log: list[str] = field(default_factory=list[str])
    _process: subprocess.Popen[str] | None = None
    _reader: threading.Thread | None = None

    @property
    def ca(self) -> Path | None:
        """The authority that signed the broker's certificate, where it speaks TLS."""
        return self.folder / "certs" / "ca.crt" if self.tls else None

    @property
    def settings(self) -> dict[str, Any]:
        """Keyword arguments for `hub.settings.Settings`."""
        return {
            "mqtt_host": self.host,
            "mqtt_port": self.port,
            "mqtt_username": self.username,
            "mqtt_password": self.password,
            "mqtt_tls": self.tls,
            "mqtt_ca": self.ca,
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same for a hub in a process of its own."""
        return {
            f"BJELLE_{name.upper()}": str(value)
            for name, value in self.settings.items()
            if value is not None
        }

    def prepare(self) -> None:
        """Write configuration, users, rights and certificates."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "data").mkdir(exist_ok=True)
        (self.folder / "acl").write_text(self.acl)
        (self.folder / "acl").chmod(0o600)
        self.add_user(self.username, self.password)
        self.add_user("tester", self.tester_password)
        if self.tls:
            make_certificates(self.folder / "certs", self.host)
        (self.folder / "mosquitto.conf").write_text(self.configuration())

    def add_user(self, name: str, password: str) -> None:
        """Let somebody else in (read at the next start)."""
        passwords = self.folder / "passwords"
        create = [] if passwords.exists() else ["-c"]
        subprocess.run(
            ["mosquitto_passwd", *create, "-b", str(passwords), name, password],
            check=True,
            capture_output=True,
        )
        passwords.chmod(0o600)

    def configuration(self) -> str:
        """Return the shipped file with this test's paths, port and options."""
        return adapted(
            SHIPPED.read_text(),
            {
                "password_file": str(self.folder / "passwords"),
                "acl_file": str(self.folder / "acl"),
                "persistence_location": f"{self.folder / 'data'}/",
                "listener": f"{self.port} {self.host}",
                "cafile": str(self.folder / "certs" / "ca.crt") if self.tls else None,
                "certfile": str(self.folder / "certs" / "server.crt") if self.tls else None,
                "keyfile": str(self.folder / "certs" / "server.key") if self.tls else None,
                "tls_version": "tlsv1.2" if self.tls else None,
                "user": getpass.getuser(),
                **self.options,
            },
        )

    def start(self) -> None:
        """Start it and return when it listens.

        Raises:
            RuntimeError: it did not come up; the text holds what it said.
        """
        up = threading.Event()
        self._process = subprocess.Popen(
            [self.program, "-c", str(self.folder / "mosquitto.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stderr, up), daemon=True
        )
        self._reader.start()
        up.wait(UP_WITHIN_S)
        if self._process.poll() is not None or not up.is_set():
            raise RuntimeError(f"mosquitto did not come up: {self.log[-5:]}")

    def _read(self, lines: IO[str], up: threading.Event) -> None:
        for line in lines:
            self.log.append(line.rstrip())
            if line.rstrip().endswith(" running"):
                up.set()
        up.set()

    def _end(self, by: signal.Signals) -> None:
        if self._process is None:
            return
        for _ in range(int(UP_WITHIN_S)):
            if self._process.poll() is not None:
                break
            # Again: Mosquitto 2.0 forgets one that comes right after «running».
            self._process.send_signal(by)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
        if self._reader is not None:
            self._reader.join(UP_WITHIN_S)
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._process = None

    def stop(self) -> None:
        """Stop it in order: it saves what it holds."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Pull its plug."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop in order and start again on the same port."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop its clock: connections stay open, nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def client(self, identifier: str | None = None, **more: Any) -> aiomqtt.Client:
        """Return a client of `tester`, who may read and write everything: `async with` it."""
        tls = aiomqtt.TLSParameters(ca_certs=str(self.ca)) if self.tls else None
        client = aiomqtt.Client(
            self.host,
            self.port,
            username="tester",
            password=self.tester_password,
            identifier=identifier,
            tls_params=tls,
            protocol=aiomqtt.ProtocolVersion.V5,
            **more,
        )
        client.pending_calls_threshold = 100_000  # tests publish thousands at a time
        return client


def adapted(shipped: str, changes: Mapping[str, str | None]) -> str:
    """Return a Mosquitto configuration with some of its lines changed, added or taken out."""
    left = dict(changes)
    lines: list[str] = []
    for line in shipped.splitlines():
        key = line.split(" ", 1)[0]
        if key not in left:
            lines.append(line)
            continue
        value = left.pop(key)
        if value is not None:
            lines.append(f"{key} {value}")
    # New ones go first: those of a listener must follow it, the rest may stand anywhere.
    added = [f"{key} {value}" for key, value in left.items() if value is not None]
    # «mosquitto … running» is information.
    return "\n".join([*added, *lines, "log_type information", ""])


def make_certificates(folder: Path, host: str) -> None:
    """Make an authority of our own and a certificate for `host`, good for a day."""
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl(
        *("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt", "-days", "1"),
        *("-subj", "/CN=Bjelle test authority", *usage),
    )
    openssl(
        *("req", *curve, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={host}")
    )
    (folder / "names").write_text(f"subjectAltName=IP:{host},DNS:localhost\n")
    openssl(
        *("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key"),
        *("-CAcreateserial", "-out", "server.crt", "-days", "1", "-extfile", "names"),
    )


@contextlib.contextmanager
def running(folder: Path, **more: Any) -> Iterator[Mosquitto]:
    """Run a broker in `folder` (options as those of `Mosquitto`) and stop it at the end."""
    broker = Mosquitto(need_mosquitto(), folder, **more)
    broker.prepare()
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
