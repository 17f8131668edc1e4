"""Signing in and out, as a person does it, with an empty console and without a violation of the page's policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from summit_dash.server.settings import Settings
from tests.browser.conftest import serve
from tests.browser.drive import find_row, wait_for_drawn, wait_for_shown
from tests.support.team import PASSWORD, write_team

pytestmark = pytest.mark.browser


def test_a_person_signs_in_sees_the_page_that_was_asked_for_and_signs_out(
    browser: Browser, run_path: Path, tmp_path: Path
) -> None:
    words: list[str] = []
    settings = Settings(auth=str(write_team(tmp_path)))
    with serve(run_path, settings) as url, browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.on("console", lambda message: words.append(message.text) if message.type == "error" else None)
        page.goto(f"{url}?class=3&layer=conv4")
        page.get_by_label("Name").fill("viewer")
        page.get_by_label("Password").fill("wrong horse")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        wait_for_drawn(page, 3)
        expect(page).to_have_url(f"{url}?class=3&layer=conv4")
        expect(page.get_by_role("tab", name="Images")).to_have_count(0)
        assert _follow_foreign_link(page, url) == f"{url}?class=2&layer=conv4"
        wait_for_shown(page, "#embedding[data-layer]")  # nothing is on its way that would be refused
        context.clear_cookies()  # as when the session ends while the page is open
        find_row(page, 5).click()
        page.get_by_label("Name").fill("viewer")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        wait_for_drawn(page, 5)
        wait_for_shown(page, "#embedding[data-layer]")
        page.get_by_role("button", name="Sign out: viewer").click()
        expect(page.get_by_label("Password")).to_be_visible()
        page.goto(f"{url}?class=3")
        expect(page.get_by_label("Password")).to_be_visible()
    assert [text for text in words if "401" not in text] == []  # a wrong password, and a session that is over


def _follow_foreign_link(page: Page, url: str) -> str:
    """Follows a link of another site, for which the browser leaves out the cookie, and returns where it led."""
    target = f"{url.replace('127.0.0.1', 'localhost')}"
    page.goto(f"{target}healthz")
    page.evaluate("address => { window.location.href = address; }", f"{url}?class=2&layer=conv4")
    wait_for_drawn(page, 2)
    return page.url
