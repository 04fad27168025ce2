"""Why a rule was not changed, made or found: the problems of hub/api/rules.py."""

from hub.api.problems import ApiProblem, no_such
from hub.rule_draft import RuleRefused

KNOWN = {
    "no legal basis": "rule-no-basis",
    "no review date": "rule-no-review-date",
    "listens for nothing": "rule-no-trigger",
    "differs from": "rule-deviates",
    "name the new decision": "rule-decide-anew",
}
"""What a page words itself: a part of the checks' own sentence, and its code."""


def code_of(text: str) -> str:
    """Return the stable name of what is wrong with a rule, empty where it has none."""
    return next((code for part, code in KNOWN.items() if part in text), "")


def refused(name: str, error: RuleRefused) -> ApiProblem:
    """It is no rule that may be so; each problem with its field."""
    problem = ApiProblem(
        422,
        "rule-refused",
        "Rule refused",
        f"rule {name!r} is not changed: {error}",
        do="correct the fields named in `errors` and send it again",
    )
    problem.body.errors = [
        {"field": path, "expected": text, "code": code_of(text)}
        for path, text in error.problems
    ]
    return problem


def none(name: str) -> ApiProblem:
    """There is no such rule, or not for this person."""
    return no_such("rule", name, do="see GET /api/v1/rules for those of your units")


def taken(name: str) -> ApiProblem:
    """The id is another rule's."""
    return ApiProblem(
        409,
        "rule-exists",
        "Rule exists",
        f"there is a rule {name!r} already",
        do="choose another id, or change that one with PATCH and If-Match",
        params={"id": name},
    )


def invalid(detail: str) -> ApiProblem:
    """The request itself is not understood."""
    return ApiProblem(
        422, "invalid", "Request not understood", detail, do="see /api/v1/openapi.json"
    )


def stopping() -> ApiProblem:
    """The hub ends."""
    return ApiProblem(
        503,
        "stopping",
        "The hub is stopping",
        "the hub stops just now; a change that is stored is in use at the next start",
        do="read the rule again when the hub is back",
        retry_after_s=10,
    )


def busy() -> ApiProblem:
    """Others keep changing the house."""
    return ApiProblem(
        503,
        "busy",
        "The house is being changed",
        "others changed the house while this rule was checked; nothing was changed",
        do="send it again",
        retry_after_s=1,
    )
