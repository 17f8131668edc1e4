from __future__ import annotations

from operator import itemgetter

import pyarrow.compute as pc
import pytest

from precompute.contract.schema import read_table
from summit_dash.run.graphs import Channel
from summit_dash.run.influences import ClassInfluences, find_strongest
from summit_dash.run.store import RunStore


@pytest.mark.parametrize("end", ["target", "source"])
def test_the_strongest_influences_are_those_of_the_whole_table(store: RunStore, end: str) -> None:
    table = ClassInfluences(store.path).read(3)
    whole = read_table(store.path, "influences", filters=pc.field("class_id") == 3).to_pylist()
    for layer in store.layer_names:
        for number in range(4):
            mine = [r for r in whole if (r[f"{end}_layer"], r[f"{end}_channel"]) == (layer, number)]
            mine.sort(key=itemgetter("influence_count", "mean_influence"), reverse=True)
            found = find_strongest(table, Channel(layer, number), end, 5)
            assert [(e.influence_count, e.mean_influence) for e in found] == [
                (r["influence_count"], r["mean_influence"]) for r in mine[:5]
            ]
            at_end = {getattr(edge, end) for edge in found}
            assert at_end <= {Channel(layer, number)}


def test_a_class_without_influences_has_none(store: RunStore) -> None:
    table = ClassInfluences(store.path).read(9999)
    assert find_strongest(table, Channel("conv2", 0), "target", 5) == []
