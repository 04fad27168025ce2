"""The spool file: durable line by line, bounded, and honest about what is damaged."""

from dataclasses import replace
from pathlib import Path

import pytest

from hub import records
from hub.store.rows import QuarantinedMessage, RawMessage, Row
from hub.store.spool import Spool, SpoolLost
from routing.ids import DeviceId, HouseId, SignalId
from tests.support.toy import START, press, step, toy_house

HOUSE = HouseId("solvik")


def some_rows(count: int) -> list[Row]:
    """A journal's beginning."""
    state, digest, made = toy_house(), records.genesis(HOUSE), list[Row]()
    for seq in range(1, count + 1):
        event = press(SignalId(f"1-{seq}"))
        state, effects = step(state, event, START)
        payload, decisions = records.encode_event(event), records.encode_effects(effects)
        hashed = records.payload_hash(payload)
        kind = type(event).__name__
        digest = records.chain(digest, seq, START, kind, hashed, decisions, "toy-1")
        changed = tuple(state.calls.values())[-1:]
        made.append(
            Row(
                HOUSE,
                seq,
                START,
                kind,
                payload,
                hashed,
                decisions,
                digest,
                "toy-1",
                effects,
                changed,
            )
        )
    return made


def test_what_was_appended_is_read_back_the_same(tmp_path: Path) -> None:
    spool, entries = Spool(tmp_path / "spool"), some_rows(3)
    raw = RawMessage(
        HOUSE, SignalId("1-1"), START, "zigbee2mqtt/x", b"\x00\xff", 0, retained=True
    )
    odd = QuarantinedMessage(HOUSE, SignalId("1-2"), START, "t", b"?", "odd", DeviceId("d"))
    spool.append(entries)
    spool.append([raw, odd])

    chunk = spool.read()
    assert chunk.entries == (*entries, raw, odd)
    assert spool.read(chunk.next_offset).entries == ()
    assert chunk.dropped == ()


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    spool, entries = Spool(tmp_path / "spool"), some_rows(5)
    spool.append(entries)

    first = spool.read(limit=2)
    rest = spool.read(first.next_offset)

    assert (*first.entries, *rest.entries) == tuple(entries)


@pytest.mark.parametrize("cut", [1, 10, 200])
def test_a_torn_last_line_is_cut_and_said(tmp_path: Path, cut: int) -> None:
    spool, entries = Spool(tmp_path / "spool"), some_rows(3)
    spool.append(entries)
    whole = spool.path.read_bytes()
    spool.path.write_bytes(whole[:-cut])

    said = spool.mend()
    spool.append(entries[2:])

    assert "torn last line" in said
    assert spool.read().entries == tuple(entries)
    assert spool.mend() == ""


def test_a_damaged_line_is_dropped_with_its_place_and_the_others_stay(tmp_path: Path) -> None:
    spool, entries = Spool(tmp_path / "spool"), some_rows(3)
    spool.append(entries[:1])
    place = spool.size()
    spool.append(entries[1:])
    data = bytearray(spool.path.read_bytes())
    data[place + 50] ^= 1
    spool.path.write_bytes(data)

    chunk = spool.read()

    assert chunk.entries == (entries[0], entries[2])
    assert [damage.split(",")[0] for damage in chunk.dropped] == [f"byte {place}"]


def test_a_full_spool_refuses_the_whole_group(tmp_path: Path) -> None:
    entries = some_rows(3)
    spool = Spool(tmp_path / "spool")
    spool.append(entries[:1])
    full = Spool(spool.path, limit_bytes=spool.size() + 10)

    with pytest.raises(SpoolLost, match=r"is full .* give spool_limit_bytes more"):
        full.append(entries[1:])

    assert full.read().entries == (entries[0],)


def test_a_spool_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "no such folder" / "spool")

    with pytest.raises(SpoolLost, match="cannot be written"):
        spool.append(some_rows(1))


def test_odd_text_from_a_device_does_not_stop_the_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    raw = RawMessage(HOUSE, SignalId("1-1"), START, "a\ud800\0b", b"")
    spool.append([raw])

    assert spool.read().entries == (replace(raw, topic="a?\0b"),)
