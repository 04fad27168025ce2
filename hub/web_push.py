"""Web Push's three papers in one place: the hub's own key, the sealed message, who is asking.

RFC 8292 (VAPID): a P-256 key that the hub makes once and keeps; a push service knows us by it.
RFC 8291: the message is sealed for one browser, so that the push service reads nothing.
RFC 8188: the one record it travels in (`aes128gcm`). Ciphers and curves are `cryptography`'s.
"""

import base64
import binascii
import contextlib
import os
import pwd
import struct
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import structlog
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

log = structlog.get_logger(__name__)

CURVE = ec.SECP256R1()
RECORD_BYTES = 4096
"""RFC 8291, section 4: a message is one record, and a push service must take this size."""
TOKEN_LIFE = timedelta(hours=12)
"""RFC 8292 allows a day; our clock and theirs may differ."""
AUTH_BYTES = 16


class WrongSubscription(ValueError):  # noqa: N818 - a state of affairs
    """What a page calls a subscription is none."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where one browser is reached, and the keys that only it can read with."""

    endpoint: str
    p256dh: bytes
    """The browser's public key, an uncompressed point: 65 bytes."""
    auth: bytes

    @classmethod
    def read(cls, endpoint: str, p256dh: str, auth: str) -> "Subscription":
        """Read a subscription as browsers write it: keys in URL-safe Base64.

        Raises:
            WrongSubscription: a key of the wrong form; the text says which.
        """
        try:
            key, secret = unpadded(p256dh), unpadded(auth)
            ec.EllipticCurvePublicKey.from_encoded_point(CURVE, key)
        except (binascii.Error, ValueError, InvalidKey) as error:
            raise WrongSubscription(f"keys.p256dh: expected a P-256 point ({error})") from error
        if len(secret) != AUTH_BYTES:
            raise WrongSubscription(f"keys.auth: expected {AUTH_BYTES} bytes")
        return cls(endpoint, key, secret)

    def __repr__(self) -> str:
        """Leave the address out: whoever has it may knock there."""
        return f"Subscription({urlsplit(self.endpoint).hostname})"


def padded_off(data: bytes) -> str:
    """Write URL-safe Base64 without padding, as all three papers do."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpadded(text: str) -> bytes:
    """Read it."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def seal(
    message: bytes,
    to: Subscription,
    *,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Return the body to post: readable by that browser only.

    `own` and `salt` are new for each message; they are given only to repeat RFC 8291's example.
    """
    own = own or ec.generate_private_key(CURVE)
    salt = salt or os.urandom(16)
    public = _point(own.public_key())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, to.p256dh)
    key, nonce = content_keys(
        own.exchange(ec.ECDH(), theirs), to.auth, salt, browser=to.p256dh, sender=public
    )
    header = salt + struct.pack("!IB", RECORD_BYTES, len(public)) + public
    return header + AESGCM(key).encrypt(nonce, message + b"\x02", None)  # 2: the last record


def content_keys(
    shared: bytes, auth: bytes, salt: bytes, *, browser: bytes, sender: bytes
) -> tuple[bytes, bytes]:
    """Return key and nonce of the record (RFC 8291, section 3.4)."""
    info = b"WebPush: info\x00" + browser + sender
    secret = HKDF(hashes.SHA256(), 32, auth, info).derive(shared)
    key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(secret)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(secret)
    return key, nonce


class Vapid:
    """The hub's own key: made once, kept in a file that only the hub may read, never shown."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.public = padded_off(_point(key.public_key()))
        """`applicationServerKey`: a browser binds its subscription to it."""

    @classmethod
    def kept(cls, file: Path) -> "Vapid":
        """Return the key of this file; nothing is made.

        Raises:
            FileNotFoundError: there is none yet.
            PermissionError: it is another user's; the text says what to do.
            ValueError: the file is no key of ours; the text says what to do.
        """
        try:
            pem = file.read_bytes()
        except PermissionError as error:
            me = _user(os.geteuid())
            raise PermissionError(
                f"{file} belongs to {_owner(file)} and {me} may not read it: "
                f"`chown {me} {file}` where {me} is the user that runs the hub"
            ) from error
        _close(file)
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{file} is not a key: put the backup's there, or delete it"
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{file} is not a P-256 key: put the backup's there")  # noqa: TRY004
        return cls(key)

    @classmethod
    def made(cls, file: Path) -> "Vapid":
        """Return the key of this file; make both where there is none yet.

        Only for who runs the hub: the file is that user's, and nobody else may read it.
        Another key would end every subscription, so the file belongs into the backup.

        Raises:
            OSError: the folder cannot be written; or as `kept`.
            ValueError: as `kept`.
        """
        if not file.exists():
            _write_once(file, ec.generate_private_key(CURVE))
        return cls.kept(file)

    def authorization(self, endpoint: str, contact: str, now: datetime) -> str:
        """Return the header that tells this push service who is asking (RFC 8292)."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((now + TOKEN_LIFE).timestamp()),
            "sub": contact,
        }
        head = padded_off(orjson.dumps({"typ": "JWT", "alg": "ES256"}))
        said = f"{head}.{padded_off(orjson.dumps(claims))}"
        r, s = decode_dss_signature(self._key.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
        signature = padded_off(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        return f"vapid t={said}.{signature}, k={self.public}"


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)  # a container's user has no name


def _owner(file: Path) -> str:
    try:
        return _user(file.stat().st_uid)
    except OSError:
        return "another user"


def foreign_folder(folder: Path) -> str:
    """Return who owns the folder where that is not us; empty: it is ours, or not there yet."""
    try:
        uid = folder.stat().st_uid
    except FileNotFoundError:
        return ""
    return "" if uid == os.geteuid() else _user(uid)


def _close(file: Path) -> None:
    """Take other people's rights to the file away: a backup's copy may have come with some.

    Where it is not ours to change, it is said and used all the same: a hub must start.
    """
    if not file.stat().st_mode & 0o077:
        return
    try:
        file.chmod(0o600)
    except OSError:
        log.warning("others may read the hub's web push key: chmod 600", file=str(file))


def _write_once(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Put the key there whole; two that start at the same time agree on one."""
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".vapid-")  # readable by us only
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(pem)
            new.flush()
            os.fsync(new.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()
