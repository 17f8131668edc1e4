from __future__ import annotations

from summit_dash.payloads.embedding import build_embedding
from summit_dash.run.store import RunStore


def test_points_run_along_the_classes_of_the_run(store: RunStore) -> None:
    embedding = build_embedding(store)
    assert list(embedding["x"]) == list(embedding["y"]) == store.layer_names
    assert {len(values) for axis in (embedding["x"], embedding["y"]) for values in axis.values()} == {12}


def test_some_classes_have_the_points_that_they_have_among_all(store: RunStore) -> None:
    every, some = build_embedding(store), build_embedding(RunStore(store.path, only={2, 5}))
    assert some["x"]["conv3"] == [every["x"]["conv3"][2], every["x"]["conv3"][5]]


def test_a_class_without_a_point_has_none(store: RunStore) -> None:
    fresh = RunStore(store.path)
    fresh.read_embedding = lambda layer: {0: (1.23456, -2.0)}  # type: ignore[method-assign]
    embedding = build_embedding(fresh)
    assert embedding["x"]["conv1"] == [1.235] + [None] * 11
