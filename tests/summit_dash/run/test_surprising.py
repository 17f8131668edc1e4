"""The surprising channels of a class, by hand, and as the slow reference finds them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.contract.schema import locate_table, read_manifest, write_manifest
from summit_dash.run.graphs import Channel
from summit_dash.run.similarity import normalize_rows
from summit_dash.run.store import RunStore
from summit_dash.run.surprising import (
    Evidence,
    SurprisingChannel,
    Use,
    Yardstick,
    explain_missing,
    find_kin,
    find_surprising,
    gather_evidence,
    judge_channels,
)
from tests.reference.surprising import Facts, compute_similarity, list_kin
from tests.reference.surprising import find_surprising as find_slowly

FISH = ("fish", "fish", "fish", "bird", "bird", "bird")
CHANNEL = Channel("last", 0)


def build_evidence(
    using: Sequence[int],
    best: Sequence[int] = (),
    groups: Sequence[str | None] = FISH,
    points: Sequence[tuple[float, float]] | None = None,
    n_images: int = 50,
) -> Evidence:
    """Builds the evidence of one channel that some images of each class use; `best` are rows of its best examples."""
    counts = np.array(using, np.int32)[:, None]
    return Evidence(
        groups,
        np.full(len(groups), n_images),
        ["last"],
        lambda layer: counts,
        lambda row: [normalize_rows(counts) @ normalize_rows(counts)[row]],
        None if points is None else lambda layer: np.array(points),
        lambda layer: np.array([best], np.int64),
    )


def judge(evidence: Evidence, n_channels: int = 1) -> SurprisingChannel | None:
    """Judges the channel for the first class, as one of several of its graph."""
    found = judge_channels(evidence, 0, [CHANNEL] * n_channels).channels
    return found[0] if found else None


def test_a_channel_that_only_this_fish_uses_is_odd_among_fish() -> None:
    found = judge(build_evidence([31, 0, 0, 31, 31, 31], best=[0] * 10))
    assert found is not None
    assert (found.odd, found.foreign) == (Use(31, 50, 0, 100), None)
    assert (found.odd.share, found.odd.others_share) == (0.62, 0)


@pytest.mark.parametrize(
    ("using", "reason"),
    [
        ([31, 31, 31, 0, 0, 0], "its kin use it as much"),
        ([50, 0, 21, 0, 0, 0], "its kin use it more than a fifth as much"),
        ([9, 0, 0, 0, 0, 0], "less than a fifth of its images use it"),
    ],
)
def test_a_channel_is_not_odd(using: list[int], reason: str) -> None:
    assert judge(build_evidence(using, best=[0] * 10)) is None, reason


def test_shares_at_the_thresholds_are_odd() -> None:
    assert judge(build_evidence([50, 0, 20, 0, 0, 0], best=[0] * 10)) is not None
    assert judge(build_evidence([10, 0, 0, 0, 0, 0], best=[0] * 10)) is not None


def test_the_correction_is_by_the_number_of_channels_of_the_graph() -> None:
    evidence = build_evidence([4, 0, 0, 0, 0, 0], best=[0] * 10, n_images=10)  # 4 of 10 against 0 of 20: p = 1 / 130.5
    assert judge(evidence, 6) is not None
    assert judge(evidence, 7) is None


def test_a_channel_that_birds_excite_most_is_foreign_to_a_fish_that_leans_on_it() -> None:
    using, best = [30, 30, 30, 6, 6, 6], [3, 3, 3, 4, 4, 5, 0, 0, 0, 1]
    found = judge(build_evidence(using, best))
    assert found is not None and found.odd is None and found.foreign is not None
    assert found.foreign == (6, 10, Yardstick.GROUP, Use(30, 50, 18, 150))
    assert judge(build_evidence(using, [3, 3, 3, 4, 4, 0, 0, 0, 0, 1])) is None, "half is not most"
    assert judge(build_evidence([30, 30, 30, 30, 6, 30], best)) is None, "everyone uses it"


def test_examples_of_unknown_images_and_classes_without_a_group_are_not_foreign() -> None:
    found = judge(build_evidence([30, 30, 30, 0, 0, 0], [3, 3, 3, 0, 0, -1, -1, -1, -1, -1]))
    assert found is not None and found.foreign is not None
    assert (found.foreign.n_foreign, found.foreign.n_examples) == (3, 5)
    without = build_evidence([30, 30, 30, 0, 0, 0], [3] * 10, groups=("fish", "fish", "fish", None, None, "bird"))
    assert judge(without) is None


def test_without_groups_the_far_half_of_the_embedding_is_foreign() -> None:
    points = [(0.0, 0.0), (1.0, 0.0), (0.0, 2.0), (3.0, 0.0), (0.0, -9.0), (8.0, 0.0)]
    using, nowhere = [30, 30, 30, 30, 0, 0], (np.nan, np.nan)
    evidence = build_evidence(using, [4, 5, 4, 5, 4, 5, 0, 0, 0, 0], [None] * 6, points)
    found = judge(evidence)
    assert found is not None and found.foreign is not None
    assert found.foreign == (6, 10, Yardstick.EMBEDDING, Use(30, 50, 0, 100))
    assert judge(build_evidence(using, [3] * 10, [None] * 6, points)) is None, "at the median distance, not beyond"
    assert judge(build_evidence(using, [4] * 10, [None] * 6, [nowhere, *points[1:]])) is None
    assert judge(replace(evidence, points=None)) is None
    assert judge(replace(evidence, best=None)) is None


def test_kin_are_the_group_else_the_five_most_similar() -> None:
    counts = np.array([[9, 0], [0, 9], [9, 1], [9, 2], [9, 3], [9, 4], [9, 5], [9, 6]], np.int32)
    evidence = replace(
        build_evidence([1] * 8, groups=[None, None, "fish", "fish", "bird", None, None, None]),
        cosines=lambda row: [normalize_rows(counts) @ normalize_rows(counts)[row]],
    )
    assert find_kin(evidence, 0) == ([2, 3, 4, 5, 6], Yardstick.SIMILARITY)
    assert find_kin(evidence, 2) == ([3], Yardstick.GROUP)
    assert find_kin(evidence, 4) == ([5, 3, 6, 2, 7], Yardstick.SIMILARITY)


def test_both_signals_come_before_one_and_a_greater_excess_before_a_smaller() -> None:
    counts = np.array([[20, 50, 30, 40], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 10]], np.int32)
    best = np.array([[2] * 3, [0] * 3, [3] * 3, [0] * 3])
    evidence = replace(
        build_evidence([1] * 4, groups=("fish", "fish", "bird", "bird")),
        counts=lambda layer: counts,
        best=lambda layer: best,
    )
    found = judge_channels(evidence, 0, [Channel("last", n) for n in range(4)]).channels
    assert [each.node for each in found] == [2, 0, 1, 3]
    assert [each.strength[0] for each in found] == [2, 2, 1, 1]


def test_classes_without_images_are_neither_surprising_nor_a_yardstick() -> None:
    evidence = build_evidence([30, 0, 0, 0, 0, 0], [3] * 10)
    assert judge(replace(evidence, n_images=np.array([0, 50, 50, 50, 50, 50]))) is None
    assert judge(replace(evidence, n_images=np.array([50, 0, 0, 0, 0, 0]))) is None


N_CLASSES, N_CHANNELS, N_IMAGES = 7, 3, 12
LAYERS = ("first", "last")
count = st.integers(0, N_IMAGES)
coordinate = st.integers(-4, 4).map(float)
facts = st.builds(
    Facts,
    groups=st.lists(st.sampled_from([None, "fish", "bird", "boat"]), min_size=N_CLASSES, max_size=N_CLASSES),
    n_images=st.just([N_IMAGES] * N_CLASSES),
    counts=st.fixed_dictionaries(
        {
            layer: st.lists(
                st.lists(count | st.sampled_from([0, N_IMAGES]), min_size=N_CHANNELS, max_size=N_CHANNELS),
                min_size=N_CLASSES,
                max_size=N_CLASSES,
            )
            for layer in LAYERS
        }
    ),
    points=st.fixed_dictionaries(
        {
            layer: st.lists(st.none() | st.tuples(coordinate, coordinate), min_size=N_CLASSES, max_size=N_CLASSES)
            for layer in LAYERS
        }
    ),
    best=st.fixed_dictionaries(
        {
            layer: st.lists(
                st.lists(st.integers(-1, N_CLASSES - 1), min_size=5, max_size=5),
                min_size=N_CHANNELS,
                max_size=N_CHANNELS,
            )
            for layer in LAYERS
        }
    ),
)


@settings(deadline=None)
@given(facts, st.integers(0, N_CLASSES - 1))
def test_it_finds_what_the_reference_finds(facts: Facts, mine: int) -> None:
    evidence = Evidence(
        facts.groups,
        np.array(facts.n_images),
        LAYERS,
        lambda layer: np.array(facts.counts[layer], np.int32),
        lambda row: [(units := normalize_rows(np.array(facts.counts[layer]))) @ units[row] for layer in LAYERS],
        lambda layer: np.array([point or (np.nan, np.nan) for point in facts.points[layer]]),
        lambda layer: np.array(facts.best[layer], np.int64),
    )
    channels = [Channel(layer, number) for layer in LAYERS for number in range(N_CHANNELS)]
    kin = find_kin(evidence, mine).rows
    assert_equally_near(facts, mine, kin)
    found = [
        (each.node, each.foreign and (each.foreign.n_foreign, each.foreign.n_examples), each.odd and tuple(each.odd))
        for each in judge_channels(evidence, mine, channels).channels
    ]
    slow = find_slowly(facts, mine, kin, channels)
    assert found == [(index, foreign and foreign[:2], odd) for index, foreign, odd in slow]


def assert_equally_near(facts: Facts, mine: int, kin: Sequence[int]) -> None:
    """Compares kin with those of the reference; classes of the same similarity may change places."""
    expected = list_kin(facts, mine)
    similarities = [[compute_similarity(facts, mine, row) for row in rows] for rows in (kin, expected)]
    assert sorted(similarities[0]) == pytest.approx(sorted(similarities[1]), abs=1e-4)


def test_a_run_is_judged_by_its_tables(store: RunStore) -> None:
    evidence = gather_evidence(store)
    assert find_kin(evidence, 0).rows == [1, 2, 3]
    found = find_surprising(store, 0).channels
    graph = store.graph(0)
    assert found
    for each in found:
        assert graph.nodes[each.node].channel == each.channel
        use = each.odd or (each.foreign and each.foreign.use)
        assert use and use.n_using == graph.nodes[each.node].activation_count


def test_an_imported_run_and_one_without_activations_are_not_judged(run_path: Path, tmp_path: Path) -> None:
    assert explain_missing(RunStore(run_path)) is None
    run = Path(shutil.copytree(run_path, tmp_path / "run"))
    write_manifest(run, {**read_manifest(run), "imported": {"report": []}})
    problem = explain_missing(RunStore(run))
    assert problem is not None and "imported" in problem.found
    assert not find_surprising(RunStore(run), 0).channels
    assert explain_missing(RunStore(run_path, only=[3])) is not None
    write_manifest(run, read_manifest(run_path))
    locate_table(run, "activations").unlink()
    problem = explain_missing(RunStore(run))
    assert problem is not None and problem.found == "This run has no activations."


def test_without_examples_a_channel_may_still_be_odd(run_path: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(run_path, tmp_path / "run"))
    for table in ("dataset_examples", "embeddings"):
        locate_table(run, table).unlink()
    found = [each for class_id in range(12) for each in find_surprising(RunStore(run), class_id).channels]
    assert found and all(each.odd and not each.foreign for each in found)
