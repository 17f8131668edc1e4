"""The payloads of the page of proof."""

from __future__ import annotations

import json

import pytest

from precompute.contract.errors import InputError
from summit_dash.payloads.of_class import build_class
from summit_dash.payloads.proof import build_class_proof, build_proof, judge, summarize_proof
from summit_dash.run.proofs import Measured
from summit_dash.run.store import RunStore


def test_all_classes_are_arrays_by_selection_and_edges_have_a_mean_over_classes(proven_store: RunStore) -> None:
    found = build_proof(proven_store)
    assert found["class_id"] == [0, 1] and list(found["selections"]) == ["pagerank", "effect"]
    assert found["selections"]["effect"]["remove"] == [[0.2, 0.1, 0.3]] * 2
    (edges,) = found["edges"]
    assert (edges["layer"], edges["auc"], edges["n_classes"], edges["n_edges"]) == ("conv2", 0.75, 2, 20)
    assert edges["half"] == pytest.approx(0.098, abs=1e-3)
    json.dumps(found, allow_nan=False)


def test_layers_say_in_how_many_classes_their_channels_matter_more_than_random_ones(proven_store: RunStore) -> None:
    (row,) = build_proof(proven_store)["layers"]
    assert row["layer"] == next(iter(proven_store.layers))
    assert row["pagerank"] == row["effect"] == {"n_classes": 2, "n_better": 2, "fall": 0.5, "half": 0.0}


def test_a_class_has_figures_in_both_themes_and_its_smallest_graphs(proven_store: RunStore) -> None:
    found = build_class_proof(proven_store, 0)
    assert set(found["figures"]) == {"light", "dark"} and set(found["figures"]["dark"]) == {"curves", "layers"}
    assert found["smallest"][0]["n_channels"] == 40
    assert build_class_proof(proven_store, 1)["smallest"] == []


def test_the_payload_of_a_class_says_what_its_bar_shows(proven_store: RunStore, store: RunStore) -> None:
    proof = build_class(proven_store, 0)["proof"]
    assert proof == summarize_proof(proven_store, 0) and proof["words"] == "necessary: 90.0 % → 20.0 %"
    n = len(proven_store.graph(0).nodes)
    assert proof["sentence"] == (
        f"The model gets 90.0 % of 20 images right; 20.0 % without these {n} channels, 80.0 % without as many at "
        "random, and 10.0 % with these alone."
    )
    assert build_class(proven_store, 0, by_effect=True)["proof"] == summarize_proof(proven_store, 0, "effect")
    assert build_class(proven_store, 5)["proof"] is None and build_class(store, 0)["proof"] is None


@pytest.mark.parametrize(
    ("random", "words"),
    [((0.95, 0.9, 1), "necessary"), ((0.32, 0.25, 0.4), "necessity unclear"), ((0.2, 0.1, 0.3), "not necessary")],
)
def test_a_graph_is_necessary_where_the_intervals_lie_apart(random: tuple[float, float, float], words: str) -> None:
    untouched, remove = Measured(0.975, 0.9, 1), Measured(0.25, 0.2, 0.3)
    assert judge(untouched, remove, Measured(*random)) == f"{words}: 97.5 % → 25.0 %"


def test_the_channels_of_a_class_say_what_it_loses_without_each_alone(proven_store: RunStore, store: RunStore) -> None:
    nodes = build_class(proven_store, 0)["nodes"]
    assert [each for each in nodes["alone"] if each] == [[0.05, -0.04, 0.14, 0.31, 20]]
    assert len(nodes["alone"]) == len(nodes["channel"])
    assert "alone" not in build_class(proven_store, 1)["nodes"] and "alone" not in build_class(store, 0)["nodes"]


def test_what_is_missing_is_said_with_the_command(proven_store: RunStore, store: RunStore) -> None:
    with pytest.raises(InputError, match='--classes "5"'):
        build_class_proof(proven_store, 5)
    with pytest.raises(InputError, match="no such measurement"):
        build_proof(store)
