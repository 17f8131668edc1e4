"""The page of proof in blocks."""

from __future__ import annotations

import json

import pytest

from precompute.contract.errors import InputError
from summit_dash.payloads.proof_page import build_class_proof_page, build_proof_page, judge_layers
from summit_dash.run.store import RunStore


def test_all_classes_have_a_table_by_each_choice_with_intervals_and_n(proven_store: RunStore) -> None:
    (_, choice) = build_proof_page(proven_store)["all"]
    by_pagerank, by_effect = choice["choice"]["options"]
    assert (by_pagerank[:2], by_effect[:2]) == (["pagerank", "by PageRank"], ["effect", "by effect"])
    words, table = by_pagerank[2]
    assert "2 of 12 classes measured" in words[2]
    name, n_channels, untouched, *_, n = table["table"]["rows"][0]
    assert name[2] == proven_store.classes[0].short_name and json.loads(name[1]["data-action"]) == {"class_id": 0}
    assert n_channels == str(len(proven_store.graph(0).nodes)) and n == "20"
    assert untouched[2] == "90.0 %" and untouched[1]["data-tip"].startswith("90.0 % [")
    assert table["table"]["rows"][0][5] == "60.0 %"


def test_layers_and_edges_are_tables_or_nothing(proven_store: RunStore) -> None:
    page = build_proof_page(proven_store)
    assert page["layers"][2]["table"]["rows"] == [["conv1", "2 of 2", "0.500 ± 0.000", "2 of 2", "0.500 ± 0.000"]]
    assert page["edges"][2]["table"]["rows"][0][2][2] == "0.75 ± 0.10"
    json.dumps(page, allow_nan=False)


def test_a_class_has_a_sentence_two_figures_and_its_smallest_graphs(proven_store: RunStore) -> None:
    title, sentence, figures, smallest = build_class_proof_page(proven_store, 0)["blocks"]
    assert title[2] == proven_store.classes[0].short_name and sentence[2].startswith("The model gets 90.0 %")
    assert [each[3]["figure"]["class"] for each in figures[2:]] == ["proof-chart"] * 2
    assert "40 channels" in smallest[2]
    with pytest.raises(InputError, match='--classes "5"'):
        build_class_proof_page(proven_store, 5)


def test_layers_in_which_pagerank_is_no_better_than_random_are_named() -> None:
    def build(layer: str, n_better: int, fall: float, half: float) -> dict[str, object]:
        return {"layer": layer, "pagerank": {"n_better": n_better, "n_classes": 10, "fall": fall, "half": half}}

    layers = [build("conv1", 0, 0.1, 0.01), build("conv2", 9, 0.1, 0.2), build("conv3", 9, 0.3, 0.2)]
    assert judge_layers(layers).startswith("No better") and "those of conv1, conv2. " in judge_layers(layers)
    assert judge_layers(layers[2:]).startswith("In every layer")
    assert "not measured by PageRank" in judge_layers([{"layer": "a", "effect": {}}])
