"""The quality of methods: every metric asked for, beside baselines, as for the images one by one."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.metrics.selectivity import Removal
from precompute.explanations.quality import METRICS, Measurement, QualityConfig, measure_quality
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from tests.support.memory import FullDevice

CONFIG = QualityConfig(METRICS, Removal(patches=3, steps=3), n_random=2, n_shifts=2, batch_size=3)
TARGETS = [Target(2), Target(2), Target(0), Target(0)]
METHODS = [find_method("simple_taylor"), find_method("grad_cam")]


@pytest.fixture(scope="module")
def measured(explainer: Explainer, images: Tensor) -> list[Measurement]:
    return measure_quality(explainer, images, TARGETS, METHODS, CONFIG)


def test_every_metric_of_every_method_is_there(measured: list[Measurement]) -> None:
    found = {(each.method, each.metric) for each in measured}
    common = {"continuity", "selectivity", "selectivity_probability", "selectivity_recomputed"}
    own = {*common, "selectivity_over_edges", "selectivity_over_random", "randomisation"}
    assert found == {
        *((name, metric) for name in ("random", "edges") for metric in common),
        *((name, metric) for name in ("simple_taylor", "grad_cam") for metric in own),
        ("simple_taylor", "error"),
    }
    assert all(len(each.values) == 4 for each in measured)


def test_differences_are_of_the_same_images(measured: list[Measurement]) -> None:
    values = {(each.method, each.metric): torch.tensor(each.values) for each in measured}
    expected = values["grad_cam", "selectivity"] - values["edges", "selectivity"]
    torch.testing.assert_close(values["grad_cam", "selectivity_over_edges"], expected, equal_nan=True)


def test_an_image_alone_has_the_same_figures(measured: list[Measurement], explainer: Explainer, images: Tensor) -> None:
    alone = measure_quality(explainer, images[:1], TARGETS[:1], METHODS, CONFIG)
    together = {(each.method, each.metric): each.values[0] for each in measured}
    for each in alone:
        expected = together[each.method, each.metric]
        assert each.values[0] == pytest.approx(expected, rel=1e-3, abs=1e-5, nan_ok=True), each


def test_weights_are_restored(explainer: Explainer, images: Tensor) -> None:
    before = explainer.compute_logits(images)
    config = replace(CONFIG, metrics=("randomisation",))
    found = measure_quality(explainer, images, TARGETS, METHODS[:1], config)
    assert torch.equal(explainer.compute_logits(images), before)
    assert max(found[0].values) < 1


def test_a_map_without_relevance_orders_nothing(explainer: Explainer, images: Tensor) -> None:
    def compute(explainer: Explainer, images: Tensor, targets: object, options: object) -> Explanation:
        return Explanation(torch.zeros(len(images), 2, 2), torch.zeros(len(images)))

    empty = replace(find_method("grad_cam"), name="empty", compute=compute)
    found = measure_quality(explainer, images, TARGETS, [empty], replace(CONFIG, metrics=("selectivity", "continuity")))
    assert all(math.isnan(value) for each in found if each.method == "empty" for value in each.values)


def test_an_unknown_metric_is_refused() -> None:
    with pytest.raises(InputError, match=r"A metric is one of error.*Found beauty\."):
        QualityConfig(metrics=("beauty",))


def refuse_some(numbers: list[int], images: Tensor) -> Method:
    """Returns a method that refuses some of the images, alone or in a batch."""

    def compute(explainer: Explainer, batch: Tensor, targets: object, options: object) -> Explanation:
        if any(torch.equal(one, images[number]) for one in batch for number in numbers):
            raise InputError("The score is above 0.", "It is not.", "Take another class.")
        return Explanation(batch.square(), torch.zeros(len(batch)))

    return replace(find_method("simple_taylor"), name="choosy", compute=compute)


def test_an_image_that_is_refused_has_no_figures_and_hinders_no_other(explainer: Explainer, images: Tensor) -> None:
    config = replace(CONFIG, metrics=("selectivity", "randomisation"))
    found = measure_quality(explainer, images, TARGETS, [refuse_some([1], images)], config)
    of_method = [each for each in found if each.method == "choosy"]
    assert {each.metric for each in of_method} >= {"selectivity_probability", "randomisation"}
    for each in of_method:
        assert math.isnan(each.values[1]), each.metric
    (same,) = (each for each in of_method if each.metric == "randomisation")
    assert [same.values[n] for n in (0, 2, 3)] == [pytest.approx(1.0)] * 3


def test_a_method_that_refuses_every_image_is_refused(explainer: Explainer, images: Tensor) -> None:
    with pytest.raises(InputError, match=r"The score is above 0"):
        measure_quality(explainer, images, TARGETS, [refuse_some([0, 1, 2, 3], images)], CONFIG)


def test_out_of_memory_fewer_images_are_explained_together_and_the_figures_are_the_same(
    explainer: Explainer, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Walks record a whole batch, so that the methods' own batches are halved; the passes of others halve alone."""
    methods = [find_method(name) for name in ("lrp", "integrated_gradients", "smoothgrad", "occlusion")]
    config = replace(CONFIG, metrics=("error", "continuity", "selectivity"))
    whole = measure_quality(explainer, images, TARGETS, methods, config)
    device, build = FullDevice(1), Explainer._build
    monkeypatch.setattr(Explainer, "_build", lambda *given: device.limit(build(*given)))
    fresh = Explainer(explainer.exported, explainer.input_range, explainer.layers)
    halved = measure_quality(fresh, images, TARGETS, methods, config)
    assert device.n_refused and device.largest == 1
    for one, other in zip(whole, halved, strict=True):
        assert (one.method, one.metric) == (other.method, other.metric)
        assert other.values == pytest.approx(one.values, rel=1e-3, abs=1e-5, nan_ok=True), one
