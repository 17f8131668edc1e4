"""The interface of methods: options, and maps as they are shown."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.target import Target


def make_method(**changed: object) -> Method:
    """Makes a method whose map is full of its option `value`."""
    parts = {
        "name": "constant", "title": "Constant", "rank": 1, "family": "signed", "grid": "input",
        "citation": "this test", "needs": "Any model.",
        "holds": "Every pixel is the same.", "options": {"value": 1.0, "scale": 2.0},
        "compute": lambda explainer, images, targets, given: Explanation(
            torch.full_like(images, given["value"] * given["scale"]), torch.zeros(len(images))
        ),
    }  # fmt: skip
    return Method(**{**parts, **changed})  # type: ignore[arg-type]


def test_options_have_defaults(explainer: Explainer, images: Tensor) -> None:
    targets = [Target(0)] * 4
    assert (make_method().explain(explainer, images, targets).map == 2).all()
    assert (make_method().explain(explainer, images, targets, {"value": 3.0}).map == 6).all()


def test_an_unknown_option_is_refused_by_name(explainer: Explainer, images: Tensor) -> None:
    with pytest.raises(InputError, match=r"constant has the options value, scale\. Found valu\. Did you mean value"):
        make_method().explain(explainer, images, [Target(0)] * 4, {"valu": 3.0})
    with pytest.raises(InputError, match="has the options none"):
        make_method(options={}).explain(explainer, images, [Target(0)] * 4, {"valu": 3.0})


def test_colours_are_taken_together_for_display() -> None:
    maps = torch.tensor([[[[1.0, -3.0]], [[2.0, 1.0]]]])
    assert make_method().flatten(maps).tolist() == [[[3.0, -2.0]]]
    assert make_method(colours="greatest").flatten(maps).tolist() == [[[2.0, 3.0]]]
    assert make_method().flatten(maps[:, 0]).tolist() == [[[1.0, -3.0]]]
