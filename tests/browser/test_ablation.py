"""Ablation in a browser: channels pinned in the graph, removed by a button, and the answer with its address."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from precompute.contract.schema import read_table
from summit_dash.live import service
from tests.browser.conftest import serve
from tests.browser.drive import wait_for_selection
from tests.support import live_proof_answers

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live_url(synthetic_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a run whose manifest names a model, with answers that need none."""
    run = Path(shutil.copytree(synthetic_run, tmp_path_factory.mktemp("ablation") / "run"))
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["model"]["preprocess"] = {}
    (run / "manifest.json").write_text(json.dumps(manifest))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_PROOFS", live_proof_answers.__name__)
        with serve(run) as address:
            yield address


@pytest.fixture
def url(live_url: str) -> str:
    return live_url


def test_pinned_channels_are_removed_by_a_button_in_the_graph(page: Page, url: str, synthetic_run: Path) -> None:
    node = read_table(synthetic_run, "attribution_graph_nodes").to_pylist()[0]
    channel = f"{node['layer']}-{node['channel']}"
    page.goto(f"{url}?class={node['class_id']}&pins={channel}")
    page.get_by_role("button", name="Remove", exact=True).click()
    wait_for_selection(page, view="ablation", mode="remove", pins=[channel])
    expect(page.locator(".ablation-row")).to_have_count(2)
    expect(page.locator(".ablation-images li")).to_contain_text("carp → trout")
    assert "mode=remove" in page.url
    page.get_by_role("button", name="Keep only").click()
    expect(page.locator(".ablation-rows")).to_contain_text("with these channels alone")
