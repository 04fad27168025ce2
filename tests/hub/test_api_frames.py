"""The frames are one schema for the hub and the page."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import jsonschema
import msgspec
import pytest

from hub.api import frames
from routing.calls import CallState
from routing.effects import Reason
from routing.plan import CallType

SCHEMA = Path(__file__).parents[2] / frames.SCHEMA_FILE


def card(**changed: object) -> frames.Card:
    made = frames.Card(
        id="1-4",
        type=CallType.PATIENT,
        priority=2,
        state=CallState.RINGING,
        practice=False,
        late=False,
        room=frames.RoomFace(id="r204", number="204", floor="2", unit="sor"),
        patient="Kari N.",
        why="Kari trykket på alarmen",
        reason=Reason.HELP_PRESSED,
        note="Rullator",
        isolation="",
        opened_at=datetime(2026, 3, 1, 2, 14, tzinfo=UTC),
        ringing_since=datetime(2026, 3, 1, 2, 14, tzinfo=UTC),
        ring=1,
        pressed=1,
        owner=None,
        taken_at=None,
        arrive_by=None,
        present=(),
        present_at=None,
        also_ringing=("Per",),
        rung=0,
        can=(frames.Action.TAKE, frames.Action.DECLINE),
    )
    return msgspec.structs.replace(made, **changed)


def test_the_exported_schema_is_fresh() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == frames.schema_text(), (
        "frames.py changed: run `python -m hub.api.frames` and commit the schema"
    )


def test_a_frame_put_together_from_an_encoded_card_is_the_same_frame() -> None:
    whole = frames.CallChanged(n=7, ring=True, card=card())
    parts = frames.call_changed(7, frames.encode(card()), ring=True)
    assert msgspec.json.decode(parts, type=frames.FromHub) == whole
    assert parts == frames.encode(whole)


def test_frames_from_the_hub_keep_to_the_schema() -> None:
    checker = jsonschema.Draft202012Validator(frames.schema())
    for frame in (
        frames.CallChanged(n=7, ring=True, card=card()),
        frames.Gone(n=8, call="1-4", reason=frames.GoneReason.TAKEN),
        frames.Answer(op="x", ok=True, reason="taken", text="Du tok den"),
        frames.Bye(reason=frames.ByeReason.REPLACED),
    ):
        checker.validate(msgspec.json.decode(frames.encode(frame)))


def test_the_page_may_say_more_than_the_hub_reads() -> None:
    said = frames.decode('{"t":"receipt","call":"1-4","kind":"ringing","later":"field"}')
    assert said == frames.Receipt(call="1-4", kind="ringing")


@pytest.mark.parametrize(
    "data",
    ['{"t":"op","op":"x","action":"dance"}', '{"t":"receipt"}', "[]", "{", '{"t":"snapshot"}'],
)
def test_what_is_not_a_frame_of_the_page_is_refused(data: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        frames.decode(data)


def test_the_hash_is_of_sorted_id_state_ring() -> None:
    # The page computes the same: this is the vector both sides test.
    expected = sha256(b"1-10:taken:0,1-4:ringing:2").hexdigest()[:16]
    assert frames.fingerprint([("1-4", "ringing", 2), ("1-10", "taken", 0)]) == expected
    assert frames.fingerprint([]) == "e3b0c44298fc1c14"
