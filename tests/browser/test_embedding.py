"""The embedding: layers, view, pointer, marks, drawing round classes, colours, and what is said where there is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from summit_dash.run.store import RunStore
from tests.browser.drive import (
    POINT,
    find_point,
    find_row,
    open_left,
    read_selection,
    wait_for_layer,
    wait_for_point,
    wait_for_rows,
    wait_for_selection,
)

pytestmark = pytest.mark.browser

ZOOM = "() => window.summitDash.embedding.plot.view.k"


@pytest.fixture(scope="module")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


def test_points_stand_as_in_the_table(page: Page, url: str, store: RunStore) -> None:
    open_left(page, url)
    for layer in ("conv5", "conv2"):
        page.locator(f"#layer-strip [data-layer={layer}]").click()
        wait_for_layer(page, layer)
        table = store.read_embedding(layer)
        (x0, y0), (x1, y1) = find_point(page, 0), find_point(page, 3)
        across = (x1 - x0) / (table[3][0] - table[0][0])
        up = (y0 - y1) / (table[3][1] - table[0][1])
        assert across == pytest.approx(up, rel=2e-2)  # equal scales, y upwards
        for class_id, (x, y) in table.items():
            expected = (x0 + across * (x - table[0][0]), y0 - across * (y - table[0][1]))
            assert find_point(page, class_id) == pytest.approx(expected, abs=2)
    expect(page.get_by_role("img", name=re.compile("^12 classes as points at conv2;"))).to_be_visible()


@pytest.mark.usefixtures("new_page")
def test_points_move_to_another_layer(page: Page, url: str) -> None:
    page.emulate_media(reduced_motion="no-preference")
    open_left(page, f"{url}?layer=conv1")
    start = find_point(page, 3)
    script = """async () => {
      const find = %s;
      const at = [];
      window.summitDash.dispatch({layer: 'conv5'});
      while (document.querySelector('#embedding').dataset.layer !== 'conv5') {
        await new Promise(requestAnimationFrame);
        at.push(find(3)[0]);
      }
      return at;
    }"""
    way = page.evaluate(script % POINT)
    end = find_point(page, 3)
    assert len(set(way)) > 1, "the point is seen on its way; a busy machine shows few frames"
    assert min(start[0], end[0]) - 0.1 <= min(way) <= max(way) <= max(start[0], end[0]) + 0.1
    assert way[-1] == pytest.approx(end[0], abs=0.1)


def test_keys_and_buttons_choose_the_layer(page: Page, url: str) -> None:
    open_left(page, url)
    page.keyboard.press("[")
    wait_for_layer(page, "conv4")
    page.keyboard.press("]")
    wait_for_layer(page, "conv5")
    button = page.locator("#layer-strip [data-layer=conv5]")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.hover()
    expect(page.locator(".tip")).to_have_text("conv5: 48 channels, each position sees 127 px")


def test_a_click_selects_and_shift_compares(page: Page, url: str) -> None:
    open_left(page, url)
    page.mouse.click(*find_point(page, 6))
    wait_for_selection(page, class_id=6)
    page.keyboard.down("Shift")
    page.mouse.click(*find_point(page, 1))
    page.keyboard.up("Shift")
    wait_for_selection(page, class_id=6, vs=1, view="compare")
    marks = "() => { const {a, b} = window.summitDash.embedding.plot; return [a, b]; }"
    page.wait_for_function(f"() => ({marks})().join() === '6,1'")


def test_a_point_and_its_row_mark_each_other(page: Page, url: str) -> None:
    open_left(page, url)
    x, y = find_point(page, 3)
    page.mouse.move(x + 5, y + 3)
    expect(find_row(page, 3)).to_have_class(re.compile("linked"))
    card = page.locator(".embedding-card")
    expect(card).to_contain_text("coyote")
    expect(card).to_contain_text(re.compile(r"\d+\.\d % of 200 images"))
    expect(card.locator("img")).to_have_attribute("src", re.compile(r"/example/conv5/\d+/3/0\.webp"))
    page.mouse.move(x, y + 400)
    expect(card).to_have_count(0)
    expect(find_row(page, 3)).not_to_have_class(re.compile("linked"))
    find_row(page, 5).hover()
    expect(page.locator("#embedding")).to_have_attribute("data-hover", "5")


def test_zoom_goes_to_the_pointer_and_back(page: Page, url: str) -> None:
    open_left(page, url)
    whole = x, y = find_point(page, 3)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"() => ({ZOOM})() > 2")
    wait_for_point(page, 3, x, y)  # the pointer is on whole pixels
    wait_for_layer(page, "conv5")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y - 20, steps=4)
    page.mouse.up()
    wait_for_layer(page, "conv5")
    wait_for_point(page, 3, x - 30, y - 20)
    assert read_selection(page)["class_id"] == 0  # a drag is no click
    page.locator("#embedding").get_by_role("button", name="Show all classes").click()
    page.wait_for_function(f"() => ({ZOOM})() === 1")
    wait_for_point(page, 3, *whole)
    for name, sign in (("Zoom in", 1), ("Zoom out", -1)):
        before = page.evaluate(ZOOM)
        page.locator("#embedding").get_by_role("button", name=name).click()
        page.wait_for_function(f"([k, sign]) => sign * (({ZOOM})() - k) > 0.3", arg=[before, sign])


def test_a_double_click_shows_all_classes_and_quick_clicks_on_two_points_do_not(page: Page, url: str) -> None:
    open_left(page, url)
    box = page.locator("#embedding").bounding_box()
    assert box is not None
    left, right, top, bottom = (
        *(box["x"] + part * box["width"] for part in (0.05, 0.95)),
        *(box["y"] + part * box["height"] for part in (0.05, 0.8)),
    )

    def zoom_in() -> list[int]:
        page.locator("#embedding").get_by_role("button", name="Zoom in").click()
        page.wait_for_function(f"() => ({ZOOM})() > 1.3")
        wait_for_layer(page, "conv5")
        places = ((n, *find_point(page, n)) for n in range(12))
        return [n for n, x, y in places if left < x < right and top < y < bottom]

    first, *_ = zoom_in()
    page.mouse.dblclick(*find_point(page, first))
    wait_for_selection(page, class_id=first)
    page.wait_for_function(f"() => ({ZOOM})() === 1")
    one, two, *_ = zoom_in()
    zoom = page.evaluate(ZOOM)
    for at in [find_point(page, n) for n in (one, two)]:
        page.mouse.click(*at)
    wait_for_selection(page, class_id=two)
    assert page.evaluate(ZOOM) == zoom
    page.locator("#embedding").get_by_role("button", name="Show all classes").click()
    page.wait_for_function(f"() => ({ZOOM})() === 1")


def test_a_drag_does_not_lose_the_points(page: Page, url: str) -> None:
    open_left(page, url)
    x, y = find_point(page, 3)
    page.mouse.move(x + 20, y + 20)
    page.mouse.down()
    page.mouse.move(x + 160, y + 120, steps=4)
    page.mouse.up()
    wait_for_point(page, 3, x, y)  # the whole is always in view where the view is not nearer


def test_names_and_marks_lie_at_their_points(page: Page, url: str) -> None:
    open_left(page, f"{url}?class=2&vs=6&view=compare")
    for class_id, mark in ((2, ".ring-a"), (6, ".ring-b"), (6, ".mark-b")):
        x, y = find_point(page, class_id)
        box = page.locator(f"#embedding {mark}").bounding_box()
        assert box is not None
        assert (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) == pytest.approx((x, y), abs=1.5)
    names = page.locator("#embedding .name")
    expect(names.filter(has_text="white wolf")).to_have_class("name marked")
    expect(names.filter(has_text="flamingo")).to_have_class("name marked")
    script = (
        "(all) => all.map((each) => { const {x, y, width, height} = each.getBBox(); return {x, y, width, height}; })"
    )
    boxes = names.evaluate_all(script)
    assert not [1 for i, a in enumerate(boxes) for b in boxes[:i] if is_overlapping(a, b)]


def is_overlapping(a: dict[str, float], b: dict[str, float]) -> bool:
    """Returns True where two texts share more than their line spacing."""
    return (
        a["x"] + 1 < b["x"] + b["width"]
        and b["x"] + 1 < a["x"] + a["width"]
        and a["y"] + 3 < b["y"] + b["height"]
        and b["y"] + 3 < a["y"] + a["height"]
    )


def test_the_picture_holds_what_is_shown(page: Page, url: str) -> None:
    open_left(page, f"{url}?class=2&vs=6&view=compare&color=accuracy")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the picture").click()
    assert waiting.value.suggested_filename == "synthetic-conv5-classes.png"
    with Image.open(waiting.value.path()) as picture:
        assert picture.width > 900
        colors = {color for _, color in picture.convert("RGB").getcolors(1 << 20) or []}
    assert {(0xD5, 0x5E, 0x00), (0x00, 0x72, 0xB2)} <= colors


def test_the_theme_changes_at_once(page: Page, url: str) -> None:
    open_left(page, url)
    paper = page.locator("#embedding-graph .bglayer .bg, #embedding-graph .main-svg").first
    before = paper.evaluate("(element) => getComputedStyle(element).background")
    page.locator("[data-do=theme]").click()
    page.wait_for_function(
        "(before) => getComputedStyle(document.querySelector('#embedding-graph .main-svg')).background !== before",
        arg=before,
    )


def test_the_library_comes_after_the_graph_and_only_the_basic_one(page: Page, url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_left(page, url)
    scripts = [address for address in asked if "plotly" in address]
    assert [address.rsplit("/", 1)[1] for address in scripts] == ["plotly-basic.min.js"]
    pictures = [address for address in asked if "/thumbnails/" in address]
    assert asked.index(scripts[0]) > asked.index(pictures[0])


def test_drawing_round_classes_narrows_the_list(page: Page, url: str) -> None:
    open_left(page, url)
    page.keyboard.press("l")
    lasso = page.locator("[data-embedding=lasso]")
    expect(lasso).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(lasso).to_have_attribute("aria-pressed", "false")
    lasso.click()
    x, y = find_point(page, 5)
    page.mouse.move(x - 9, y - 9)
    page.mouse.down()
    for dx, dy in ((9, -9), (9, 9), (-9, 9)):
        page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()
    page.wait_for_function("() => window.summitDash.selection.only.includes(5)")
    only = read_selection(page)["only"]
    inside = [c for c in range(12) if abs(find_point(page, c)[0] - x) < 9 and abs(find_point(page, c)[1] - y) < 9]
    assert only == inside
    wait_for_rows(page, len(only))
    expect(page.locator("#only")).to_contain_text(f"{len(only)} of 12 classes")
    expect(lasso).to_have_attribute("aria-pressed", "false")


def test_colours_have_a_legend_with_n(page: Page, url: str) -> None:
    open_left(page, url)
    button = page.get_by_role("button", name="Colour of the points")
    legend = page.locator(".embedding-legend")
    expect(legend).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_for_selection(page, color="accuracy")
    expect(legend).to_contain_text("Top-1, 12 classes")
    expect(button).to_be_focused()
    for name, words in (("Group", "family 2"), ("Similarity", "Cosine with red fox, 11 classes")):
        button.click()
        page.get_by_role("menuitemradio", name=name).click()
        expect(legend).to_contain_text(words)
    button.click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_be_hidden()


def test_an_unknown_layer_says_so_and_the_page_lives_on(page: Page, url: str) -> None:
    open_left(page, f"{url}?class=1&layer=mixed9z")
    wait_for_layer(page, "conv5")
    said = page.get_by_text("The link says layer=mixed9z.")
    expect(said).to_have_count(1)
    expect(said).to_contain_text("A layer is one of conv1, conv2, conv3, conv4, conv5.")
    page.locator("#layer-strip [data-layer=conv3]").click()
    wait_for_layer(page, "conv3")
    expect(said).to_have_count(0)
