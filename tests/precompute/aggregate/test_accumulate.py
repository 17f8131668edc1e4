"""The sums of one class over two images of a network small enough to compute by hand, and the merging of examples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from precompute.aggregate.accumulate import ClassAccumulator, Examples
from precompute.aggregate.config import AggregateConfig
from precompute.devices.cores import Parallel
from tests.support.toy_network import CPU, IMAGES, ExportedToy, export_toy, list_counts

CONFIG = AggregateConfig(activation_mass=0.6, top_k=1)


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


@pytest.fixture(scope="module")
def sums(toy: ExportedToy) -> ClassAccumulator:
    return toy.accumulate(CONFIG)


def test_activation_counts_are_those_computed_by_hand(sums: ClassAccumulator) -> None:
    # first: (1, 4, 2) of 7: channel 1 has 0.57, so 2 joins; (5, 0, 1) of 6: channel 0 alone has 0.83.
    # second, image 0: position 0 gives (2, 0, 1, 0), position 1 gives (4, 2, 6, 4): maxima (4, 2, 6, 4) of 16:
    #   6 is 0.375, then the lower of the two 4s reaches 0.625. Image 1: (10, 0, 3 + 5 = 8, 1) of 19: 0.53, then 0.95.
    first, second = sums.build_layer_sums()
    assert first.activation_count.tolist() == [1, 1, 1]
    assert second.activation_count.tolist() == [2, 0, 2, 0]


def test_mean_activation_is_over_all_images(sums: ClassAccumulator) -> None:
    assert sums.build_layer_sums()[0].activation_sum.tolist() == [6.0, 4.0, 3.0]


def test_influence_counts_are_those_computed_by_hand(sums: ClassAccumulator) -> None:
    # The strongest source of each target channel, image 0 and image 1:
    #   second_0: 2 x 1 against 1 x 4 -> first_1; 2 x 5 against 0 -> first_0
    #   second_1: 1 x 4 -> first_1; all others are negative or 0 -> none
    #   second_2: middle shares 3 x 2 = 6 against 1 x 1 = 1 -> first_2; 3 x 1 = 3 against 1 x 5 = 5 -> first_0
    #   second_3: 0.5 x 4 = 2 against 2 passed: a tie -> first_1, the lower; 0 against 1 -> first_2
    ((link,),) = sums.build_pair_sums()
    assert list_counts(link) == {(0, 0): 1, (0, 1): 1, (1, 1): 1, (2, 0): 1, (2, 2): 1, (3, 1): 1, (3, 2): 1}


def test_influences_are_products_of_one_convolution_and_shares_of_several(sums: ClassAccumulator) -> None:
    ((link,),) = sums.build_pair_sums()
    rows = zip(link.target_channel.tolist(), link.source.tolist(), link.influence_sum.tolist(), strict=True)
    found = {(target, source): total for target, source, total in rows}
    assert found[0, 1] == 4 and found[0, 0] == 10 and found[3, 2] == 1
    assert found[2, 2] == pytest.approx(6 / 7) and found[2, 0] == pytest.approx(5 / 8)


def test_examples_are_the_strongest_images_with_their_positions(sums: ClassAccumulator) -> None:
    examples = sums.build_layer_sums()[0].examples
    assert examples.image_id[0, :2].tolist() == [1, 0]
    assert examples.activation[1].tolist()[:2] == [4.0, 0.0]
    assert examples.position[1, 0] == 1


def test_every_sum_is_zero_after_reset(toy: ExportedToy) -> None:
    fresh = toy.accumulate(AggregateConfig())
    before = fresh.build_pair_sums()
    fresh.reset()
    assert all(not s.activation_count.any() and not s.examples.activation.any() for s in fresh.build_layer_sums())
    assert all(not np.any(s.influence_count) for s in fresh.build_pair_sums()[0])
    assert before[0][0].influence_count.any(), "sums that were copied out keep their numbers"


def test_images_added_one_by_one_give_the_sums_of_one_batch(toy: ExportedToy, sums: ClassAccumulator) -> None:
    measure = toy.choose_measure(CONFIG)
    with Parallel(CPU, 1) as parallel:
        single = ClassAccumulator(toy.layers, [measure], CONFIG, parallel)
        for image_id, image in enumerate(IMAGES):
            assert single.update([image_id], toy.record([measure], image[None])) == [""]
    for one, other in zip(single.build_layer_sums(), sums.build_layer_sums(), strict=True):
        assert one.activation_sum.tolist() == other.activation_sum.tolist()
        assert one.examples.image_id.tolist() == other.examples.image_id.tolist()
    assert list_counts(single.build_pair_sums()[0][0]) == list_counts(sums.build_pair_sums()[0][0])


def test_what_a_measure_counts_is_summed_for_itself(toy: ExportedToy) -> None:
    """Chunks of a class can be added convolution by convolution; the links that Summit composes cannot."""
    (counted,) = toy.accumulate(replace(CONFIG, influence="summit")).build_pair_sums()
    assert len(counted) == 4, "direct, reduce, expand, halve"


def test_without_links_every_image_is_added(toy: ExportedToy) -> None:
    with Parallel(CPU, 1) as parallel:
        sums = ClassAccumulator(toy.layers, [], CONFIG, parallel)
        assert sums.update([0, 1], toy.record([])) == ["", ""]
    assert sums.build_pair_sums() == []


# --- examples -------------------------------------------------------------------------------------------------------


def make_examples(activation: list[float], image_id: list[int]) -> Examples:
    """Makes the examples of one channel; each position is ten times the image_id."""
    ids = np.array([image_id], np.int32)
    return Examples(np.array([activation], np.float32), ids, ids * 10)


def test_merging_keeps_the_strongest_and_the_earlier_of_equals() -> None:
    merged = make_examples([5, 3], [4, 1]).merge(make_examples([5, 4, 3], [9, 8, 7]))
    assert merged.activation.tolist() == [[5, 5]] and merged.image_id.tolist() == [[4, 9]]
    assert merged.position.tolist() == [[40, 90]]


def test_merging_into_empty_examples_fills_their_ranks() -> None:
    merged = Examples.make_empty(1, 3).merge(make_examples([2, 1], [5, 6]))
    assert merged.activation.tolist() == [[2, 1, 0]] and merged.image_id.tolist() == [[5, 6, 0]]


def test_examples_of_no_rank_stay_empty() -> None:
    assert Examples.make_empty(2, 0).merge(Examples.make_empty(2, 3)).activation.shape == (2, 0)
