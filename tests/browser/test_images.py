"""The page of images in a browser: an upload, its answers as they come, and a file dropped on another page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from summit_dash.live import service
from tests.browser.conftest import serve
from tests.browser.drive import wait_for_selection
from tests.support import live_answers
from tests.support.live_run_picture import write_picture

pytestmark = pytest.mark.browser

_DROP = """(bytes) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], 'dropped.png', {type: 'image/png'}));
  document.querySelector('#graph').dispatchEvent(
    new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: files}));
}"""


@pytest.fixture(scope="module")
def live_url(synthetic_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a run whose manifest names a model, with answers that need none."""
    run = Path(shutil.copytree(synthetic_run, tmp_path_factory.mktemp("live") / "run"))
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["model"]["preprocess"] = {}
    (run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_JOBS", live_answers.__name__)
        with serve(run) as address:
            yield address


@pytest.fixture
def url(live_url: str) -> str:
    return live_url


def test_an_uploaded_image_is_answered_and_its_target_is_in_the_address(page: Page, url: str) -> None:
    page.goto(f"{url}?view=images")
    expect(page.locator("#images-body")).to_contain_text("The model is ready")
    page.locator("#images-upload input").set_input_files(
        [{"name": "a.png", "mimeType": "image/png", "buffer": write_picture()}]
    )
    expect(page.locator(".images-maps figure")).to_have_count(2)
    page.get_by_role("button", name="trout").click()
    wait_for_selection(page, view="images", image="upload-1", target=1)
    expect(page.locator(".images-prediction h2")).to_have_text("Explained: trout")
    assert "target=1" in page.url
    page.get_by_role("button", name="Forget my images").click()
    wait_for_selection(page, image=None)
    expect(page.locator(".images-choice")).to_have_count(0)


def test_a_file_that_is_dropped_on_another_page_opens_this_one(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("#graph h1")).to_be_visible()
    page.evaluate(_DROP, list(write_picture()))
    expect(page.locator(".images-bars")).to_be_visible()
    wait_for_selection(page, view="images", image="upload-1")


@pytest.mark.usefixtures("new_page")
def test_a_file_that_is_dropped_before_its_field_is_loaded_is_kept(page: Page, url: str) -> None:
    held: list[Route] = []
    page.route("**/async-upload*", lambda route: held.append(route))
    page.goto(url)
    expect(page.locator("#graph h1")).to_be_visible()
    expect(page.locator("#images-upload input")).to_have_count(0)
    page.evaluate(_DROP, list(write_picture()))
    for route in held:
        route.continue_()
    assert held
    wait_for_selection(page, view="images", image="upload-1")


def test_the_graph_of_an_image_is_walked_by_keys_and_shown_as_a_table(page: Page, url: str) -> None:
    page.goto(f"{url}?view=images&tab=graph")
    expect(page.locator("#images-body")).to_contain_text("The model is ready")
    page.locator("#images-upload input").set_input_files(
        [{"name": "a.png", "mimeType": "image/png", "buffer": write_picture()}]
    )
    step = page.locator(".images-step").first
    step.focus()
    expect(page.locator("#images-probe")).not_to_be_empty()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".images-step:focus")).to_have_count(1)
    name = page.locator(".images-step:focus").get_attribute("data-node")
    for is_pinned in (True, False):
        page.keyboard.press("p")
        expect(page.get_by_text("1 channel pinned")).to_have_count(int(is_pinned))
        expect(page.locator(".images-step:focus")).to_have_attribute("data-node", str(name))
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_be_visible()
    page.get_by_role("button", name="Table", exact=True).click()
    expect(page.locator("#images-table tbody tr")).not_to_have_count(0)
    page.locator("#images-table").get_by_role("button", name="Attribution").click()
    expect(page.locator("#images-table tbody tr").first).to_contain_text("+0.5")
    assert "as=table" in page.url
