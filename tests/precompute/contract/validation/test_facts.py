"""Facts that later tables refer to: known classes, layers and images have limits, unknown ones have none."""

from __future__ import annotations

import numpy as np

from precompute.contract.validation.facts import Facts

NO_LIMIT = np.iinfo(np.int64).max


def test_channels_are_counted_by_index_of_the_layer() -> None:
    """The table of layers lacks the second layer, and has a layer that the manifest does not name."""
    layers = {"layer": np.array([2, -1, 0]), "n_channels": np.array([7, 99, 3])}

    limits = Facts(("stem", "block", "head"), kept={"layers": layers}).count_channels()

    assert limits is not None and limits.tolist() == [3, NO_LIMIT, 7, NO_LIMIT]
    assert limits[-1] == NO_LIMIT, "the unknown layer -1"


def test_without_a_table_of_layers_no_channel_has_a_limit() -> None:
    assert Facts(("stem",)).count_channels() is None


def test_images_are_counted_by_class_in_any_order() -> None:
    classes = {"class_id": np.array([7, 3]), "n_images": np.array([70, 30])}

    found = Facts((), kept={"classes": classes}).count_images(np.array([3, 7, 7, 5, 8]))

    assert found.tolist() == [30, 70, 70, NO_LIMIT, NO_LIMIT]


def test_an_empty_table_of_classes_sets_no_limit() -> None:
    nothing = np.zeros(0, np.int64)

    assert Facts((), kept={"classes": {"class_id": nothing, "n_images": nothing}}).count_images(np.array([1])) == [
        NO_LIMIT
    ]


def test_an_image_that_the_run_does_not_hold_has_no_size() -> None:
    images = {"image_id": np.array([2, 5]), "width": np.array([8, 8]), "height": np.array([6, 6])}

    width, height = Facts((), kept={"example_images": images}).find_image_sizes(np.array([5, 4, 2, 9]))

    assert width.tolist() == [8, 0, 8, 0] and height.tolist() == [6, 0, 6, 0]
    assert [size.tolist() for size in Facts(()).find_image_sizes(np.array([5]))] == [[0], [0]]
