from __future__ import annotations

import re
from importlib.resources import files

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.drive import click_node, list_nodes, open_graph, wait_for_drawn, wait_for_selection

pytestmark = pytest.mark.browser
LOADED = "() => [...document.querySelectorAll('#class-panel img')].every((i) => i.complete && i.naturalWidth > 0)"
AXE = """async ([part, isDark]) =>
  (await axe.run(part, isDark ? {runOnly: ['color-contrast']} : {})).violations"""
"""Asks axe for what it finds; in the dark theme after the light one only for what depends on colours."""


def wait_for_class_panel(page: Page, class_id: int) -> Locator:
    """Waits until the panel is filled with the class, and returns it."""
    panel = page.locator("#class-panel")
    expect(panel).to_have_attribute("data-class", str(class_id))
    return panel


def test_the_name_opens_what_the_model_takes_for_the_class(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0")
    name = page.locator(".class-open")
    expect(name).to_have_attribute("aria-expanded", "false")
    name.click()
    panel = wait_for_class_panel(page, 0)
    expect(page).to_have_url(re.compile("panel=class"))
    expect(panel.locator("h2")).to_have_text("red fox")
    expect(panel.locator(".class-facts")).to_contain_text("200 images")
    expect(panel.locator(".class-facts")).to_contain_text("top-1")
    code, picture = panel.locator(".prototype").all()
    expect(code).to_contain_text("from a generator's code")
    expect(code.locator(".reached")).to_have_text("p = 0.97 (log p \N{MINUS SIGN}0.03)")
    expect(picture).to_contain_text("from pixels alone")
    expect(picture.locator(".reached")).to_have_text("p = 0.88 (log p \N{MINUS SIGN}0.13)")
    expect(picture.locator("img")).to_have_attribute("src", re.compile(r"/prototype/0/picture-space\.webp"))
    expect(panel.locator(".examples img")).to_have_count(10)
    page.wait_for_function(LOADED)
    expect(name).to_have_attribute("aria-expanded", "true")
    panel.locator(".examples button").nth(2).click()
    large = page.get_by_role("dialog", name="Images of red fox")
    expect(large).to_contain_text("3 of 10")
    expect(large).to_contain_text("Predicted")
    expect(large).not_to_contain_text("undefined")
    page.keyboard.press("ArrowLeft")
    expect(large).to_contain_text("2 of 10")
    page.keyboard.press("Escape")
    expect(panel.locator(".examples button").nth(2)).to_be_focused()


def test_the_keyboard_opens_and_closes_it_and_the_focus_returns(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0")
    page.locator(".class-open").focus()
    page.keyboard.press("Enter")
    panel = wait_for_class_panel(page, 0)
    expect(panel.locator("h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator(".class-open")).to_be_focused()
    expect(page).not_to_have_url(re.compile("panel="))
    page.keyboard.press("i")
    expect(panel).to_be_visible()
    page.keyboard.press("i")
    expect(panel).to_be_hidden()


def test_a_link_opens_it_and_another_class_fills_it(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=1&panel=class")
    panel = wait_for_class_panel(page, 1)
    expect(panel.locator("[data-method=code-space]")).to_contain_text("None: this run was drawn without a generator.")
    page.evaluate("() => summitDash.dispatch({class_id: 2})")
    panel = wait_for_class_panel(page, 2)
    expect(panel.locator(".empty-state")).to_contain_text("Draw them: summit-dash prototypes synthetic")


def test_one_panel_at_a_time(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&panel=class")
    wait_for_class_panel(page, 0)
    wait_for_drawn(page, 0)
    click_node(page, list_nodes(page)[0])
    expect(page.locator("#panel")).to_be_visible()
    expect(page.locator("#class-panel")).to_be_hidden()
    page.locator(".class-open").click()
    wait_for_class_panel(page, 0)
    expect(page.locator("#panel")).to_be_hidden()
    wait_for_selection(page, channel=None, panel="class")


def test_how_leads_to_about(page: Page, url: str) -> None:
    open_graph(page, f"{url}?class=0&panel=class")
    wait_for_class_panel(page, 0).get_by_role("button", name="How?").click()
    wait_for_selection(page, view="about")
    expect(page.locator("#about")).to_contain_text("Prototypes.")
    expect(page.locator("#class-panel")).to_be_hidden()


@pytest.mark.parametrize("class_id", [0, 1, 2], ids=["both", "one", "none"])
def test_axe_finds_nothing_serious(page: Page, url: str, class_id: int) -> None:
    open_graph(page, f"{url}?class={class_id}&panel=class")
    wait_for_class_panel(page, class_id)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    for theme, paper in (("light", "rgb(251, 251, 252)"), ("dark", "rgb(16, 19, 25)")):
        if theme == "dark":
            page.get_by_role("button", name="Light or dark").click()
        page.wait_for_function("(paper) => getComputedStyle(document.body).backgroundColor === paper", arg=paper)
        for part in ("#class-panel", ".graph-bar"):
            violations = page.evaluate(AXE, [part, theme == "dark"])
            assert [v["id"] for v in violations if v["impact"] in ("serious", "critical")] == [], theme


@pytest.mark.parametrize("width", [1024, 720])
def test_it_fits_a_small_window(page: Page, url: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    open_graph(page, f"{url}?class=0&panel=class")
    panel = wait_for_class_panel(page, 0)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert panel.evaluate("e => e.scrollWidth <= e.clientWidth")
