"""The decode bench measures messages that are understood, and prints the agreed form."""

from simulators.bench.decode import CASES, measured


def test_each_codec_stands_beside_the_bare_parse_of_the_same_bytes() -> None:
    found = measured(messages=5, repeats=2)
    assert set(found) == {
        "bench",
        "ours",
        "floor",
        "floor_msgspec",
        "ratio",
        "noise",
        "settings",
    }
    names = {case[0] for case in CASES}
    assert all(
        set(found[part]) == names
        for part in ("ours", "floor", "floor_msgspec", "ratio", "noise")
    )
