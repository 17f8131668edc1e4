"""Counts on the demo equal the slow reference, every one of them, image by image and by batches."""

from __future__ import annotations

import pytest
import torch

from precompute.demo.images import DemoImages
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.sources.loading import LoadedModel, ModelConfig, load_model
from tests.reference.influence import find_ties
from tests.reference.networks import DEMO
from tests.support.counting import find_differences
from tests.support.dispatches import count_dispatches


@pytest.fixture(scope="module")
def demo() -> LoadedModel:
    return load_model(ModelConfig("demo"))


def test_demo_counts_equal_the_reference(demo: LoadedModel) -> None:
    source = DemoImages(images_per_class=1)
    wrong, n_counts = find_differences(demo, source, list(source.images[::8]), DEMO)
    assert n_counts > 1500
    assert wrong == {}


def test_the_operations_of_the_pass_do_not_depend_on_the_number_of_images(demo: LoadedModel) -> None:
    model = ExportedModel(demo.module, (3, 96, 96))
    few, many = count_dispatches(model, select_layers(model), (1, 64))
    assert 0 < many <= 1.1 * few


def test_the_reference_knows_which_of_its_choices_single_precision_cannot_make() -> None:
    influence = torch.tensor([[0.5, 0.3, 0.3 * (1 + 3e-7), 0.1], [0.5, 0.3, 0.29, 0.1], [0.2, 0.2, 0.0, 0.0]])
    assert find_ties(influence, 2) == [[1, 2], [], []]
