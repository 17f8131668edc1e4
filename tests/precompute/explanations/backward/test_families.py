"""Walks through the families of networks that differ in their operators; docs/explanations.md has the large ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import nn
from torchvision import models

from precompute.explanations.backward.walks import WALKS
from precompute.explanations.target import Target
from tests.docs.explained_models import randomize
from tests.support.explained import build_explainer

SIDE = 32
FAMILIES: Mapping[str, Callable[[], nn.Module]] = {
    "gates": lambda: models.mobilenet_v3_small(num_classes=4),
    "concatenations": lambda: models.DenseNet(8, (2, 2), 8, num_classes=4),
    "attention": lambda: models.VisionTransformer(SIDE, 8, 2, 2, 16, 32, num_classes=4),
    "windows": lambda: models.SwinTransformer([4, 4], 16, [2, 2], [2, 2], [2, 2], num_classes=4),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_contributions_and_relevance_are_accounted_for(family: str) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module, images = randomize(FAMILIES[family](), SIDE), torch.randn(2, 3, SIDE, SIDE)
    explainer = build_explainer(module, (3, SIDE, SIDE), limit=3.0)
    targets = [Target(1, 2), Target(3)]
    found = WALKS["deeplift"](explainer, images, targets, {"reference": "mean"})
    assert found.reference_scores is not None
    torch.testing.assert_close(
        found.run().flatten(1).sum(1), found.scores - found.reference_scores, rtol=1e-3, atol=1e-5
    )
    relevance = WALKS["lrp"](explainer, images, targets, {"preset": "epsilon_plus_flat", "rules": None})
    reached = relevance.run().flatten(1).sum(1)
    assert relevance.ledger is not None
    absorbed = torch.tensor([entry["absorbed"] for entry in relevance.ledger.describe(relevance.scores)]).sum(0)
    torch.testing.assert_close(reached + absorbed * relevance.scores.abs(), relevance.scores, rtol=1e-2, atol=1e-3)
