"""The arithmetic of arrivals: tables of the influences that reach channels from a link's sources, and their shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Arrivals", "compute_shares", "concatenate", "divide", "find_greatest", "identify"]


@dataclass(frozen=True)
class Arrivals:
    """The influences that arrive at some channels from the recorded sources.

    Attributes:
        influence: `(batch, channel, source)`, not negative; the batch may be 1 where images do not differ.
        is_composed: `(channel,)`, paths of several steps reach the channel, so that its row is made of shares.
        is_identity: `(channel,)`, the channel *is* one source channel, or none: a row with a single one, or zeros.
        is_turned: `(channel,)`, it is that source channel turned round.
    """

    influence: Tensor
    is_composed: Tensor
    is_identity: Tensor
    is_turned: Tensor

    def select(self, index: Sequence[int]) -> Arrivals:
        """Selects channels, in the order of `index`."""
        kept = list(index)
        return Arrivals(self.influence[:, kept], self.is_composed[kept], self.is_identity[kept], self.is_turned[kept])


def identify(influence: Tensor, sign: Tensor | None = None) -> Arrivals:
    """Builds the arrivals of channels that are source channels themselves.

    Args:
        influence: `(batch, channel, source)`, at most a single one in each row.
        sign: `(channel,)`, negative where the source channel is turned round; None: nowhere.
    """
    identity = torch.ones(influence.shape[1], dtype=torch.bool, device=influence.device)
    is_turned = ~identity if sign is None else (sign < 0).to(influence.device)
    return Arrivals(influence, ~identity, identity, is_turned)


def concatenate(parts: list[Arrivals]) -> Arrivals:
    """Concatenates arrivals along the channels; batches of 1 are repeated where others are longer."""
    batch = max(len(part.influence) for part in parts)
    return Arrivals(
        torch.cat([part.influence.expand(batch, -1, -1) for part in parts], dim=1),
        is_composed=torch.cat([part.is_composed for part in parts]),
        is_identity=torch.cat([part.is_identity for part in parts]),
        is_turned=torch.cat([part.is_turned for part in parts]),
    )


def compute_shares(arrivals: Arrivals) -> Tensor:
    """Computes `(batch, channel, source)`: each row over its sum; composed rows and identities are shares already."""
    settled = arrivals.is_composed | arrivals.is_identity
    if bool(settled.all()):
        return arrivals.influence
    total = arrivals.influence.sum(2)
    return divide(arrivals.influence, torch.where(settled, torch.ones_like(total), total))


def divide(influence: Tensor, total: Tensor) -> Tensor:
    """Divides `(batch, channel, source)` by `(batch, channel)`; 0 where nothing arrives."""
    return influence * torch.where(total > 0, 1 / total, 0)[:, :, None]


def find_greatest(values: Tensor, factor: Tensor | None) -> Tensor:
    """Finds the greatest value of every channel `(batch, channel, position)`, after a factor `(channel,)` if any."""
    greatest = values.amax(2)
    if factor is None:
        return greatest
    factor = factor.to(values)
    return torch.where(factor < 0, factor * values.amin(2), factor * greatest)
