"""The surprising channels in the class panel: reasons, examples of both sides, and the way to the channel."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from summit_dash.payloads.surprising import build_surprising
from summit_dash.run.store import RunStore
from tests.browser.drive import open_graph, wait_for_selection

pytestmark = pytest.mark.browser
CLASS_ID = 1
SECTION = "#class-panel section:has(h3:has-text('Surprising channels'))"


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
