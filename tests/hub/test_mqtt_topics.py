"""Topics are kept filter by filter and must mean what they would mean built anew."""

from hypothesis import given
from hypothesis import strategies as st

from hub.mqtt_lanes import TopicSet
from hub.mqtt_topics import Topics
from routing.ids import HouseId

LEVELS = st.sampled_from(["z2m", "a", "b", "+", "#", "a+"])
FILTERS = st.lists(LEVELS, min_size=1, max_size=3).map("/".join)
NAMES = st.lists(st.sampled_from(["z2m", "a", "b", "c"]), min_size=1, max_size=3).map("/".join)
HOUSES = st.sampled_from(["fjord", "solvik", "vik"]).map(HouseId)
LISTS = st.lists(FILTERS, max_size=4)


@given(st.lists(st.tuples(HOUSES, LISTS, LISTS), max_size=8), st.lists(NAMES, max_size=20))
def test_lists_told_one_after_the_other_mean_what_the_last_of_each_house_mean(
    told: list[tuple[HouseId, list[str], list[str]]], asked: list[str]
) -> None:
    kept, anew = Topics(), Topics()
    for house, alarm, bulk in told:
        kept.put(house, alarm, bulk)
        for topic in asked[:5]:
            kept.houses_of(topic)  # what was found before is not believed for ever
    for house, (alarm, bulk) in {h: (a, b) for h, a, b in told}.items():
        anew.put(house, alarm, bulk)
    for topic in asked:
        assert set(kept.houses_of(topic)) == set(anew.houses_of(topic))
        assert kept.is_urgent(topic) is anew.is_urgent(topic)
    assert set(kept.alarm) == set(anew.alarm)
    assert set(kept.bulk) == set(anew.bulk)
    assert kept.unusable() == anew.unusable()


def test_houses_that_share_a_base_topic_each_hear_and_let_go_for_themselves() -> None:
    topics = Topics()
    for house in (HouseId("fjord"), HouseId("vik")):
        topics.put(house, [], ["z2m/#"])
    assert topics.houses_of("z2m/door") == ("fjord", "vik")
    topics.put(HouseId("fjord"), [], [])
    assert topics.houses_of("z2m/door") == ("vik",)
    topics.put(HouseId("vik"), [], [])
    assert topics.houses_of("z2m/door") == ()


def test_a_filter_that_goes_leaves_the_wider_and_the_longer_ones() -> None:
    topics = TopicSet.of(["a", "a/b", "a/b/c", "#"])
    topics.discard("a/b")
    topics.discard("never/there")
    assert [topics.find(t) for t in ("a", "a/b", "a/b/c")] == ["a", "#", "a/b/c"]
