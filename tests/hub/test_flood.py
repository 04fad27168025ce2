"""A bridge that says too much: who is still heard, and who is told."""

import pytest

from hub.flood import FLOOD, Allowance, Floods
from routing.events import FaultMended, FaultNoticed
from routing.ids import BridgeId, HouseId

HOUSE = HouseId("solvik")
BRIDGE, OTHER = BridgeId("z2m"), BridgeId("ble")
SMALL = Allowance(per_s=10.0, burst=20.0, calm_s=60.0)


def flooded(floods: Floods, messages: int = 30, at: float = 0.0) -> int:
    """Let a bridge's strangers speak all at once; return how many were read."""
    return sum(floods.takes(HOUSE, BRIDGE, at, spare=True) for _ in range(messages))


def test_all_that_a_bridge_may_say_at_once_is_read() -> None:
    floods = Floods(SMALL)

    assert flooded(floods, 20) == 20
    assert floods.shed == 0
    assert not floods.floods(HOUSE, BRIDGE)
    assert floods.news(0.0) == ()


def test_strangers_past_the_allowance_are_not_read_and_are_counted() -> None:
    floods = Floods(SMALL)

    assert flooded(floods, 30) == 20
    assert floods.shed == 10
    assert floods.floods(HOUSE, BRIDGE)


def test_an_enrolled_device_is_read_through_any_flood() -> None:
    floods = Floods(SMALL)
    flooded(floods, 10_000)

    assert all(floods.takes(HOUSE, BRIDGE, 0.0, spare=False) for _ in range(1000))


def test_a_flood_of_enrolled_devices_sheds_nothing_and_is_told() -> None:
    floods = Floods(SMALL)

    assert all(floods.takes(HOUSE, BRIDGE, 0.0, spare=False) for _ in range(1000))

    assert floods.shed == 0
    assert [one.code for _, one in floods.news(0.0)] == [FLOOD]


def test_one_bridge_does_not_pay_for_another() -> None:
    floods = Floods(SMALL)
    flooded(floods)

    assert floods.takes(HOUSE, OTHER, 0.0, spare=True)
    assert not floods.floods(HOUSE, OTHER)
    assert not floods.floods(HOUSE, BridgeId("never heard"))


def test_bridges_of_two_houses_may_have_the_same_name() -> None:
    floods, fjord = Floods(SMALL), HouseId("fjord")
    flooded(floods)

    assert floods.takes(fjord, BRIDGE, 0.0, spare=True)
    assert [house for house, _ in floods.news(0.0)] == [HOUSE]
    floods.keep_only(HOUSE, [])
    assert not floods.floods(HOUSE, BRIDGE)
    assert floods.takes(HOUSE, BRIDGE, 0.0, spare=True)


def test_an_allowance_fills_again_with_time_and_no_higher_than_its_burst() -> None:
    floods = Floods(SMALL)
    flooded(floods)

    assert flooded(floods, 30, at=1.0) == 10
    assert flooded(floods, 50, at=1000.0) == 20


def test_a_steady_bridge_within_its_allowance_never_floods() -> None:
    floods = Floods(SMALL)

    assert all(floods.takes(HOUSE, BRIDGE, n / 10, spare=True) for n in range(2000))
    assert floods.news(200.0) == ()


def test_a_flood_is_told_once_and_ended_once_by_calm() -> None:
    floods = Floods(SMALL)
    flooded(floods)

    ((house, told),) = floods.news(1.0)
    assert house == HOUSE
    assert isinstance(told, FaultNoticed)
    assert (told.code, told.bridge) == (FLOOD, BRIDGE)
    assert "10 of strangers" in told.detail
    assert floods.news(2.0) == ()
    assert floods.news(59.0) == ()
    assert floods.news(60.0) == ((HOUSE, FaultMended(FLOOD, bridge=BRIDGE)),)
    assert floods.news(61.0) == ()
    assert not floods.floods(HOUSE, BRIDGE)


def test_a_flood_that_goes_on_is_not_ended() -> None:
    floods = Floods(SMALL)
    flooded(floods)
    floods.news(1.0)

    for second in range(1, 100):
        flooded(floods, 30, at=float(second))

    assert floods.news(100.0) == ()


def test_a_flood_that_was_over_before_anybody_asked_is_told_with_its_end() -> None:
    floods = Floods(SMALL)
    flooded(floods)

    told = floods.news(100.0)

    assert [type(one) for _, one in told] == [FaultNoticed, FaultMended]
    assert floods.news(101.0) == ()


def test_a_clock_that_stands_still_or_goes_back_gives_nothing() -> None:
    floods = Floods(SMALL)
    flooded(floods, 20, at=100.0)

    assert not floods.takes(HOUSE, BRIDGE, 99.0, spare=True)
    assert not floods.takes(HOUSE, BRIDGE, 99.0, spare=True)


def test_a_bridge_that_the_house_no_longer_has_is_forgotten() -> None:
    floods = Floods(SMALL)
    flooded(floods)
    floods.takes(HOUSE, OTHER, 0.0, spare=True)

    floods.keep_only(HOUSE, [OTHER])

    assert not floods.floods(HOUSE, BRIDGE)
    assert floods.news(1.0) == ()


@pytest.mark.parametrize("bridge", [BRIDGE, OTHER])
def test_the_usual_allowance_holds_a_house_full_of_tags(bridge: BridgeId) -> None:
    floods = Floods()  # forty tags, twenty receivers, for a minute

    assert all(floods.takes(HOUSE, bridge, n / 800, spare=True) for n in range(800 * 60))
