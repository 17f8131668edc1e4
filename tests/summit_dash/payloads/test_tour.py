from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from summit_dash.payloads.tour import build_tour, find_closest_pair
from summit_dash.run.similarity import compute_cosine
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_cosine


def list_steps(store: RunStore) -> list[str]:
    (section,) = build_tour(store)
    assert (section["id"], section["title"]) == ("tour", "Where to begin")
    return section["blocks"][0]["ol"]


def test_the_closest_pair_is_that_of_greatest_cosine(store: RunStore) -> None:
    counts = store.read_counts("conv5")
    pairs = {(a, b): compute_cosine(counts[a], counts[b]) for a in range(12) for b in range(a + 1, 12)}
    expected = max(pairs, key=lambda pair: pairs[pair])
    found = find_closest_pair(store, "conv5")
    assert (found.a.class_id, found.b.class_id) == expected
    assert found.cosine == pytest.approx(pairs[expected], abs=1e-6)


def test_the_tour_names_worst_class_closest_pair_and_most_used_channel(store: RunStore) -> None:
    worst, closest, used = list_steps(store)
    worst_class = min(store.classes.values(), key=lambda info: info.top1_accuracy or 0)
    assert f"(?class={worst_class.class_id}&view=graph), right in " in worst and "of 200 images." in worst
    pair = find_closest_pair(store, "conv5")
    assert f"cosine {format_cosine(pair.cosine)}." in closest
    channel = int(np.argmax((store.read_counts("conv5") > 0).sum(axis=0)))
    assert f"[conv5-{channel}](?view=channels&layer=conv5&channel={channel})" in used


def test_without_accuracy_there_is_no_worst_class(bare_store: RunStore) -> None:
    assert len(list_steps(bare_store)) == 2


def test_one_class_has_no_pair(run_path: Path) -> None:
    steps = list_steps(RunStore(run_path, only={3}))
    assert len(steps) == 2 and "most alike" not in " ".join(steps)
