"""SCAIP's words: what a request says, and the answer that belongs to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.codec import Enrolled, Message, Undecodable
from devices.scaip import understand
from routing.ids import BridgeId, DeviceId
from routing.readings import (
    BatteryRead,
    BedChanged,
    DeviceFault,
    DeviceHeard,
    DoorMoved,
    FallPhase,
    FallSeen,
    HeardBy,
    HelpCancelled,
    HelpPressed,
    HelpTrigger,
    MotionSeen,
    Problem,
    Reading,
    Tampered,
)
from tests.devices.bench import ALARM
from tests.routing.night import Night, signal

SCAIP = BridgeId("scaip")
ENROLLED = {"pendant-7": Enrolled(DeviceId("wrist-ola"), "scaip/pendant", ALARM)}


def mrq(**tags: str) -> bytes:
    given = {"ref": "A1", "cid": "042", "dty": "0003", "did": "pendant-7", **tags}
    return ("<mrq>" + "".join(f"<{k}>{v}</{k}>" for k, v in given.items()) + "</mrq>").encode()


def said(payload: bytes) -> Message:
    found = understand(payload, SCAIP, ENROLLED).said
    assert isinstance(found, Message), found
    return found


def test_d10_the_same_reference_again_is_one_alarm_with_the_identical_answer() -> None:
    night = Night()
    answers: list[bytes] = []
    for at in ("02:14:00", "02:14:20", "02:20:00"):
        heard = understand(mrq(), SCAIP, ENROLLED)
        answers.append(heard.answer)
        assert isinstance(heard.said, Message)
        night.at(
            at,
            signal(
                "wrist-ola",
                *heard.said.readings,
                key=heard.said.key,
                key_window=heard.said.key_window,
                source=heard.said.source,
            ),
        )
    assert answers == [b"<mrs><ref>A1</ref><snu>0</snu></mrs>"] * 3
    (call,) = night.open()
    assert call.pressed == 1


def test_another_reference_or_another_controller_is_another_alarm() -> None:
    keys = {said(mrq()).key, said(mrq(ref="A2")).key, said(mrq(cid="043")).key}
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("tags", "reading"),
    [
        ({}, HelpPressed(HelpTrigger.PRESS, "personal")),
        ({"dty": "3", "stc": "10"}, HelpPressed(HelpTrigger.PRESS, "personal")),
        ({"dty": " 000 3 ", "stc": "0010"}, HelpPressed(HelpTrigger.PRESS, "personal")),
        ({"dty": "0004", "mty": "ME"}, HelpPressed(HelpTrigger.PRESS, "fixed")),
        ({"dty": "0007"}, HelpPressed(HelpTrigger.PRESS, "panic")),
        ({"dty": "0005", "stc": "9"}, FallSeen(FallPhase.CONFIRMED)),
        ({"dty": "0012"}, BedChanged(occupied=False)),
        ({"dty": "0012", "stc": "0117"}, BedChanged(occupied=True)),
        ({"dty": "0013"}, MotionSeen(active=True)),
        ({"dty": "0014"}, DoorMoved(open=True)),
        ({"dty": "0014", "stc": "0076"}, DoorMoved(open=True)),
        ({"dty": "0014", "stc": "21"}, DoorMoved(open=False)),
        ({"dty": "0038"}, Tampered("case")),
        ({"stc": "0019"}, HelpCancelled("remote")),
        ({"mty": "re"}, HelpCancelled("remote")),
        ({"mty": "PI"}, DeviceHeard(HeardBy.HEARTBEAT)),
        ({"mty": "IN"}, DeviceHeard(HeardBy.DATA)),
        ({"stc": "0016", "mty": "IN"}, BatteryRead(low=True)),
        ({"stc": "0085", "mty": "IN"}, DeviceFault("mains_failure")),
        ({"stc": "0125"}, Tampered("case")),
        ({"dty": "0015"}, HelpPressed(HelpTrigger.UNKNOWN)),
        ({"dty": "what"}, HelpPressed(HelpTrigger.UNKNOWN)),
    ],
)
def test_a_request_says_what_its_codes_mean(tags: dict[str, str], reading: Reading) -> None:
    assert reading in said(mrq(**tags)).readings


def test_m9_an_alarm_without_a_word_is_help_and_a_problem() -> None:
    assert [r for r in said(mrq(dty="0099")).readings if isinstance(r, Problem)]


def test_s1_a_test_status_is_test_traffic() -> None:
    assert said(mrq(stc="0102")).test
    assert not said(mrq()).test


def test_order_case_prefix_and_root_may_differ() -> None:
    payload = b'<s:scaip xmlns:s="x"><s:DTY>0003</s:DTY><cid>9</cid><ref>B&#50;</ref></s:scaip>'
    message = said(payload)
    assert message.key == "scaip/9/B2"
    assert message.native == "9"
    assert message.device is None


@pytest.mark.parametrize(
    ("payload", "snu"),
    [
        (b"<mrq>" + b" " * 5000 + b"</mrq>", 1),
        (b"<mrq><ref>A1</ref>", 2),
        (b"\xff\xfe", 2),
        (b"", 2),
        (b'<!DOCTYPE m [<!ENTITY a "aa">]><mrq><ref>&a;</ref></mrq>', 2),
        (b"<mrq><ref>A1</ref><cid>1</cid></mrq>", 7),
        (b"<mrq><ref>A-1</ref><cid>1</cid><dty>3</dty></mrq>", 7),
        (b"<mrq><ref>" + b"A" * 17 + b"</ref><cid>1</cid><dty>3</dty></mrq>", 7),
    ],
)
def test_nonsense_is_refused_with_its_number(payload: bytes, snu: int) -> None:
    heard = understand(payload, SCAIP, ENROLLED)
    assert isinstance(heard.said, Undecodable)
    assert f"<snu>{snu}</snu>".encode() in heard.answer


@given(
    st.binary(max_size=300)
    | st.lists(
        st.sampled_from(["<mrq>", "</mrq>", "<ref>", "</ref>", "A", "<cid>", "&lt;", "<dty/>"])
    ).map(lambda parts: "".join(parts).encode())
)
def test_no_bytes_raise(payload: bytes) -> None:
    heard = understand(payload, SCAIP, ENROLLED)
    assert heard == understand(payload, SCAIP, ENROLLED)
    assert heard.answer.startswith(b"<mrs>")
