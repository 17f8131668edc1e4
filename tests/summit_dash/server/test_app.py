from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from summit_dash.run.layer_names import shorten_layer_names
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores
from summit_dash.run.text import label_classes
from summit_dash.server.app import create_app, find_assets
from summit_dash.server.settings import Settings


@pytest.fixture(scope="module")
def client(store: RunStore) -> FlaskClient:
    return create_app([store], Settings()).server.test_client()


def test_the_page_is_served_without_torch(run_path: Path) -> None:
    code = (
        "import sys; from summit_dash.server.app import create_app; from summit_dash.run.store import RunStore;"
        f"create_app([RunStore({str(run_path)!r})]).server.test_client().get('/_dash-layout');"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok", "runs": ["synthetic"]}


def test_pictures_are_kept_by_the_browser(client: FlaskClient) -> None:
    answer = client.get("/run/synthetic/picture/conv1/1.webp?v=1")
    assert answer.mimetype == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/run/synthetic/example/conv1/0/all/0.webp").status_code == 200
    assert client.get("/run/synthetic/example/conv1/0/3/2.webp").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["other/picture/conv1/1", "synthetic/picture/nope/1", "synthetic/visualization/conv1/1/negative",
     "synthetic/picture/conv1/999",
     "synthetic/example/conv1/0/me/0", "synthetic/example/conv1/0/all/99", "synthetic/example/conv1/999/all/0"],
)  # fmt: skip
def test_pictures_that_do_not_exist(client: FlaskClient, path: str) -> None:
    assert client.get(f"/run/{path}.webp").status_code == 404


def test_nothing_is_fetched_from_outside(client: FlaskClient) -> None:
    addresses = re.findall(r'(?:src|href)="([^"]*)"', client.get("/").text)
    assert len(addresses) > 5
    assert [a for a in addresses if not a.startswith("/")] == []


def test_a_prefix_moves_everything(store: RunStore) -> None:
    client = create_app({"x": store}, Settings(url_prefix="tools/summit")).server.test_client()
    assert client.get("/tools/summit/healthz").status_code == 200
    assert client.get("/tools/summit/").status_code == 200
    assert client.get("/tools/summit/run/synthetic/picture/conv1/1.webp").status_code == 200


def test_assets_are_found() -> None:
    assert (find_assets() / "core.js").is_file()
    assert (find_assets() / "fonts" / "OFL.txt").is_file()


def test_runs_of_one_name_are_told_apart(run_path: Path) -> None:
    assert list(Stores([RunStore(run_path), RunStore(run_path)])) == ["synthetic", "synthetic-2"]


def test_two_classes_of_one_name_have_two_labels(store: RunStore) -> None:
    labels = label_classes(store.classes)
    assert labels[4] == ("crane", "n02000548")
    assert labels[8] == ("crane", "n02001096")
    assert labels[0] == ("red fox", "")


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["mixed3a", "mixed3b", "mixed4a"], ["3a", "3b", "4a"]),
        (["layer1.0", "layer1.1", "layer2.0"], ["1.0", "1.1", "2.0"]),
        (["conv1", "layer1"], ["conv1", "layer1"]),
        (["features.3", "features.30"], ["3", "30"]),
        (["only"], ["only"]),
    ],
)
def test_short_layer_names(names: list[str], short: list[str]) -> None:
    assert shorten_layer_names(names) == short


def test_payloads_are_kept_by_the_browser(client: FlaskClient) -> None:
    answer = client.get("/run/synthetic/data/class/3.json?v=1")
    assert answer.json["id"] == 3
    assert "immutable" in answer.headers["Cache-Control"]


def test_what_a_run_lacks_is_an_answer_and_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/run/synthetic/data/class/99.json")
    assert answer.status_code == 200
    assert "no class 99" in answer.json["problem"]["found"]
    assert "Cache-Control" not in answer.headers


@pytest.mark.parametrize("path", ["run/other/data/run.json", "run/synthetic/data/nothing.json"])
def test_payloads_that_do_not_exist(client: FlaskClient, path: str) -> None:
    assert client.get(f"/{path}").status_code == 404


def test_the_page_tells_its_scripts_what_is_served(client: FlaskClient, store: RunStore) -> None:
    page = client.get("/").text
    boot = re.search(r'<script id="boot" type="application/json">(.*?)</script>', page)
    assert boot is not None
    assert json.loads(boot[1]) == {"prefix": "/", "runs": [{"name": "synthetic", "version": store.version}]}


def test_a_name_cannot_end_the_script_that_holds_it(run_path: Path) -> None:
    page = create_app([RunStore(run_path, name="</script>")], Settings()).server.test_client().get("/").text
    assert '"</script>"' not in page
