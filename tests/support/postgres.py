"""A real PostgreSQL on a free loopback port: one cluster per test session, a database per test.

The server refuses to run as root: there it runs as the system user `postgres`.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.support.mosquitto import free_port

DEBIAN = Path("/usr/lib/postgresql")
UP_WITHIN_S = 60


def find_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl: on PATH, or where Debian keeps them."""
    found = shutil.which("initdb")
    if found is not None and shutil.which("pg_ctl") is not None:
        return Path(found).resolve().parent
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return versions[-1].parent if versions else None


def need_programs() -> Path:
    """Return the programs' folder; without it skip the test, or fail it in CI."""
    found = find_programs()
    if found is None:
        why = "no PostgreSQL server (initdb, pg_ctl): apt-get install postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return found


def _unprivileged() -> tuple[list[str], str | None]:
    """How to become somebody whom PostgreSQL accepts, and who that is."""
    if os.geteuid() != 0:
        return [], None
    if shutil.which("runuser") is None or not _exists("postgres"):
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres to become")
    return ["runuser", "-u", "postgres", "--"], "postgres"


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


@dataclass
class Cluster:
    """One server with its data in a folder of its own."""

    programs: Path
    folder: Path
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    fsync: bool = False
    """The tests prove order and answers; what the disk holds after a power cut they do not."""

    def create(self) -> None:
        """Make the cluster."""
        become, owner = _unprivileged()
        secret = self.folder / "password"
        secret.write_text(self.password)
        if owner is not None:
            shutil.chown(self.folder, owner)
            shutil.chown(secret, owner)
        options = ["--no-sync", "--encoding=UTF8", "--locale=C", "--username=bjelle"]
        options += ["--auth=scram-sha-256", f"--pwfile={secret}"]
        self._run([*become, str(self.programs / "initdb"), f"-D{self.data}", *options])

    @property
    def data(self) -> Path:
        """Where the server's files are."""
        return self.folder / "data"

    def start(self) -> None:
        """Start and wait until it answers."""
        become, _ = _unprivileged()
        options = [f"-p {self.port}", f"-k {self.folder}", "-h 127.0.0.1"]
        options += ["-c max_connections=200", f"-c fsync={'on' if self.fsync else 'off'}"]
        log = self.folder / "log"
        control = [*become, str(self.programs / "pg_ctl"), f"-D{self.data}", f"-l{log}"]
        self._run([*control, "-w", f"-t{UP_WITHIN_S}", "-o", " ".join(options), "start"])

    def stop(self, how: str = "fast") -> None:
        """Stop: `smart`, `fast` or `immediate`."""
        become, _ = _unprivileged()
        control = [*become, str(self.programs / "pg_ctl"), f"-D{self.data}"]
        self._run([*control, "-w", f"-m{how}", "stop"])

    def _run(self, command: Sequence[str]) -> None:
        # cwd: `postgres` may not read the folder that the tests were started in.
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{command}: {done.stdout}{done.stderr}")

    def url(self, database: str) -> str:
        """Return the store's URL."""
        address = f"127.0.0.1:{self.port}/{database}"
        return f"postgresql+asyncpg://bjelle:{self.password}@{address}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Connect as an outsider, each statement a transaction of its own."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="bjelle",
            password=self.password,
            dbname=database,
            autocommit=True,
        )

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """An empty database, dropped afterwards; gives its name."""
        name = f"test_{secrets.token_hex(6)}"
        with self.connect() as admin:
            admin.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield name
        finally:
            with self.connect() as admin:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())

    def backends(self, database: str) -> list[int]:
        """Return the process ids of the servers that answer connections to this database."""
        with self.connect() as admin:
            found = admin.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s", (database,)
            )
            return [row[0] for row in found.fetchall()]

    @contextlib.contextmanager
    def stalled(self, database: str) -> Iterator[None]:
        """Every backend of this database stands still, as if its disk did."""
        frozen = self.backends(database)
        for process in frozen:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in frozen:
                os.kill(process, signal.SIGCONT)


@contextlib.contextmanager
def running(*, fsync: bool = False) -> Iterator[Cluster]:
    """A cluster that runs, and is gone afterwards."""
    programs = need_programs()
    # Not under pytest's own folder: `postgres` may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="bjelle-pg-"))
    folder.chmod(0o755)
    cluster = Cluster(programs, folder, fsync=fsync)
    try:
        cluster.create()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
