from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from summit_dash.export.site_page import write_page
from summit_dash.pages.asset_files import find_assets
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app

_SCRIPT = re.compile(r'<script src="([^"]+)"')


@pytest.fixture(scope="module")
def page(store: RunStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    write_page(store, folder, find_assets())
    return folder


@pytest.fixture(scope="module")
def served(store: RunStore) -> Any:
    return create_app([store]).server.test_client()


def read_name(address: str) -> str:
    """Returns the name of a script without the fingerprint of the server."""
    return re.sub(r"\.v[\w-]*m\d+(?=\.)", "", address.partition("?")[0].rpartition("/")[2])


def test_the_page_names_files_that_are_there_and_nothing_elsewhere(page: Path) -> None:
    sources = re.findall(r'(?:src|href)="([^"#]+)"', (page / "index.html").read_text())
    assert "assets/static.js" in sources
    files = [source for source in sources if not source.startswith("data:")]
    assert [source for source in files if not (page / source).is_file()] == []


def test_the_page_does_not_say_where_the_run_was(page: Path, store: RunStore) -> None:
    text = (page / "index.html").read_text()
    assert '"version"' in text and '"place"' not in text and str(store.path) not in text


def test_the_scripts_are_those_of_the_served_page_in_its_order(page: Path, served: Any) -> None:
    here = [read_name(address) for address in _SCRIPT.findall((page / "index.html").read_text())]
    there = [read_name(address) for address in _SCRIPT.findall(served.get("/").text)]
    assert here[0] == "static.js"
    assert here[1:] == [name for name in there if name in here]
    assert "dash_renderer.min.js" in here
    assert set(there) - set(here) <= {"bundle.js"}, "only the table, which the page does not show, is left out"


def test_the_answers_are_those_of_the_server(page: Path, served: Any) -> None:
    text = re.search(r'<script id="answers" type="application/json">(.*?)</script>', (page / "index.html").read_text())
    assert text is not None
    answers = json.loads(text[1])
    here = {each["clientside_function"]["function_name"] for each in answers["_dash-dependencies"]}
    there = [each["clientside_function"] for each in json.loads(served.get("/_dash-dependencies").text)]
    assert {"start", "show", "drawConfusions"} <= here
    assert here <= {each["function_name"] for each in there if each}, "pages that need a server have more"
    assert answers["_dash-layout"]["props"]["children"][0]["type"] == "Store"


def test_the_styles_and_sources_of_the_page(page: Path) -> None:
    assert (page / "assets" / "summit_dash.css").is_file()
    assert list((page / "assets" / "fonts").glob("*.woff2"))
    assert not (page / "assets" / "src").exists()
