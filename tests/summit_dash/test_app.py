from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from summit_dash import ids
from summit_dash.app import create_app, find_assets
from summit_dash.selection import Selection
from summit_dash.settings import Settings
from summit_dash.store import RunStore
from summit_dash.stores import Stores, complete
from summit_dash.text import class_labels
from summit_dash.views.channel_panel import build_panel, find_problem
from summit_dash.views.embedding import find_points, short_layer_names
from summit_dash.views.graph import draw
from summit_dash.views.sidebar import build_rows
from summit_dash.views.state import parts_of


@pytest.fixture(scope="module")
def client(store: RunStore) -> FlaskClient:
    return create_app([store], Settings()).server.test_client()


def _text(component: Any) -> str:
    return json.dumps(component, default=lambda c: c.to_plotly_json(), ensure_ascii=False)


def test_the_page_is_served_without_torch(run_path: Path) -> None:
    code = (
        "import sys; from summit_dash.app import create_app; from summit_dash.store import RunStore;"
        f"create_app([RunStore({str(run_path)!r})]).server.test_client().get('/_dash-layout');"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok", "runs": ["synthetic"]}


def test_pictures_are_kept_by_the_browser(client: FlaskClient) -> None:
    answer = client.get("/run/synthetic/visualization/conv1/1.webp?v=1")
    assert answer.mimetype == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/run/synthetic/example/conv1/0/all/0.webp").status_code == 200
    assert client.get("/run/synthetic/example/conv1/0/3/2.webp").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["other/visualization/conv1/1", "synthetic/visualization/nope/1", "synthetic/visualization/conv1/0",
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
    assert client.get("/tools/summit/run/synthetic/visualization/conv1/1.webp").status_code == 200


def test_assets_are_found() -> None:
    assert (find_assets() / "core.js").is_file()
    assert (find_assets() / "fonts" / "OFL.txt").is_file()


def test_missing_choices_are_made_and_bad_ones_left(store: RunStore) -> None:
    stores = Stores([store])
    assert complete(Selection(), stores) == Selection(class_id=0, layer="conv5")
    bad = Selection.from_query("?class=wolf&layer=nope")
    assert complete(bad, stores) == bad


def test_runs_of_one_name_are_told_apart(run_path: Path) -> None:
    assert list(Stores([RunStore(run_path), RunStore(run_path)])) == ["synthetic", "synthetic-2"]


def test_the_second_class_is_no_matter_outside_the_comparison() -> None:
    parts = parts_of(Selection(class_id=1, vs=2))
    assert parts[ids.GRAPH_PART]["vs"] is None
    assert parts_of(Selection(class_id=1, vs=2, view="compare"))[ids.GRAPH_PART]["vs"] == 2


def test_two_classes_of_one_name_have_two_labels(store: RunStore) -> None:
    labels = class_labels(store.classes)
    assert labels[4] == ("crane", "n02000548")
    assert labels[8] == ("crane", "n02001096")
    assert labels[0] == ("red fox", "")


def test_no_accuracy_is_no_zero(bare_store: RunStore) -> None:
    assert {row["accuracy"] for row in build_rows(bare_store)} == {None}
    drawing = draw(bare_store, _part(class_id=0), "/")
    assert "no accuracy" in _text(drawing.bar)
    assert "not the model's outputs" in _text(drawing.bar)


def _part(**changes: Any) -> dict[str, Any]:
    return {
        "run": None,
        "class_id": 0,
        "vs": None,
        "view": "graph",
        "layer": "conv5",
        "channel": None,
        "unread": (),
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"class_id": 99}, "class=99"),
        ({"class_id": None, "unread": (("class", "wolf"),)}, "class=wolf"),
        ({"view": "compare", "vs": 99}, "vs=99"),
        ({"view": "compare"}, "red fox is the first"),
    ],
)
def test_empty_states_of_the_graph_say_what_was_found(store: RunStore, changes: dict[str, Any], found: str) -> None:
    drawing = draw(store, _part(**changes), "/")
    assert found in _text(drawing.empty)
    assert drawing.elements == []


def test_an_unknown_layer_has_an_empty_state(store: RunStore) -> None:
    points, problem = find_points(store, "mixed9z")
    assert points == {}
    assert "layer=mixed9z" in _text(problem)


@pytest.mark.parametrize(
    ("changes", "found"),
    [({"layer": "nope", "channel": 1}, "layer=nope"), ({"channel": 48}, "channel=48"), ({"channel": 47}, None)],
)
def test_an_unknown_channel_has_an_empty_state(store: RunStore, changes: dict[str, Any], found: str | None) -> None:
    problem = find_problem(store, _part(**changes), {})
    assert problem is None if found is None else found in _text(problem)


def test_the_comparison_names_its_numbers(store: RunStore) -> None:
    drawing = draw(store, _part(view="compare", vs=2), "/")
    assert "They part at" in _text(drawing.legend)
    assert "only red fox" in _text(drawing.legend)
    assert {e["data"].get("part") for e in drawing.elements} >= {"shared", "only-a", "only-b"}


def test_the_panel_holds_all_its_sections(store: RunStore) -> None:
    text = _text(build_panel(store, _part(layer="conv3", channel=4), Settings()))
    for section in (
        "10 dataset examples",
        "Strongest sources",
        "Strongest targets",
        "Classes that use it most",
        " of 12",
    ):
        assert section in text


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
    assert short_layer_names(names) == short


@pytest.fixture
def act(client: FlaskClient) -> Callable[..., dict[str, Any]]:
    """Sends an action as the browser does and returns what changes."""
    names = [ids.SELECTION, ids.ADDRESS, *ids.PARTS]

    def send(action: dict[str, Any], before: Selection | None = None) -> dict[str, Any]:
        body = {
            "output": ".." + "...".join(f"{name}.data" for name in names) + "..",
            "outputs": [{"id": name, "property": "data"} for name in names],
            "inputs": [{"id": ids.ACTION, "property": "data", "value": action}],
            "state": [{"id": ids.SELECTION, "property": "data", "value": before.to_dict() if before else None}],
            "changedPropIds": [f"{ids.ACTION}.data"],
        }
        answer = client.post("/_dash-update-component", json=body)
        return {k: v["data"] for k, v in answer.json["response"].items()} if answer.status_code == 200 else {}

    return send


def test_a_click_on_a_channel_leaves_the_graph_alone(act: Callable[..., dict[str, Any]]) -> None:
    before = Selection(class_id=0, layer="conv5")
    changed = act({"layer": "conv5", "channel": 9}, before)
    assert ids.GRAPH_PART not in changed
    assert ids.EMBEDDING_PART not in changed
    assert changed[ids.PANEL_PART]["channel"] == 9
    assert changed[ids.ADDRESS] == {"query": "?class=0&layer=conv5&channel=9", "push": True}


def test_the_first_load_draws_all_and_makes_no_step(act: Callable[..., dict[str, Any]]) -> None:
    changed = act({"query": "?class=3"})
    assert set(changed) == {ids.SELECTION, ids.ADDRESS, *ids.PARTS}
    assert changed[ids.ADDRESS]["push"] is False


def test_a_link_that_cannot_be_read_stays_in_the_address(act: Callable[..., dict[str, Any]]) -> None:
    assert ids.ADDRESS not in act({"query": "?class=wolf"})


@pytest.mark.parametrize(
    ("class_ids", "words"),
    [([], "no classes"), ([0, 1, 2], "a number from 0 to 2."), ([1, 5, 9], "3 numbers from 1 to 9, not all")],
)
def test_an_unknown_class_is_told_which_there_are(class_ids: list[int], words: str) -> None:
    from summit_dash.views.graph import _class_rule

    assert words in _class_rule(class_ids)
