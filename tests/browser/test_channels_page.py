from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from precompute.contract.schema import locate_table, read_table
from precompute.contract.writing import write_table
from summit_dash.run.store import RunStore
from tests.browser.conftest import serve, watch
from tests.browser.drive import go
from tests.browser.drive_channels import find_tile, list_tiles, open_wall, wait_for_panel, wait_for_wall
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


def rank_channels(store: RunStore, layer: str, values: np.ndarray) -> list[int]:
    fraction = store.read_channel_facts(layer).activation_fraction.round(6)
    return [int(n) for n in np.lexsort((np.arange(len(values)), -fraction, -values))]


def test_the_wall_shows_every_channel_in_the_order_chosen(page: Page, url: str, store: RunStore) -> None:
    open_wall(page, f"{url}?view=channels&layer=conv1", "conv1")
    facts = store.read_channel_facts("conv1")
    expect(page.locator(".channel-count")).to_have_text("16 of 16 channels")
    assert list_tiles(page) == rank_channels(store, "conv1", facts.n_classes)
    by_value = {
        "graphs": store.read_graph_uses("conv1"),
        "fraction": facts.activation_fraction,
        "activation": np.array([float(f"{value:.4g}") for value in facts.max_activation]),
    }
    for name, values in by_value.items():
        page.locator(f"#channels [data-name={name}]").click()
        expect(page).to_have_url(re.compile(f"order={name}"))
        expect(page.locator(f"#channels [data-name={name}]")).to_have_attribute("aria-pressed", "true")
        assert list_tiles(page) == rank_channels(store, "conv1", values)
    page.locator("#channels [data-name=number]").click()
    expect(page).to_have_url(re.compile("order=number"))
    assert list_tiles(page) == list(range(16))


def test_a_tile_opens_the_panel_and_the_address_both(page: Page, url: str) -> None:
    open_wall(page, f"{url}?view=channels&layer=conv3", "conv3")
    find_tile(page, "conv3-7").click()
    wait_for_panel(page, "conv3-7")
    expect(page).to_have_url(re.compile("layer=conv3&channel=7&view=channels"))
    expect(find_tile(page, "conv3-7")).to_have_attribute("aria-selected", "true")
    find_tile(page, "conv3-9").click()
    wait_for_panel(page, "conv3-9")
    expect(page.locator(".tile[aria-selected=true]")).to_have_count(1)
    page.reload()
    wait_for_wall(page, "conv3")
    wait_for_panel(page, "conv3-9")
    expect(find_tile(page, "conv3-9")).to_be_in_viewport()
    expect(find_tile(page, "conv3-9")).to_have_attribute("aria-selected", "true")


@pytest.mark.usefixtures("new_page")
def test_search_by_number(page: Page, url: str) -> None:
    open_wall(page, f"{url}?view=channels&layer=conv5&order=number", "conv5")
    search = page.get_by_label("Find channels by number or label")
    search.fill("4")
    assert list_tiles(page) == [4, *range(40, 48)]
    expect(page.locator(".channel-count")).to_have_text("9 of 48 channels")
    search.fill("conv5-12")
    assert list_tiles(page) == [12]
    search.fill("zebra")
    expect(page.locator(".wall-none")).to_contain_text("No channel of conv5 matches “zebra”.")
    page.get_by_role("button", name="Show all channels").click()
    expect(page.locator(".channel-count")).to_have_text("48 of 48 channels")
    expect(search).to_have_value("")


def test_arrows_move_through_the_wall(page: Page, url: str) -> None:
    wall = open_wall(page, f"{url}?view=channels&layer=conv5&order=number", "conv5")
    columns = int(wall.get_attribute("aria-colcount") or 0)
    assert page.locator(".tile[tabindex='0']").count() == 1
    find_tile(page, "conv5-0").focus()
    for key, channel in [("ArrowRight", 1), ("ArrowDown", 1 + columns), ("ArrowLeft", columns), ("ArrowUp", 0),
                         ("End", columns - 1), ("Home", 0), ("ArrowUp", 0)]:  # fmt: skip
        page.keyboard.press(key)
        expect(find_tile(page, f"conv5-{channel}")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("PageDown")
    expect(find_tile(page, "conv5-47")).to_be_focused()
    expect(find_tile(page, "conv5-47")).to_be_in_viewport()
    page.keyboard.press("Enter")
    panel = wait_for_panel(page, "conv5-47")
    expect(panel.locator("h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(find_tile(page, "conv5-47")).to_be_focused()


@pytest.mark.usefixtures("new_page")
def test_sizes_are_remembered(page: Page, url: str) -> None:
    wall = open_wall(page, f"{url}?view=channels&layer=conv5", "conv5")
    widths = {}
    for size in ("S", "L"):
        page.get_by_label(f"Tiles of size {size}").click()
        widths[size] = page.locator(".tile").first.bounding_box()["width"]
    assert widths["L"] > 1.5 * widths["S"]
    columns = wall.get_attribute("aria-colcount")
    page.reload()
    wait_for_wall(page, "conv5")
    expect(page.get_by_label("Tiles of size L")).to_have_attribute("aria-pressed", "true")
    expect(wall).to_have_attribute("aria-colcount", columns or "")


def test_the_layer_changes_the_wall(page: Page, url: str) -> None:
    open_wall(page, f"{url}?view=channels&layer=conv5", "conv5")
    page.evaluate("() => ['conv1', 'conv3', 'conv2'].forEach((layer) => summitDash.dispatch({layer}))")
    wait_for_wall(page, "conv2")
    expect(page.locator(".channel-count")).to_have_text("24 of 24 channels")
    expect(page.locator("#channels .tile[data-tile^=conv2-]")).to_have_count(len(list_tiles(page)))
    expect(page.locator(".use-plot")).to_have_attribute("data-layer", "conv2")


def test_the_wall_follows_what_was_chosen_elsewhere(page: Page, url: str) -> None:
    open_wall(page, f"{url}?view=channels&layer=conv5", "conv5")
    for action in ("{view: 'about'}", "{layer: 'conv3'}", "{view: 'channels'}"):
        page.evaluate(f"() => summitDash.dispatch({action})")
    wait_for_wall(page, "conv3")
    page.evaluate(
        "async () => { await summitDash.dispatch({layer: 'conv4'}); await summitDash.dispatch({view: 'about'}); }"
    )
    page.evaluate("() => summitDash.dispatch({view: 'channels'})")
    wait_for_wall(page, "conv4")
    expect(page.locator(".channel-count")).to_have_text("40 of 40 channels")


def test_use_by_layer_as_a_plot_and_a_table(page: Page, url: str, store: RunStore) -> None:
    open_wall(page, f"{url}?view=channels&layer=conv4", "conv4")
    expect(page.locator(".use-plot .scatterlayer .trace")).to_have_count(5)
    rows = page.locator(".use-table tbody tr")
    for place, (layer, info) in enumerate(store.layers.items()):
        uses = store.read_channel_facts(layer).n_classes
        shares = [
            f"{100 * (test(uses)).mean():.1f} %" for test in (_is_used_by_none, _is_used_by_one, _is_used_by_most)
        ]
        cells = rows.nth(place).locator("td").all_inner_texts()
        assert cells[:4] == [str(info.n_channels), *shares]
    expect(page.locator("tr[aria-current=true] th")).to_have_text("4")
    top = rows.nth(1).locator(".use-top")
    number = top.inner_text()
    top.click()
    wait_for_panel(page, f"conv2-{number}")
    rows.nth(2).locator(".use-layer").click()
    wait_for_wall(page, "conv3")


def _is_used_by_none(uses: np.ndarray) -> np.ndarray:
    return uses == 0


def _is_used_by_one(uses: np.ndarray) -> np.ndarray:
    return uses == 1


def _is_used_by_most(uses: np.ndarray) -> np.ndarray:
    return uses > 6


def test_a_layer_that_is_none_is_explained(page: Page, url: str) -> None:
    go(page, f"{url}?view=channels&layer=nope")
    expect(page.get_by_text("The link says layer=nope.")).to_have_count(1)
    wait_for_wall(page, "conv5")
    page.evaluate("() => summitDash.dispatch({layer: 'conv1'})")
    wait_for_wall(page, "conv1")


WIDE = 2000


@pytest.fixture(scope="module")
def wide_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A layer of 2,000 channels, of which a few are dead or outliers; and one whose facts are not known."""
    spec = SyntheticRun(n_classes=2, layers=(("narrow", 4), ("wide", WIDE)), picture_size=8, without_visualization=1)
    path = write_synthetic_run(tmp_path_factory.mktemp("runs") / "wide", spec)
    locate_table(path, "dataset_examples").unlink()  # no picture at all
    facts = read_table(path, "channels").to_pydict()
    place = {(layer, n): i for i, (layer, n) in enumerate(zip(facts["layer"], facts["channel"], strict=True))}
    for channel in range(len(facts["channel"])):
        facts["is_dead"][channel] = False
    for channel in (3, 1500):
        facts["is_dead"][place["wide", channel]] = True
    facts["is_outlier"][place["wide", 77]] = True
    write_table(path, "channels", facts)
    with serve(path) as address:
        yield address


@pytest.fixture
def wide_page(browser: Browser, wide_url: str) -> Iterator[Page]:
    words: list[str] = []
    page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    watch(page, wide_url, words)
    yield page
    page.close()
    assert words == []


def test_only_the_rows_in_view_are_elements(wide_page: Page, wide_url: str) -> None:
    open_wall(wide_page, f"{wide_url}?view=channels&layer=wide&order=number", "wide")
    assert len(list_tiles(wide_page)) < 200
    wide_page.evaluate("() => (document.querySelector('.wall-scroller').scrollTop = 1e6)")
    expect(find_tile(wide_page, f"wide-{WIDE - 1}")).to_be_in_viewport()
    assert len(list_tiles(wide_page)) < 200
    assert list_tiles(wide_page)[-1] == WIDE - 1
    expect(wide_page.locator(".tile .picture.bare").first).to_be_visible()


def test_flags_filter_and_are_counted(wide_page: Page, wide_url: str) -> None:
    open_wall(wide_page, f"{wide_url}?view=channels&layer=wide&order=number", "wide")
    expect(wide_page.locator("[data-name=all]")).to_have_text("All 2,000")
    expect(wide_page.locator("[data-name=dead]")).to_have_text("Dead 2")
    wide_page.locator("[data-name=dead]").click()
    expect(wide_page.locator(".channel-count")).to_have_text("2 of 2,000 channels")
    assert list_tiles(wide_page) == [3, 1500]
    expect(wide_page.locator(".tile-flag")).to_have_text(["dead", "dead"])
    wide_page.locator("[data-name=outlier]").click()
    expect(wide_page).to_have_url(re.compile("flag=outlier"))
    assert list_tiles(wide_page) == [77]
    wide_page.evaluate("() => summitDash.dispatch({layer: 'narrow'})")
    expect(wide_page.locator(".wall-none")).to_contain_text("narrow has no outlier.")
    wide_page.get_by_role("button", name="Show all channels").click()
    expect(wide_page.locator(".channel-count")).to_have_text("4 of 4 channels")


def test_a_link_to_a_channel_far_down_shows_its_tile(wide_page: Page, wide_url: str) -> None:
    open_wall(wide_page, f"{wide_url}?view=channels&layer=wide&channel=1234&order=number", "wide")
    wait_for_panel(wide_page, "wide-1234")
    expect(find_tile(wide_page, "wide-1234")).to_be_in_viewport()
    wide_page.get_by_label("Close the channel").click()
    expect(find_tile(wide_page, "wide-1234")).to_be_in_viewport()
