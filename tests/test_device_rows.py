"""Each row of the table of failures (DEVICES 3) has a test with its id."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
ROWS = (
    *(f"d{n}" for n in range(1, 12)),
    *(f"r{n}" for n in range(1, 8)),
    *(f"m{n}" for n in range(1, 15)),
    *(f"t{n}" for n in range(1, 5)),
    *(f"a{n}" for n in range(1, 11)),
    *(f"b{n}" for n in range(1, 4)),
    *(f"l{n}" for n in range(1, 5)),
    "f1",
    "f2",
    "s1",
)
NAMED = re.compile(r"def test((?:_[a-z]\d{1,2})+)_")


def test_each_row_has_a_test_with_its_id() -> None:
    found = {
        row
        for part in ("devices", "routing", "hub")
        for file in (TESTS / part).glob("test_*.py")
        for names in NAMED.findall(file.read_text("utf-8"))
        for row in names.strip("_").split("_")
    }
    assert [row for row in ROWS if row not in found] == []
