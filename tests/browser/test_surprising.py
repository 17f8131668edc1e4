"""The surprising channels in the class panel: reasons, examples of both sides, and the way to the channel."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from summit_dash.payloads.surprising import build_surprising
from summit_dash.run.store import RunStore
from tests.browser.drive import open_graph, wait_for_selection

pytestmark = pytest.mark.browser
CLASS_ID = 1
SECTION = "#class-panel section:has(h3:has-text('Surprising channels'))"


@pytest.mark.usefixtures("new_page")
def test_they_are_listed_with_reasons_and_examples_of_both_sides(page: Page, url: str, run_path: Path) -> None:
    found = build_surprising(RunStore(run_path), CLASS_ID)
    open_graph(page, f"{url}?class={CLASS_ID}&panel=class")
    section = page.locator(SECTION)
    expect(section.locator("h3 .n")).to_have_text(f"{found['n_surprising']} of {found['n_channels']} channels")
    entries = section.locator(".surprise")
    expect(entries).to_have_count(3)
    first = found["channels"][0]
    expect(entries.first).to_have_attribute("data-channel", f"{first['layer']}-{first['channel']}")
    reasons = [reason.replace(" %", "\N{NO-BREAK SPACE}%") for reason in first["reasons"]]
    expect(entries.first.locator(".surprise-reason")).to_have_text(reasons, use_inner_text=True)
    own, others = entries.first.locator(".surprise-side").all()
    expect(own.locator("figcaption")).to_have_text("grey wolf")
    expect(own.locator("img")).to_have_count(len(first["own"]))
    expect(others.locator("figcaption")).to_have_text(re.compile("^Others: "))
    expect(others.locator("img")).to_have_count(len(first["others"]))
    expect(own.locator("img").first).to_have_attribute("src", re.compile(f"/{CLASS_ID}/0\\.webp"))
    loaded = "e => [...e.querySelectorAll('img')].every((i) => i.complete && i.naturalWidth > 0)"
    page.wait_for_function(loaded, arg=section.element_handle())
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    violations = page.evaluate("async () => (await axe.run('#class-panel')).violations")
    assert [v["id"] for v in violations if v["impact"] in ("serious", "critical")] == []
    section.get_by_role("button", name=f"Show {found['n_surprising'] - 3} more").click()
    expect(entries).to_have_count(found["n_surprising"])
    expect(entries.nth(3).locator(".surprise-open")).to_be_focused()
    entries.first.locator(".surprise-open").click()
    wait_for_selection(page, channel_layer=first["layer"], channel=first["channel"])
    expect(page.locator("#panel")).to_be_visible()
    expect(page.locator("#class-panel")).to_be_hidden()


def answer_with(page: Page, surprising: dict[str, Any]) -> None:
    """Lets the server answer with other surprising channels of class 5."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "surprising": surprising})

    page.route(re.compile(r"/class/5/panel\.json"), answer)


@pytest.mark.usefixtures("new_page")
def test_that_there_are_none_and_why_is_said(page: Page, url: str) -> None:
    nothing = {"n_channels": 36, "n_surprising": 0, "channels": [], "notes": ["No class is far."]}
    problem = {"rule": "A rule.", "found": "This run has no activations.", "fix": "Make it."}
    cases = (
        (nothing, ["None of the 36 channels of its graph.", "No class is far."]),
        ({**nothing, "problem": problem}, ["This run has no activations.", "A rule. Make it."]),
    )
    for surprising, said in cases:
        answer_with(page, surprising)
        page.goto(f"{url}?class=5&panel=class")
        section = page.locator(SECTION)
        for text in said:
            expect(section).to_contain_text(text)
        expect(section.locator(".surprise")).to_have_count(0)
        page.unroute_all()
