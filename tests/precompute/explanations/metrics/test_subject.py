"""Maps of changed images: each for the target of its owner, in batches that fit into memory."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from precompute.explanations.explainer import Explainer
from precompute.explanations.metrics.subject import apply_method, split_batches
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from tests.support.memory import FullDevice


def test_batches_cover_a_length() -> None:
    assert [range(10)[some] for some in split_batches(10, 4)] == [range(4), range(4, 8), range(8, 10)]


def test_out_of_memory_maps_are_made_of_fewer_images_and_stay_the_same(
    explainer: Explainer, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets, owners = [Target(0), Target(2)], torch.tensor([1, 0, 0, 1])
    whole = apply_method(explainer, find_method("lrp"), targets)(images, owners)
    device, record = FullDevice(2), Explainer.record
    monkeypatch.setattr(Explainer, "record", lambda self, some: device.limit(lambda _: record(self, some))(some))
    halved = apply_method(explainer, find_method("lrp"), targets)(images, owners)
    assert device.sizes == [4, 2, 2]
    torch.testing.assert_close(halved, whole)
