"""A site opened from a file, with the network off."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, expect

from summit_dash.export.graph import GraphRequest, export_graph
from summit_dash.export.site import write_site
from summit_dash.pages.asset_files import find_assets
from summit_dash.run.store import RunStore
from tests.browser.conftest import KeptPage, watch
from tests.browser.drive import click_node, list_nodes, wait_for_drawn, wait_for_selection
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sites") / "site"
    write_site(RunStore(run_path), out, find_assets(), lambda path, n_written: None)
    return out


@pytest.fixture(scope="module")
def page_of_site(browser: Browser, site: Path, kept_page: KeptPage) -> Iterator[Page]:
    """The page without network that the tests share."""
    with browser.new_context(offline=True, reduced_motion="reduce") as context:
        page = context.new_page()
        watch(page, site.as_uri(), kept_page.words)
        page.goto(f"{(site / 'index.html').as_uri()}#?class=3")
        yield page


@pytest.fixture
def opened(page_of_site: Page, words: list[str]) -> Iterator[Page]:
    """The page at class 3, reached from no class: nothing of another test is shown."""
    page = page_of_site
    if page.evaluate("() => Boolean(window.summitDash.selection)"):
        page.evaluate("() => summitDash.dispatch({query: '?class=900000000'})")
        page.wait_for_function("() => !document.querySelector('#graph .graph-stage').dataset.drawn")
        page.evaluate("() => summitDash.dispatch({query: '?class=3'})")
    wait_for_drawn(page, 3)
    yield page
    page.emulate_media(media="screen", color_scheme="light")
    assert words == []


def test_graph_and_list(opened: Page, run_path: Path) -> None:
    store = RunStore(run_path)
    assert set(list_nodes(opened)) == {node.channel.channel_id for node in store.graph(3).nodes}
    opened.locator("#sidebar [role=option][data-class='5']").click()
    wait_for_drawn(opened, 5)
    assert opened.url.endswith("index.html#?class=5&layer=conv5")
    opened.go_back()
    wait_for_drawn(opened, 3)


def test_a_link_with_a_query_is_understood(opened: Page, site: Path) -> None:
    opened.goto(f"{(site / 'index.html').as_uri()}?class=5&layer=conv4")
    wait_for_drawn(opened, 5)
    assert opened.url.endswith("index.html#?class=5&layer=conv4")
    opened.evaluate("() => summitDash.dispatch({class_id: 2})")
    wait_for_drawn(opened, 2)
    assert opened.url.endswith("index.html#?class=2&layer=conv4")


def test_the_page_is_drawn_by_dash(opened: Page) -> None:
    assert opened.locator("#react-entry-point #page").count() == 1
    opened.evaluate("() => dash_clientside.set_props('selection', {data: summitDash.selection})")
    assert opened.evaluate("() => window.fetch.toString().includes('native')") is False


def test_a_first_view_and_a_click_read_few_files(opened: Page, site: Path) -> None:
    read: list[str] = []
    opened.on("request", lambda request: read.append(request.url) if request.url.startswith(site.as_uri()) else None)
    opened.reload()
    wait_for_drawn(opened, 3)
    assert len(read) < 25
    opened.wait_for_function("() => window.Plotly")  # which is read once the graph is painted
    read.clear()
    opened.evaluate("() => summitDash.dispatch({class_id: 5})")
    wait_for_drawn(opened, 5)
    assert [name for address in read if (name := address.rpartition("/")[2]).endswith(".js")] == ["class-5.js"]


def test_packs_that_were_not_used_lately_are_dropped_and_read_again(opened: Page, site: Path) -> None:
    opened.reload()
    wait_for_drawn(opened, 3)
    most = opened.evaluate("() => summitStatic.most")
    opened.evaluate("() => summitStatic.most = 1")
    for class_id in (5, 2, 5):
        opened.evaluate("id => summitDash.dispatch({class_id: id})", class_id)
        wait_for_drawn(opened, class_id)
        assert opened.evaluate("() => summitStatic.listPacks()") == ["run", f"class-{class_id}"]
    opened.evaluate("(most) => summitStatic.most = most", most)


def test_comparison(opened: Page) -> None:
    opened.evaluate("() => summitDash.dispatch({vs: 2})")
    wait_for_drawn(opened, 3, 2)
    opened.reload()
    wait_for_drawn(opened, 3, 2)


def test_channel_panel(opened: Page) -> None:
    node = list_nodes(opened)[0]
    click_node(opened, node)
    expect(opened.locator(f"#panel[data-channel='{node}']")).to_be_visible()
    opened.wait_for_function("() => [...document.querySelectorAll('#panel img')].every((i) => i.naturalWidth > 0)")


def test_channels_outside_of_the_graph_have_their_pictures(opened: Page) -> None:
    click_node(opened, list_nodes(opened)[-1])
    script = """() => summitDash.graph.canvas().nodes('.ghost').filter((each) => each.visible() && each.data('ghost'))
      .map((each) => each.style('background-image'))"""
    opened.wait_for_function(f"() => ({script})().length > 0")
    assert {picture[:15] for picture in opened.evaluate(script)} == {"data:image/webp"}


def test_the_files_of_a_graph_are_offered(opened: Page, run_path: Path) -> None:
    opened.get_by_role("button", name="Save as a file").click()
    expect(opened.get_by_role("menuitem", name="PNG")).to_be_hidden()
    with opened.expect_download() as saved:
        opened.get_by_role("menuitem", name="SVG").click()
    assert saved.value.suggested_filename.endswith("-graph.svg")
    expected = export_graph(RunStore(run_path), GraphRequest(3), ["svg"])[".svg"]
    assert saved.value.path().read_bytes() == expected


def test_class_panel(opened: Page) -> None:
    opened.goto(opened.url.replace("class=3", "class=0&panel=class"))
    opened.reload()
    expect(opened.locator("#class-panel[data-class='0'] .prototype img")).to_have_count(2)
    opened.wait_for_function(
        "() => [...document.querySelectorAll('#class-panel img')].every((i) => i.naturalWidth > 0)"
    )


def test_a_suggested_label_is_text(opened: Page) -> None:
    opened.evaluate("() => summitDash.dispatch({layer: 'conv5', channel: 11})")
    panel = opened.locator("#panel[data-channel='conv5-11']")
    expect(panel.locator(".label-suggestion")).to_have_text("Suggested: wolf")
    expect(panel.locator(".label-field").get_by_role("button")).to_have_count(0)


@pytest.fixture(scope="module")
def part_site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunStore]:
    """A site whose examples are parts of images, and its run."""
    folder = tmp_path_factory.mktemp("parts")
    run = write_synthetic_run(folder / "run", SyntheticRun(n_classes=4, n_images=30, whole_images=True))
    store = RunStore(run, only=[3])
    write_site(store, folder / "site", find_assets(), lambda path, n_written: None)
    return folder / "site", store


def test_parts_of_images_look_as_the_server_shows_them(
    browser: Browser, part_site: tuple[Path, RunStore], words: list[str]
) -> None:
    site, store = part_site
    at = store.graph(3).nodes[0].channel
    place, part = next((n, e) for n, e in enumerate(store.pictures.list_examples(at, 3)) if e.box is not None)
    with browser.new_context(offline=True, reduced_motion="reduce", viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        watch(page, site.as_uri(), words)
        page.goto(f"{(site / 'index.html').as_uri()}#?class=3&layer={at.layer}&channel={at.channel}")
        panel = page.locator(f"#panel[data-channel='{at.channel_id}']")
        expect(panel.locator(".examples .picture")).to_have_count(10)
        panel.locator(".segment", has_text="This class").click()
        cut = panel.locator(".examples .picture").nth(place)
        expect(cut.locator("image")).to_have_attribute("href", re.compile(r"^data:image/jpeg"))
        page.wait_for_function(
            "() => [...document.querySelectorAll('#panel svg.part image')].every((i) => i.getBBox().width > 0)"
        )
        shown = Image.open(io.BytesIO(cut.screenshot())).convert("RGB")
        cut.hover()
        expect(page.locator(".example-zoom svg.part")).to_be_visible()
    expected = ImageOps.fit(
        Image.open(io.BytesIO(store.pictures.read_example(at, 3, part.rank))).convert("RGB"), shown.size
    )
    inner = (6, 6, shown.width - 6, shown.height - 6)  # without the round corners
    difference = np.abs(np.asarray(shown.crop(inner), float) - np.asarray(expected.crop(inner), float))
    assert difference.mean() < 8
    assert words == []


@pytest.mark.parametrize("view", ["channels", "about"])
def test_the_other_pages(opened: Page, view: str) -> None:
    opened.locator(f"#tabs [data-view={view}]").click()
    wait_for_selection(opened, view=view)
    expect(opened.locator(f"#{view} > *").first).to_be_visible()


def test_about_is_printed_in_full_and_alone(opened: Page) -> None:
    opened.locator("#tabs [data-view=about]").click()
    wait_for_selection(opened, view="about")
    expect(opened.locator("#about h2").first).to_be_visible()
    opened.emulate_media(media="print", color_scheme="dark")
    for hidden in ("header", ".left", "#tabs"):
        expect(opened.locator(hidden).first).to_be_hidden()
    script = (
        "() => document.querySelector('#about').getBoundingClientRect().bottom - document.documentElement.scrollHeight"
    )
    assert opened.evaluate(script) <= 1, "nothing scrolls within the page"
    assert opened.evaluate("() => document.documentElement.scrollHeight > 2 * window.innerHeight")
    assert opened.evaluate("() => getComputedStyle(document.body).color") == "rgb(27, 31, 39)"
