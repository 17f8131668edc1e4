"""Scaled dot-product attention, taken apart (Vaswani et al. 2017, section 3.2.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from precompute.explanations.backward.step import Step

__all__ = ["Attention", "read_attention"]


@dataclass(frozen=True)
class Attention:
    """The parts of one attention that do not depend on the values.

    Attributes:
        scale: of the products of queries and keys.
        mask: added to these; None for none.
    """

    scale: float
    mask: Tensor | None

    def compute_products(self, query: Tensor, key: Tensor) -> Tensor:
        """Computes the scaled and masked products, `(..., query, key)`."""
        products = query @ key.mT * self.scale
        return products if self.mask is None else products + self.mask

    def compute_weights(self, query: Tensor, key: Tensor) -> Tensor:
        """Computes the weights of all keys for each query, which sum to 1."""
        return self.compute_products(query, key).softmax(-1)


def read_attention(step: Step, method: str) -> Attention:
    """Reads an attention.

    Raises:
        InputError: its mask depends on the image, or its heads share keys.
    """
    query, key = step.get("query"), step.get("key")
    if step.get("enable_gqa"):
        raise step.build_refusal(method, "its heads share keys")
    mask = step.get("attn_mask")
    if mask is not None and any(step.values[node] is mask for node in step.inputs):
        raise step.build_refusal(method, "its mask depends on the image")
    if step.get("is_causal"):
        mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril()
    if mask is not None and mask.dtype == torch.bool:
        mask = torch.zeros(mask.shape).to(query).masked_fill(~mask, -math.inf)
    scale = step.get("scale")
    return Attention(query.shape[-1] ** -0.5 if scale is None else scale, mask)
