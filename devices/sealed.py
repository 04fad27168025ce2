"""Opening the sealed adverts of Bluetooth sensors: AES-128-CCM, by `cryptography`."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

KEY_BYTES = 16


def open_sealed(
    key: bytes, nonce: bytes, sealed: bytes, tag: bytes, associated: bytes = b""
) -> bytes | None:
    """Return the plain bytes, or None where the tag does not fit (wrong key, or forged)."""
    if len(key) != KEY_BYTES:
        return None
    try:
        return AESCCM(key, tag_length=len(tag)).decrypt(nonce, sealed + tag, associated or None)
    except (InvalidTag, ValueError):  # ValueError: a nonce or tag of a length CCM has not
        return None
