"""What a house that has decided nothing else promises."""

from datetime import timedelta

import pytest

from routing.defaults import policy_for
from routing.plan import CallType, Priority
from tests.routing.night import solvik


@pytest.mark.parametrize(
    ("priority", "answered_s", "there_min"),
    [
        (Priority.EMERGENCY, 30, 2),
        (Priority.URGENT, 60, 2),
        (Priority.IMPORTANT, 180, 5),
        (Priority.ROUTINE, 600, 10),
    ],
)
def test_a_house_that_decided_nothing_promises_help_as_soon_as_the_urgency_asks(
    priority: Priority, answered_s: int, there_min: int
) -> None:
    policies = [policy_for(solvik(), kind) for kind in CallType]

    assert {
        (one.respond_within, one.arrive_within) for one in policies if one.priority is priority
    } == {(timedelta(seconds=answered_s), timedelta(minutes=there_min))}
