"""What bridges say they know reaches the registry when it is news, and only then."""

from devices.codec import Discovered, Discovery
from hub.clock import SystemClock
from hub.houses import Houses
from hub.store.store import Store
from routing.ids import BridgeId, HouseId

HOUSE, BRIDGE = HouseId("solvik"), BridgeId("lora")


async def test_a_stranger_that_was_proposed_before_is_no_news(store: Store) -> None:
    house = Houses(store, SystemClock())
    strangers = [Discovered("a"), Discovered("b")]
    house.known[HOUSE] = {BRIDGE: Discovery(BRIDGE, tuple(strangers), complete=False)}
    for one in strangers:
        house.discovered(HOUSE, Discovery(BRIDGE, (one,), complete=False))
    assert house._found.empty()
    house.discovered(HOUSE, Discovery(BRIDGE, (Discovered("c"),), complete=False))
    assert house._found.qsize() == 1
