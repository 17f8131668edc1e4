"""The method `integrated_gradients`: equal to its definition, and right within the error that it states."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from tests.reference.maps import explain_by_path
from tests.support.explained import build_explainer

METHOD = find_method("integrated_gradients")
TARGETS = [Target(0), Target(1, 2), Target(2), Target(0, 1)]


class Square(nn.Module):
    """Logits a^2 + b and c."""

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return torch.stack([flat[:, 0] ** 2 + flat[:, 1], flat[:, 2]], 1)


def test_a_square_is_shared_out_exactly() -> None:
    image = torch.tensor([3.0, 2.0, 5.0]).view(1, 3, 1, 1)
    found = METHOD.explain(build_explainer(Square(), (3, 1, 1)), image, [Target(0)], {"points": 2, "parts": 1})
    assert found.map.flatten().tolist() == pytest.approx([9.0, 2.0, 0.0], rel=1e-6)
    assert found.reference_scores is not None
    assert found.reference_scores.tolist() == [0.0]
    assert found.facts["points"] == [2], "two points integrate a cubic"


def test_equals_the_definition_point_by_point(explainer: Explainer, small: nn.Module, images: Tensor) -> None:
    options = {"points": 8, "parts": 1, "reference": "black", "batch_size": 5, "tolerance": 10}
    found = METHOD.explain(explainer, images, TARGETS, options)

    def score(image: Tensor) -> Tensor:
        logits = small(image[None])[0]
        return logits[1] - logits[2]

    expected = explain_by_path(score, images[1], torch.full_like(images[1], -1.0), 8)
    torch.testing.assert_close(found.map[1], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("reference", ["mean", "blurred", "black"])
def test_the_sum_is_right_within_the_stated_error(explainer: Explainer, images: Tensor, reference: str) -> None:
    found = METHOD.explain(explainer, images, TARGETS, {"reference": reference})
    assert found.reference_scores is not None and found.error is not None
    change = found.scores - found.reference_scores
    missed = (found.map.sum((1, 2, 3)) - change).abs()
    torch.testing.assert_close(missed, found.error * change.abs(), rtol=1e-2, atol=1e-5)
    done = torch.tensor(found.facts["points"]) < 256
    assert (found.error[done] <= 0.01).all()


def test_parts_are_halved_for_the_images_alone_that_need_it(explainer: Explainer, images: Tensor) -> None:
    one = METHOD.explain(explainer, images, TARGETS, {"points": 1, "tolerance": 0.1, "max_points": 64})
    assert len(set(one.facts["points"])) > 1
    assert max(one.facts["points"]) <= 64
    for number in range(4):
        alone = METHOD.explain(
            explainer,
            images[number : number + 1],
            TARGETS[number : number + 1],
            {"points": 1, "tolerance": 0.1, "max_points": 64},
        )
        assert alone.facts["points"] == one.facts["points"][number : number + 1]
        torch.testing.assert_close(alone.map[0], one.map[number], rtol=1e-4, atol=1e-6)


def test_only_the_part_of_the_path_that_misses_most_is_halved() -> None:
    """The score bends at a tenth of the way alone, so that points are needed there alone."""

    class Bent(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            flat = x.flatten(1)
            return torch.stack([flat[:, 0] + 50 * (flat[:, 0] - 0.1).relu(), flat[:, 1]], 1)

    found = METHOD.explain(
        build_explainer(Bent(), (3, 1, 1)),
        torch.ones(1, 3, 1, 1),
        [Target(0)],
        {"points": 1, "parts": 2, "tolerance": 1e-4, "reference": torch.zeros(3, 1, 1)},
    )
    assert found.map.flatten()[0].item() == pytest.approx(46.0, rel=1e-4)
    assert found.facts["points"][0] <= 30


def test_an_image_of_ones_own_may_be_the_reference(explainer: Explainer, images: Tensor) -> None:
    own = METHOD.explain(explainer, images[:1], TARGETS[:1], {"reference": torch.zeros(3, 6, 6)})
    mean = METHOD.explain(explainer, images[:1], TARGETS[:1])
    torch.testing.assert_close(own.map, mean.map)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": "blured"}, r"Found blured\. Did you mean blurred\?"),
        ({"reference": torch.zeros(3, 5, 6)}, r"shape of the model's input, \(3, 6, 6\)\. Found \(3, 5, 6\)"),
        ({"points": 0}, r"Found 0 points"),
        ({"points": 128}, r"Found 512 points, and at most 256"),
    ],
)
def test_a_wrong_option_is_refused(
    explainer: Explainer, images: Tensor, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        METHOD.explain(explainer, images, TARGETS, options)
