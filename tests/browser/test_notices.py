"""Notices to a sleeping page: what the ready check says of them, and one that is renewed.

This Chromium has no push service behind it, so that a subscription it should make fails: that
path is walked for real. One that a browser has renewed is handed to the service worker.
"""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from hub.web_push import Vapid
from tests.browser.chromium import Opener, shot, violations
from tests.browser.phone import until
from tests.browser.stage import Stage
from tests.support.push_service import PushService

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

RENEWED = """
(fresh) => {
  const event = new ExtendableEvent("pushsubscriptionchange");
  event.newSubscription = fresh && { toJSON: () => fresh };
  self.dispatchEvent(event);
}
"""


@pytest.fixture
def key(tmp_path: Any) -> str:
    return Vapid.made(tmp_path / "vapid.pem").public


def at_check(page: Page, stage: Stage, key: str | None) -> Locator:
    """Open the ready check of a house with (or without) this key; return the row of notices."""
    stage.answers["/api/v1/push"] = {"key": key, "subscribed": False, "ended": "", "lang": "en"}
    page.goto(f"{stage.url}/h")
    expect(page.get_by_test_id("ready-check")).to_be_visible()
    return page.get_by_role("listitem").filter(has_text="Varsler")


def test_a_carer_who_blocked_notices_reads_how_to_allow_them_and_sees_what_comes_of_it(
    stage: Stage, telephone: Opener, key: str
) -> None:
    page = telephone()
    page.context.grant_permissions(["geolocation"], origin=stage.url)  # all others: denied
    row = at_check(page, stage, key)
    expect(row).to_contain_text("Blokkert. Trykk på tegnet foran nettadressen")
    expect(row.get_by_role("button")).to_have_count(0)
    shot(page, "check-notices-blocked")
    assert violations(page) == []
    # Allowed in the browser's settings: seen at once, and not called done before it is.
    page.context.grant_permissions(["notifications"], origin=stage.url)
    expect(row).to_contain_text("Tillatt, men nettleserens varslingstjeneste svarer ikke")
    expect(row).to_have_attribute("data-mark", "todo")
    expect(row.get_by_role("button", name="Prøv igjen")).to_be_visible()


def test_a_house_without_web_push_asks_nobody_to_allow_notices(
    stage: Stage, telephone: Opener
) -> None:
    row = at_check(telephone(), stage, None)
    expect(row).to_contain_text("Brukes ikke her")
    expect(row.get_by_role("button")).to_have_count(0)


def test_a_subscription_that_the_browser_renews_reaches_the_hub_without_a_page(
    stage: Stage, telephone: Opener, key: str
) -> None:
    page = telephone()
    at_check(page, stage, key)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    [worker] = page.context.service_workers
    fresh = PushService(port=9).browser("renewed").subscription()
    worker.evaluate(RENEWED, fresh)
    until(page, lambda: ("/api/v1/push", {**fresh, "lang": "en"}) in stage.posted)
