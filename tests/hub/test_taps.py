"""Operations of a telephone become events, whatever figures they carry."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.api.frames import Action, Op
from hub.taps import tap
from routing.events import CallTaken, PauseSet
from routing.ids import StaffId

NOW = datetime(2026, 11, 21, 2, 14, tzinfo=UTC)
ANNE = StaffId("anne")


def test_a_time_without_its_zone_is_no_time() -> None:
    op = Op("op-1", Action.TAKE, call="1-1", at=NOW.replace(tzinfo=None))
    taken = tap(op, ANNE, None, NOW)
    assert isinstance(taken, CallTaken)
    assert taken.by.client_at is None


@pytest.mark.parametrize("minutes", [10**15, -(10**15)])
def test_an_absurd_pause_is_left_to_the_core_to_refuse(minutes: int) -> None:
    op = Op("op-1", Action.PAUSE, patient="ola", reason="stell", minutes=minutes)
    pause = tap(op, ANNE, None, NOW)
    assert isinstance(pause, PauseSet)
    assert not NOW < pause.until <= NOW + timedelta(days=1)
