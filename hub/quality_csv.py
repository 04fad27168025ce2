"""The figures as a file that a spreadsheet opens: semicolons, a mark of UTF-8, no persons.

Groups with fewer than five calls keep their number and lose their times: a time of one call is
nearly a person's (UX Q6). Seconds are whole numbers and shares are percent, so that no decimal
sign depends on who opens it.
"""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Literal

from hub.comparison import Change, Verdict
from hub.quality import SMALL, Figures, Group

BOM = "\ufeff"

_HEADS = {
    "nb": (
        "Gruppe",
        "Fra",
        "Til",
        "Anrop",
        "Svartid median (s), utløst til tatt",
        "Svartid p90 (s)",
        "Fremmøtetid median (s), utløst til tilstede",
        "Innen mål (%)",
        "Ubesvart nå",
        "Perioden før: anrop",
        "Perioden før: svartid median (s)",
        "Perioden før: innen mål (%)",
        "Endring",
    ),
    "en": (
        "Group",
        "From",
        "To",
        "Calls",
        "Response median (s), raised to taken",
        "Response p90 (s)",
        "Arrival median (s), raised to present",
        "Within target (%)",
        "Unanswered now",
        "Period before: calls",
        "Period before: response median (s)",
        "Period before: within target (%)",
        "Change",
    ),
}
_WHOLE = {"nb": "Hele huset", "en": "Whole house"}
_FEW = {"nb": f"færre enn {SMALL}", "en": f"fewer than {SMALL}"}
_BEYOND = {"nb": "ikke nådd", "en": "not reached"}
_VERDICTS = {
    "nb": {
        Verdict.BETTER: "bedre",
        Verdict.WORSE: "dårligere",
        Verdict.CHANCE: "ikke mer enn tilfeldig",
        Verdict.FEW: "for få anrop til å si noe",
    },
    "en": {
        Verdict.BETTER: "better",
        Verdict.WORSE: "worse",
        Verdict.CHANCE: "no more than chance",
        Verdict.FEW: "too few calls to tell",
    },
}


def written(
    found: Figures,
    changes: dict[str, Change],
    names: Callable[[str], str],
    lang: Literal["nb", "en"],
) -> str:
    """Return the whole file; `changes` by group key, the whole house's under ''."""
    text = StringIO()
    rows = csv.writer(text, delimiter=";", lineterminator="\r\n")
    rows.writerow(_HEADS[lang])
    period = (found.since.isoformat(), found.until.isoformat())
    for group in (*found.groups, found.whole):
        name = names(group.key) if group.key else _WHOLE[lang]
        rows.writerow((_safe(name), *period, *_figures(group, changes[group.key], lang)))
    return BOM + text.getvalue()


def _figures(group: Group, change: Change, lang: Literal["nb", "en"]) -> tuple[str | int, ...]:
    def time(of: timedelta | None, calls: int) -> str | int:
        if not calls:
            return ""
        if calls < SMALL:
            return _FEW[lang]
        return _BEYOND[lang] if of is None else round(of.total_seconds())

    def share(of: float | None, calls: int) -> str | int:
        if not calls or of is None:
            return ""
        return _FEW[lang] if calls < SMALL else round(100 * of)

    return (
        group.calls,
        time(group.response.median, group.calls),
        time(group.response.p90, group.calls),
        time(group.arrival.median, group.calls),
        share(group.share_within, group.calls),
        group.open,
        change.calls,
        time(change.median, change.calls),
        share(change.share_within, change.calls),
        _VERDICTS[lang][change.verdict],
    )


def _safe(name: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in ("=", "+", "-", "@") else name
