"""AES-128 in counter mode with CBC-MAC (CCM): opening the sealed adverts of Bluetooth sensors.

About forty lines, because the alternative is a compiled dependency in a pure package. It only
opens what sensors broadcast, a few blocks at a time; it keeps no secret of ours and seals
nothing. Source: FIPS 197 (the cipher), RFC 3610 (the mode); both documents' own vectors are
tests.
"""

import hmac
from functools import lru_cache

BLOCK = 16


def _times_two(value: int) -> int:
    return ((value << 1) ^ 0x1B) & 0xFF if value & 0x80 else value << 1


def _made_box() -> bytes:
    """The substitution box: inverse in GF(2^8), then the affine map (FIPS 197, 5.1.1)."""
    box = bytearray(256)
    p = q = 1
    while True:
        p = p ^ _times_two(p)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        box[p] = 0x63 ^ q ^ _turn(q, 1) ^ _turn(q, 2) ^ _turn(q, 3) ^ _turn(q, 4)
        if p == 1:
            break
    box[0] = 0x63
    return bytes(box)


def _turn(value: int, by: int) -> int:
    return ((value << by) | (value >> (8 - by))) & 0xFF


BOX = _made_box()
SHIFTED = tuple(((i // 4 + i % 4) % 4) * 4 + i % 4 for i in range(BLOCK))


@lru_cache(maxsize=512)
def _round_keys(key: bytes) -> tuple[bytes, ...]:
    words = [key[i : i + 4] for i in range(0, BLOCK, 4)]
    constant = 1
    while len(words) < 44:
        last = words[-1]
        if len(words) % 4 == 0:
            last = bytes(BOX[b] for b in last[1:] + last[:1])
            last = bytes([last[0] ^ constant]) + last[1:]
            constant = _times_two(constant)
        words.append(bytes(a ^ b for a, b in zip(words[-4], last, strict=True)))
    return tuple(b"".join(words[i : i + 4]) for i in range(0, 44, 4))


def _mixed(column: bytes) -> bytes:
    whole = column[0] ^ column[1] ^ column[2] ^ column[3]
    return bytes(
        column[i] ^ whole ^ _times_two(column[i] ^ column[(i + 1) % 4]) for i in range(4)
    )


def encrypt_block(key: bytes, block: bytes) -> bytes:
    """Return the block under AES-128."""
    first, *middle, last = _round_keys(key)
    state = _xor(block, first)
    for round_key in middle:
        state = bytes(BOX[state[i]] for i in SHIFTED)
        state = b"".join(_mixed(state[i : i + 4]) for i in range(0, BLOCK, 4))
        state = _xor(state, round_key)
    return _xor(bytes(BOX[state[i]] for i in SHIFTED), last)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def open_sealed(
    key: bytes, nonce: bytes, sealed: bytes, tag: bytes, associated: bytes = b""
) -> bytes | None:
    """Return the plain bytes, or None where the tag does not fit (wrong key, or forged)."""
    if len(key) != BLOCK or not 7 <= len(nonce) <= 13:
        return None
    width = 15 - len(nonce)
    head = bytes([width - 1]) + nonce
    plain = bytearray()
    for index in range(0, len(sealed), BLOCK):
        counter = head + (index // BLOCK + 1).to_bytes(width, "big")
        plain += _xor(sealed[index : index + BLOCK], encrypt_block(key, counter))
    flags = (0x40 if associated else 0) | ((len(tag) - 2) // 2) << 3 | (width - 1)
    blocks = bytes([flags]) + nonce + len(sealed).to_bytes(width, "big")
    if associated:
        blocks += _padded(len(associated).to_bytes(2, "big") + associated)
    blocks += _padded(bytes(plain))
    mac = bytes(BLOCK)
    for index in range(0, len(blocks), BLOCK):
        mac = encrypt_block(key, _xor(mac, blocks[index : index + BLOCK]))
    expected = _xor(mac, encrypt_block(key, head + bytes(width)))[: len(tag)]
    return bytes(plain) if hmac.compare_digest(expected, tag) else None


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)
