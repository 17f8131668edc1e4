"""A class without a graph, because none of its images could be used."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from precompute.contract.schema import read_table
from precompute.contract.writing import write_table
from tests.browser.conftest import serve
from tests.browser.drive import open_left

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def url(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("runs") / "bare"
    shutil.copytree(run_path, path)
    for name in ("attribution_graph_nodes", "attribution_graph_edges"):
        rows = read_table(path, name)
        write_table(path, name, rows.filter([c != 2 for c in rows["class_id"].to_pylist()]).to_pydict())
    classes = read_table(path, "classes").to_pydict()
    classes["n_images"][2] = 0
    write_table(path, "classes", classes)
    with serve(path) as address:
        yield address


@pytest.mark.parametrize("link", ["?class=2", "?class=3&vs=2&view=compare"])
def test_the_page_says_why_and_names_no_stage(page: Page, url: str, link: str) -> None:
    open_left(page, url + link)
    empty = page.locator("#graph .graph-empty")
    expect(empty.locator(".empty-found")).to_contain_text("None of the images of ")
    expect(empty.locator(".empty-do")).to_contain_text("--overwrite")
    assert "--stages" not in empty.inner_text()
