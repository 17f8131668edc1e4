"""The page of transfer in a browser: the picker, curves, two cuts, images large; and the same from a static site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from rich.console import Console

from summit_dash.export.site_command import run_export_site
from summit_dash.live import training
from summit_dash.run.store import RunStore
from summit_dash.run.transfer_store import TransferStore
from tests.browser.conftest import serve_entries, watch
from tests.browser.drive import wait_for_selection
from tests.support import live_jobs
from tests.support.transfer_result import write_transfer_result

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_transfer_result(tmp_path_factory.mktemp("results") / "photos")


@pytest.fixture(scope="module")
def both(run_path: Path, result: Path) -> Iterator[str]:
    """The address of a run and a result, on which a training is one that needs no model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "_JOB", f"{live_jobs.__name__}:train_two_folds")
        with serve_entries([RunStore(run_path), TransferStore(result)]) as address:
            yield address


@pytest.fixture
def beside(context: BrowserContext, both: str, words: list[str]) -> Iterator[Page]:
    """A page of the server of both, whose console must be empty at the end."""
    page = context.new_page()
    watch(page, both, words)
    yield page
    page.close()
    assert words == []


def test_a_result_is_chosen_beside_the_run_and_two_cuts_are_compared(beside: Page, both: str) -> None:
    beside.goto(f"{both}?view=transfer")
    beside.locator("#transfer").get_by_role("button", name="photos").click()
    wait_for_selection(beside, run="photos", view="transfer")
    expect(beside.locator(".transfer-sentence")).to_contain_text("Cut small after high")
    expect(beside.locator(".transfer-chart .scatterlayer .trace")).not_to_have_count(0)
    expect(beside.get_by_role("tab")).to_have_count(1)
    beside.get_by_role("button", name="Parameters", exact=True).first.click()
    expect(beside.locator(".transfer-chart .legend")).to_contain_text("Pareto front")
    beside.get_by_role("button", name="large@high as B").click()
    wait_for_selection(beside, vs_cut="large@high", axis="parameters")
    expect(beside.locator(".heat tbody tr")).to_have_count(3)
    beside.get_by_role("button", name=re.compile("^B right, A wrong")).click()
    tiles = beside.locator(".disagreed")
    expect(tiles).not_to_have_count(0)
    tiles.first.click()
    dialog = beside.get_by_role("dialog")
    expect(dialog).to_contain_text("wrong")
    expect(dialog.locator("img.is-tiny")).to_be_visible()
    query = beside.evaluate("() => window.location.search")
    beside.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert "image=" in query and "image=" not in beside.evaluate("() => window.location.search")
    beside.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    for _ in range(2):
        violations = beside.evaluate("async () => (await axe.run(document)).violations")
        assert [each["id"] for each in violations if each["impact"] in ("serious", "critical")] == []
        beside.get_by_role("button", name="Light or dark").click()


def test_a_head_is_trained_from_the_form_watched_and_cancelled(beside: Page, both: str) -> None:
    beside.goto(f"{both}?run=photos&view=transfer&cut=large@high")
    form = beside.get_by_role("form", name="Train a head")
    expect(form.get_by_label("Cut")).to_have_value("large@high")
    form.get_by_label("Head").select_option("conv3x3")
    form.get_by_label("Epochs").fill("3")
    train = form.get_by_role("button", name="Train")
    train.click()
    status = beside.locator(".training-head")
    expect(status).to_contain_text("conv3x3 on large@high: fold 2 of")
    expect(status).to_contain_text("epoch 3, loss 0.333, accuracy 83.3 %")
    expect(train).to_be_disabled()
    lines = beside.locator(".training-chart .scatterlayer .trace")
    expect(lines).to_have_count(4)  # loss and accuracy of two folds
    beside.reload()
    expect(status).to_contain_text("fold 2 of")
    status.get_by_role("button", name="Cancel").click()
    expect(status).to_contain_text("cancelled. The best head so far is saved.")
    expect(train).to_be_enabled()


@pytest.mark.parametrize("kind", ["mlp", "conv3x3"])
def test_a_trained_head_is_in_the_table_when_it_is_saved_without_a_reload(
    context: BrowserContext, tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(training, "_JOB", f"{live_jobs.__name__}:train_and_save")
    with serve_entries([TransferStore(write_transfer_result(tmp_path / "photos"))]) as address:
        page = context.new_page()
        watch(page, address, words)
        page.goto(f"{address}?view=transfer&cut=large@high")
        rows = page.locator(".transfer-learned tbody tr")
        expect(rows).to_have_count(1)
        page.evaluate("() => (window.wasHere = true)")
        form = page.get_by_role("form", name="Train a head")
        form.get_by_label("Head").select_option(kind)
        form.get_by_role("button", name="Train").click()
        status = page.locator(".training-head")
        if kind == "conv3x3":
            expect(status).to_contain_text("epoch 1", timeout=60_000)  # its process has started
            status.get_by_role("button", name="Cancel").click()
            expect(status).to_contain_text("The best head so far is being saved.")
        end = "The best head so far is saved." if kind == "conv3x3" else "trained and saved."
        expect(status).to_contain_text(end, timeout=60_000)
        expect(rows).to_have_count(2)
        expect(page.locator(".transfer-learned")).to_contain_text(kind)
        assert page.evaluate("() => window.wasHere")
        page.close()
    assert words == []


def test_a_static_site_of_a_result_needs_no_server(
    context: BrowserContext, result: Path, tmp_path: Path, words: list[str]
) -> None:
    run_export_site(result, tmp_path / "site", None, False, Console())
    page: Page = context.new_page()
    address = (tmp_path / "site" / "index.html").as_uri()
    watch(page, "file://", words)
    page.goto(f"{address}#?cut=large%40low&image=0")
    expect(page.locator(".transfer-chosen h3")).to_contain_text("large after low")
    expect(page.get_by_role("dialog").locator("img.is-tiny")).to_be_visible()
    page.close()
    assert words == []
