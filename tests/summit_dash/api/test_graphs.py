"""The forms of a graph agree with the tables of the run and with the exported files."""

from __future__ import annotations

import io
import re
from base64 import b64decode

import networkx
import pandas as pd
import pytest

from precompute.contract.errors import InputError
from summit_dash import Run
from summit_dash.api import ClassComparison, ClassGraph
from summit_dash.export.graph import GraphRequest, export_graph


@pytest.fixture(scope="session")
def graph(run: Run) -> ClassGraph:
    return run.graph("white wolf")


@pytest.fixture(scope="session")
def comparison(run: Run) -> ClassComparison:
    return run.compare("white wolf", "grey wolf")


def read_rows(run: Run, table: str, class_id: int) -> pd.DataFrame:
    """Reads the rows of a class with pandas alone."""
    frame = pd.read_parquet(run.path / f"{table}.parquet")
    return frame[frame["class_id"] == class_id].drop(columns="class_id").reset_index(drop=True)


def test_the_channels_are_the_rows_of_the_table(run: Run, graph: ClassGraph) -> None:
    nodes, _ = graph.to_pandas()
    plain = read_rows(run, "attribution_graph_nodes", 2)
    plain.index = pd.Index(plain["layer"].astype(str) + "-" + plain["channel"].astype(str))
    assert sorted(nodes.index) == sorted(plain.index)
    for column in ("activation_count", "pagerank_score", "channel"):
        assert (nodes[column] == plain[column]).all()
    n_images = run.classes.loc[2, "n_images"]
    assert (nodes["activation_fraction"] == nodes["activation_count"] / n_images).all()
    assert nodes["layer"].cat.codes.is_monotonic_increasing


def test_the_influences_are_the_rows_of_the_table(run: Run, graph: ClassGraph) -> None:
    _, edges = graph.to_pandas()
    plain = read_rows(run, "attribution_graph_edges", 2)
    for end in ("source", "target"):
        plain[end] = plain[f"{end}_layer"].astype(str) + "-" + plain[f"{end}_channel"].astype(str)
    both = edges.merge(plain, on=["source", "target"], suffixes=("", "_plain"), validate="one_to_one")
    assert len(both) == len(edges) == len(plain) > 0
    assert (both["influence_count"] == both["influence_count_plain"]).all()
    assert (both["mean_influence"] == both["mean_influence_plain"]).all()


@pytest.mark.parametrize("vs", [None, 1], ids=["one", "two"])
def test_networkx_has_the_attributes_of_the_exported_file(run: Run, vs: int | None) -> None:
    found = (run.graph(2) if vs is None else run.compare(2, vs)).to_networkx()
    file = export_graph(run.store, GraphRequest(2, vs), ["graphml"])[".graphml"]
    expected = networkx.read_graphml(io.BytesIO(file))
    assert isinstance(found, networkx.DiGraph)
    assert dict(found.nodes(data=True)) == dict(expected.nodes(data=True))
    assert list(found.edges(data=True)) == list(expected.edges(data=True))
    assert found.graph == {k: v for k, v in expected.graph.items() if k not in ("node_default", "edge_default")}


def test_networkx_leads_from_the_input_to_the_output(graph: ClassGraph) -> None:
    found = graph.to_networkx()
    assert networkx.is_directed_acyclic_graph(found)
    assert all(found.nodes[a]["layer_index"] < found.nodes[b]["layer_index"] for a, b in found.edges)


def test_elements_hold_each_channel_and_each_influence_once(graph: ClassGraph) -> None:
    elements, found = graph.to_cytoscape(), graph.to_networkx()
    nodes = [each for each in elements if "position" in each]
    assert elements[: len(nodes)] == nodes
    assert sorted(each["data"]["id"] for each in nodes) == sorted(found.nodes)
    ends = {(each["data"]["source"], each["data"]["target"]) for each in elements[len(nodes) :]}
    assert ends <= set(found.edges) and len(ends) == len(elements) - len(nodes)


def test_a_share_of_activation_keeps_the_same_channels_in_every_form(run: Run, graph: ClassGraph) -> None:
    part = run.graph("white wolf", covers=50)
    nodes, edges = part.to_pandas()
    drawn = {each["data"]["id"] for each in part.to_cytoscape() if "position" in each}
    assert 0 < len(nodes) < len(graph.to_pandas().nodes)
    assert set(nodes.index) == set(part.to_networkx().nodes) == drawn
    assert set(edges["source"]) | set(edges["target"]) <= drawn
    assert all({e["data"]["source"], e["data"]["target"]} <= drawn for e in part.to_cytoscape() if "position" not in e)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_is_that_of_the_export(run: Run, graph: ClassGraph, theme: str) -> None:
    assert graph.to_svg(theme).encode() == export_graph(run.store, GraphRequest(2, theme=theme), ["svg"])[".svg"]


def test_a_notebook_shows_the_picture_as_one_image(graph: ClassGraph, comparison: ClassComparison) -> None:
    for each in (graph, comparison):
        html = each._repr_html_()
        source = re.fullmatch(r'<img alt="([^"]*)" [^>]*base64,([^"]*)">', html)
        assert source is not None
        assert source[1] == each.title
        assert b64decode(source[2]).decode() == each.to_svg()


def test_an_unknown_theme_is_refused(graph: ClassGraph) -> None:
    with pytest.raises(InputError, match="theme"):
        graph.to_svg("sepia")


def test_a_comparison_counts_each_layer(run: Run, comparison: ClassComparison) -> None:
    a, b = (set(run.graph(each).to_pandas().nodes.index) for each in (comparison.a, comparison.b))
    layers = comparison.layers
    assert list(layers.index) == list(run.layers.index)
    assert (layers["n_shared"].sum(), layers["n_only_a"].sum(), layers["n_only_b"].sum()) == (
        len(a & b),
        len(a - b),
        len(b - a),
    )
    total = layers["n_shared"] + layers["n_only_a"] + layers["n_only_b"]
    expected = (layers["n_shared"] / total).where(total > 0)
    pd.testing.assert_series_equal(layers["jaccard"], expected, check_names=False)
    assert layers["cosine"].between(0, 1 + 1e-6).all()
    assert comparison.parting_layer in {None, *layers.index}


def test_the_parting_layer_is_the_first_that_stays_below_one_half(run: Run) -> None:
    parted = run.compare("white wolf", "tractor")
    after = parted.layers.loc[parted.parting_layer :, "jaccard"].dropna()
    assert (after < 0.5).all() and len(after) > 0


def test_what_a_graph_lacks_is_missing_and_not_zero(run: Run, comparison: ClassComparison) -> None:
    nodes, edges = comparison.to_pandas()
    graphs = [run.graph(each).to_pandas() for each in (comparison.a, comparison.b)]
    for letter, (of_class, influences) in zip("ab", graphs, strict=True):
        assert (nodes[f"activation_count_{letter}"].notna() == nodes.index.isin(of_class.index)).all()
        assert nodes[f"activation_count_{letter}"].dtype == "Int32"
        assert edges[f"influence_count_{letter}"].notna().sum() == len(influences)
    assert (nodes.loc[nodes["part"] == "shared", ["activation_count_a", "activation_count_b"]].notna()).all(axis=None)


def test_a_graph_says_what_it_is(graph: ClassGraph, comparison: ClassComparison) -> None:
    nodes, edges = graph.to_pandas()
    assert repr(graph) == f"<Attribution graph of white wolf: {len(nodes)} channels, {len(edges)} influences>"
    assert repr(comparison).startswith("<Comparison of white wolf and grey wolf: ")
