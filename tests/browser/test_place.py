"""Somebody presses and walks to the dining room: the card follows, and does not ring again."""

import json
import time

import pytest
from playwright.sync_api import expect

from simulators.payloads import Published
from tests.browser.chromium import Opener, shot
from tests.browser.house import TOGETHER, House, in_house
from tests.browser.phone import Phone

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.timeout(480)]

DINING = "  spisestue: { unit: nord, number: Spisestue, kind: common }\n"
BRIDGE = "  ble: { ecosystem: espresense, base_topic: walk/espresense }\n"
NODE = """  node-{0}:
    bridge: ble
    native: {0}
    model: ble/receiver
    class: infrastructure
    used: [{{ purpose: receiver, room: "{1}", since: 2026-01-05T10:00 }}]
"""
NODES = NODE.format("rom-101", "101") + NODE.format("spisestue", "spisestue")
WORN = "    used: [{ purpose: help, patient: p-1,"
RECEIVERS = (
    ('  "102": { unit: nord', DINING + '  "102": { unit: nord'),
    ("bridges:\n", "bridges:\n" + BRIDGE),
    ("devices:\n", "devices:\n" + NODES),
    (WORN, "    aliases: [{ bridge: ble, native: tag-1 }]\n" + WORN),
)


class Tag:
    """The tag in the wristband: stronger where its wearer is, and never twice the same."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.heard = 0
        self.next_at = 0.0

    def is_in(self, room: str) -> bool:
        """Be heard once more, if it is time for the tag to speak."""
        if time.monotonic() < self.next_at:
            return True
        self.next_at = time.monotonic() + 0.7
        self.heard += 1
        for node in ("rom-101", "spisestue"):
            rssi = (-52 if node == room else -84) - self.heard % 3
            topic = f"walk/espresense/devices/tag-1/{node}"
            self.house.say(Published(topic, json.dumps({"rssi": rssi}).encode()))
        return True


@in_house(TOGETHER, *RECEIVERS)
def test_the_card_follows_who_walks_and_does_not_ring_again(
    house: House, telephone: Opener
) -> None:
    per = Phone(telephone()).on_shift(house, "phone-1", "carer-1", "Per H.")
    tag = Tag(house)
    tag.is_in("rom-101")
    house.press("wrist-101")
    place = per.card.get_by_test_id("place")
    expect(per.card).to_contain_text("ROM 101")
    per.until(lambda: tag.is_in("rom-101") and "rom 101 ·" in place.inner_text())
    expect(place).to_have_attribute("data-known", "certain")

    per.until(lambda: tag.is_in("spisestue") and "Spisestue ·" in place.inner_text())

    expect(place).to_contain_text("Nå: Spisestue ·")
    expect(per.card).to_contain_text("ROM 101")
    expect(per.card).to_have_attribute("data-stage", "incoming")
    expect(per.card).not_to_contain_text("Trykket")
    shot(per.page, "place-incoming")
    per.tap("Jeg tar den")
    expect(per.card).to_have_attribute("data-stage", "way")
    expect(place).to_contain_text("Spisestue ·")
    shot(per.page, "place-way")
    per.tap("Jeg er hos pasienten")
    expect(per.card).to_have_attribute("data-stage", "there")
    per.tap("Avslutt")
    per.tap("Hjulpet")
    expect(per.page.get_by_test_id("calm")).to_be_visible()
