"""Many runs that are served, and runs that come and go while a page is open."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from summit_dash.run.stores import Stores
from tests.browser.conftest import serve_entries, watch
from tests.browser.drive import wait_for_drawn
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

pytestmark = pytest.mark.browser
REMOVED = re.compile(r"is not there any more")
OF_REMOVED = re.compile(r"error: Failed to load resource: .* 404 |404 http://\S+/run/a%20new%20one/")


def test_the_field_of_runs_finds_one_that_came_and_says_when_it_went(context: BrowserContext, tmp_path: Path) -> None:
    small = write_synthetic_run(tmp_path / "away" / "small", SyntheticRun(n_classes=4, n_images=4))
    runs = tmp_path / "runs"
    for n in range(9):
        shutil.copytree(small, runs / f"photos {n}")
    seconds = iter(range(0, 100_000, 2))
    with serve_entries(Stores([], [runs], now=lambda: float(next(seconds)))) as url:
        other = context.new_page()
        words: list[str] = []
        watch(other, url, words)
        other.goto(url)
        field = other.locator("#run-search")
        expect(field).to_have_value("photos 0")
        shutil.copytree(small, runs / "a new one")
        with other.expect_response(re.compile(r"/runs\.json$")):
            other.locator("#runs").hover()
        field.click()
        expect(other.locator("#run-search-list [role=option]")).to_have_count(10)
        field.fill("new")
        expect(other.locator("#run-search-list [role=option]")).to_have_count(1)
        field.press("Enter")
        expect(field).to_have_value("a new one")
        expect(other).to_have_url(re.compile(r"run=a\+new\+one"))
        wait_for_drawn(other, 0)
        assert words == []
        shutil.rmtree(runs / "a new one")
        other.evaluate("summitDash.dispatch({class_id: 3})")
        expect(other.locator("#graph")).to_contain_text(REMOVED)
        other.close()
    assert words, "browsers write a line themselves for an answer of 404"
    assert [each for each in words if not OF_REMOVED.match(each)] == [], "and nothing else follows from it"
