"""A broker for the demo and for simulations: the Mosquitto on PATH, or else an embedded one.

The embedded broker is amqtt in an environment of its own (it pins an older `websockets`). It
speaks MQTT 3.1.1 only and forgets its sessions on restart, so no reliability test uses it and
the demo says so.
"""

import contextlib
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOW_LONG_S = 20.0
"""A broker that does not listen after this is taken for broken."""


@dataclass(frozen=True)
class Broker:
    """Where a running broker listens, and what it can do."""

    host: str
    port: int
    username: str
    password: str
    version: int
    """5, or 4 for MQTT 3.1.1."""
    name: str

    @property
    def remembers(self) -> bool:
        """Tell whether sessions and queued presses survive a restart of the broker."""
        return self.version == 5


def free_port() -> int:
    """Return a loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_mosquitto() -> str | None:
    """Return the path of Mosquitto, which Debian keeps outside a user's PATH."""
    return shutil.which("mosquitto") or shutil.which(
        "mosquitto", path="/usr/sbin:/usr/local/sbin"
    )


@contextlib.contextmanager
def running(folder: Path, *, port: int | None = None) -> Iterator[Broker]:
    """Run a broker on loopback with its data in `folder`, and stop it at the end.

    Raises:
        RuntimeError: it did not come up; the text holds what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    mosquitto = find_mosquitto()
    run = _mosquitto(mosquitto, folder, port) if mosquitto else _embedded(folder, port)
    with run as broker:
        yield broker


@contextlib.contextmanager
def _mosquitto(program: str, folder: Path, port: int) -> Iterator[Broker]:
    username, password = "bjelle", _kept_password(folder)
    passwords = folder / "passwords"
    passwords.unlink(missing_ok=True)
    tool = shutil.which("mosquitto_passwd") or "mosquitto_passwd"
    subprocess.run(  # noqa: S603 - our own arguments; the password is made here for loopback
        [tool, "-c", "-b", str(passwords), username, password], check=True, capture_output=True
    )
    passwords.chmod(0o600)
    configuration = folder / "mosquitto.conf"
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous false",
        f"password_file {passwords}",
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_on_changes false",  # as shipped: deploy/mosquitto/mosquitto.conf says why
        "autosave_interval 1",
        "queue_qos0_messages true",
        "max_inflight_messages 1000",
        "max_queued_messages 200000",
        "set_tcp_nodelay true",
        "log_dest stderr",
        *(["user root"] if _is_root() else []),
    ]
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with _process([program, "-c", str(configuration)], folder, port):
        yield Broker("127.0.0.1", port, username, password, 5, "Mosquitto")


@contextlib.contextmanager
def _embedded(folder: Path, port: int) -> Iterator[Broker]:
    python = _embedded_python()
    username, password = "bjelle", _kept_password(folder)
    hashed = subprocess.run(  # noqa: S603 - our own script
        [python, "-c", _HASH], input=password, check=True, capture_output=True, text=True
    ).stdout.strip()
    passwords = folder / "embedded-passwords"
    passwords.write_text(f"{username}:{hashed}\n", encoding="utf-8")
    passwords.chmod(0o600)
    configuration = folder / "embedded.yaml"
    configuration.write_text(
        "listeners:\n"
        f"  default: {{type: tcp, bind: '127.0.0.1:{port}', max_connections: 200}}\n"
        "plugins:\n"
        "  amqtt.plugins.authentication.FileAuthPlugin:\n"
        f"    password_file: {passwords}\n",
        encoding="utf-8",
    )
    program = Path(python).with_name("amqtt")
    with _process([str(program), "-c", str(configuration)], folder, port):
        yield Broker("127.0.0.1", port, username, password, 4, "the embedded broker (amqtt)")


_HASH = (
    "import sys; from pwdlib.hashers.argon2 import Argon2Hasher;"
    "print(Argon2Hasher().hash(sys.stdin.read()))"
)


def _embedded_python() -> str:
    home = ROOT / ".demo-broker"
    python = home / "bin" / "python"
    if not (home / ".set-up").exists():
        said = "No Mosquitto on PATH: setting up an embedded broker, once …"
        print(said, flush=True)  # noqa: T201 - the person waits for it
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)  # noqa: S603
        locked = ROOT / "requirements" / "demo-broker.txt"
        install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes"]
        subprocess.run([*install, "-r", str(locked)], check=True)  # noqa: S603
        (home / ".set-up").touch()
    return str(python)


def _kept_password(folder: Path) -> str:
    kept = folder / "broker-password"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    return kept.read_text(encoding="utf-8")


@contextlib.contextmanager
def _process(command: list[str], folder: Path, port: int) -> Iterator[None]:
    log = folder / "broker.log"
    with (
        log.open("ab") as output,
        # A session of its own: Ctrl-C is for the hub, which stops before its broker does.
        subprocess.Popen(  # noqa: S603 - our own arguments
            command, stdout=output, stderr=output, start_new_session=True
        ) as process,
    ):
        try:
            _wait_until_listening(process, port, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + HOW_LONG_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)  # noqa: TID251 - waits for another process, before any loop runs
    said = log.read_text(encoding="utf-8", errors="replace")[-800:]
    raise RuntimeError(
        f"the broker did not listen on port {port}; it said: {said or 'nothing'}"
    )


def _is_root() -> bool:
    import os

    return hasattr(os, "geteuid") and os.geteuid() == 0
