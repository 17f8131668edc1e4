"""Local response normalization as one operator, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from precompute.feature_visualization.ascent.local_response_norm import normalize_local_response


@pytest.mark.parametrize(("size", "beta"), [(5, 0.75), (4, 0.75), (3, 0.5), (1, 1.0)])
def test_local_response_norm_is_torchs(size: int, beta: float) -> None:
    inputs = torch.randn((2, 9, 4, 5), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mine, theirs = inputs.clone().requires_grad_(), inputs.clone().requires_grad_()
    weight = torch.randn((2, 9, 4, 5), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = normalize_local_response(mine, size, 0.3, beta, 1.5)
    expected = functional.local_response_norm(theirs, size, 0.3, beta, 1.5)
    torch.testing.assert_close(found, expected)
    (found * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(mine.grad, theirs.grad)
