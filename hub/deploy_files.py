"""The files that docker-compose.yml needs and nobody may share: made once for each house.

    broker/acl, broker/passwords, broker/certs/   who may do what at the broker; its certificate
    hub/                                          the hub's certificate, the authority's
    prometheus/                                   the token that may read /metrics
    hub.env store.env grafana.env                 settings and passwords of the containers
    bridges.txt                                   what to type into each bridge

The folder itself is closed to others (0700); the files in it must be readable by the
containers, which run as users of their own.
"""

import secrets
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.broker_acl import HUB, acl, password_file, users
from routing.plan import Plan

AUTHORITY_DAYS = 3652
CERTIFICATE_DAYS = 820
"""Browsers refuse one that is good for more than 825 days."""
NAMES = ("broker", "hub", "localhost")


class NoOpenssl(RuntimeError):  # noqa: N818 - a state of affairs, told to a person
    """Certificates cannot be made here."""


def write_broker(plan: Plan, folder: Path, *, renew: bool = False) -> Mapping[str, str]:
    """Write `acl` and `passwords`; return the passwords of users who are new in them."""
    folder.mkdir(parents=True, exist_ok=True)
    people = users(plan)
    passwords = folder / "passwords"
    before = passwords.read_text() if passwords.exists() else ""
    text, fresh = password_file(people, before, renew=renew)
    (folder / "acl").write_text(acl(people))
    passwords.write_text(text)
    return fresh


def write_all(plan: Plan, folder: Path, *, names: Sequence[str] = ()) -> Mapping[str, str]:
    """Write everything for docker-compose.yml; what is there already is kept.

    `names`: under which names the telephones reach the hub, besides those inside the compose.

    Raises:
        NoOpenssl: there is no openssl to make certificates with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    fresh = write_broker(plan, folder / "broker")
    _certificates(folder, (*NAMES, *names))
    if HUB in fresh:
        _settings(folder, fresh[HUB], names)
    bridges = [user for user in users(plan) if user.name in fresh and user.name != HUB]
    if bridges:
        with (folder / "bridges.txt").open("a") as out:
            out.writelines(f"{u.name}  {fresh[u.name]}  # {u.what}\n" for u in bridges)
        (folder / "bridges.txt").chmod(0o600)
    for mounted in ("broker", "hub", "prometheus"):
        _readable(folder / mounted)
    return fresh


def _readable(folder: Path) -> None:
    """Let containers read it, whatever the umask: they run as users of their own."""
    folder.chmod(0o755)
    for one in folder.rglob("*"):
        one.chmod(0o755 if one.is_dir() else 0o644)


def _settings(folder: Path, broker_password: str, names: Sequence[str]) -> None:
    """Draw the passwords of the containers. Those of a store that exists must not change."""
    # docker-compose.yml publishes the hub there; links and codes for telephones begin with it.
    reached = {"BJELLE_PUBLIC_URL": f"https://{_in_address(names[0])}:8443"} if names else {}
    drawn = {name: secrets.token_urlsafe(24) for name in ("store", "grafana", "metrics")}
    store = folder / "store.env"
    if store.exists():
        found = dict(line.split("=", 1) for line in store.read_text().split() if "=" in line)
        drawn["store"] = found["POSTGRES_PASSWORD"]
    _env(
        store,
        POSTGRES_USER="bjelle",
        POSTGRES_DB="bjelle",
        POSTGRES_PASSWORD=drawn["store"],
    )
    _env(
        folder / "hub.env",
        BJELLE_STORE_URL=f"postgresql+asyncpg://bjelle:{drawn['store']}@store/bjelle",
        BJELLE_MQTT_HOST="broker",
        BJELLE_MQTT_USERNAME=HUB,
        BJELLE_MQTT_PASSWORD=broker_password,
        BJELLE_MQTT_CA="/run/bjelle/ca.crt",
        BJELLE_TLS_CERTIFICATE="/run/bjelle/server.crt",
        BJELLE_TLS_KEY="/run/bjelle/server.key",
        BJELLE_METRICS_TOKEN=drawn["metrics"],
        **reached,
    )
    _env(
        folder / "grafana.env",
        GF_SECURITY_ADMIN_USER="bjelle",
        GF_SECURITY_ADMIN_PASSWORD=drawn["grafana"],
        GF_USERS_ALLOW_SIGN_UP="false",
        GF_ANALYTICS_REPORTING_ENABLED="false",
    )
    token = folder / "prometheus" / "metrics_token"
    token.parent.mkdir(exist_ok=True)
    token.write_text(drawn["metrics"])


def _env(file: Path, **values: str) -> None:
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    file.chmod(0o600)


def _certificates(folder: Path, names: Sequence[str]) -> None:
    authority = folder / "authority"
    authority.mkdir(exist_ok=True)
    authority.chmod(0o700)
    if not (authority / "ca.key").exists():
        _authority(authority)
    if not (folder / "hub" / "server.crt").exists():
        _certificate(authority, names)
        for where in (folder / "hub", folder / "broker" / "certs"):
            where.mkdir(parents=True, exist_ok=True)
            for name in ("ca.crt", "server.crt", "server.key"):
                (where / name).write_bytes((authority / name).read_bytes())
        (authority / "server.key").unlink()
    (folder / "prometheus").mkdir(exist_ok=True)
    (folder / "prometheus" / "ca.crt").write_bytes((authority / "ca.crt").read_bytes())


_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _authority(folder: Path) -> None:
    _openssl(
        folder,
        *(
            "req",
            "-x509",
            *_KEY,
            "-keyout",
            "ca.key",
            "-out",
            "ca.crt",
            "-days",
            str(AUTHORITY_DAYS),
        ),
        *("-subj", "/CN=Bjelle house authority"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )


def _certificate(folder: Path, names: Sequence[str]) -> None:
    _openssl(
        folder,
        *("req", *_KEY, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=bjelle"),
    )
    known = ",".join(f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in names)
    (folder / "names").write_text(
        f"subjectAltName={known}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"
    )
    _openssl(
        folder,
        *("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key"),
        *("-CAcreateserial", "-out", "server.crt", "-days", str(CERTIFICATE_DAYS)),
        *("-extfile", "names"),
    )


def _in_address(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _is_address(name: str) -> bool:
    return ":" in name or name.replace(".", "").isdigit()


def _openssl(folder: Path, *arguments: str) -> None:
    try:
        subprocess.run(  # noqa: S603 - our own arguments
            ["openssl", *arguments],  # noqa: S607 - the system's openssl
            cwd=folder,
            check=True,
            capture_output=True,
        )
    except FileNotFoundError as error:
        raise NoOpenssl(
            "no openssl on PATH to make certificates with: install it, or run this command in "
            "the bjelle image, as docker-compose.yml shows"
        ) from error
    except subprocess.CalledProcessError as error:
        raise NoOpenssl(f"openssl refused: {error.stderr.decode()[-300:]}") from error
