from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from precompute.contract.errors import InputError
from summit_dash.export.formats import FORMATS
from summit_dash.export.graph import GraphRequest, export_graph
from summit_dash.graph.elements import Looks
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app
from summit_dash.server.graph_files import write_graph_file
from summit_dash.server.settings import Settings

ENDINGS = [ending for each in FORMATS.values() for ending in each.endings]


@pytest.fixture(scope="module")
def client(store: RunStore) -> FlaskClient:
    return create_app([store], Settings()).server.test_client()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_is_the_one_of_the_command(store: RunStore, ending: str) -> None:
    name = next(each.name for each in FORMATS.values() if ending in each.endings)
    file = write_graph_file(store, 0, ending, {"covers": "60", "theme": "dark"})
    assert file.content == export_graph(store, GraphRequest(0, covers=60, theme="dark"), [name])[ending]
    assert file.name == f"red-fox-graph{ending}"


def test_a_picture_shows_what_the_page_shows(store: RunStore) -> None:
    options = {"size_by": "pagerank", "color_by": "count", "selection": "pagerank"}
    request = GraphRequest(0, looks=Looks("pagerank", "count"))
    assert write_graph_file(store, 0, ".svg", options).content == export_graph(store, request, ["svg"])[".svg"]


def test_a_comparison_has_both_names(client: FlaskClient) -> None:
    answer = client.get("/run/synthetic/graph/0-nodes.csv?vs=2&theme=light")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert "red-fox-vs-white-wolf-graph-nodes.csv" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("query", ["vs=wolf", "vs=0", "vs=99", "covers=0", "theme=green", "color_by=effect"])
def test_what_cannot_be_made_is_a_problem(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/run/synthetic/graph/0.json?{query}")
    assert answer.status_code == 400
    assert set(answer.json["problem"]) == {"rule", "found", "fix"}


def test_other_endings_are_not_there(client: FlaskClient, store: RunStore) -> None:
    assert client.get("/run/synthetic/graph/0.gif").mimetype == "text/html"  # the page, as for any other address
    with pytest.raises(InputError, match="ends as one of"):
        write_graph_file(store, 0, ".gif", {})
