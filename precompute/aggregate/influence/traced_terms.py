"""The arithmetic of arrivals: tables of the influences that reach channels from a link's sources, and their shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Arrivals", "Traits", "compute_shares", "concatenate", "divide", "find_greatest", "identify"]


class Traits:
    """The facts on the channels of an expression that are the same for all images, `(channel,)` of bool.

    They are kept on the CPU, so that no decision waits for a device; `load` copies them to one, once.

    Args:
        is_composed: paths of several steps reach the channel, so that its row is made of shares.
        is_identity: the channel *is* one source channel, or none: its row has a single one, or zeros.
        is_turned: it is that source channel turned round.

    Attributes:
        has_identities, are_identities: at least one channel, or every channel, is a source channel.
        has_turned: at least one channel is turned round.
        are_shares: every row is made of shares already.
    """

    def __init__(self, is_composed: Tensor, is_identity: Tensor, is_turned: Tensor) -> None:
        self.is_composed, self.is_identity, self.is_turned = is_composed, is_identity, is_turned
        self.has_identities, self.are_identities = bool(is_identity.any()), bool(is_identity.all())
        self.has_turned = bool(is_turned.any())
        self.are_shares = bool((is_composed | is_identity).all())
        self._loaded: dict[torch.device, tuple[Tensor, Tensor, Tensor]] = {}

    def load(self, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Returns on a device: the rows that are shares already, the identities, and the channels turned round."""
        if device not in self._loaded:
            rows = self.is_composed | self.is_identity, self.is_identity, self.is_turned
            first, second, third = (one.to(device) for one in rows)
            self._loaded[device] = first, second, third
        return self._loaded[device]

    def select(self, index: Sequence[int]) -> Traits:
        """Selects channels, in the order of `index`."""
        kept = list(index)
        return Traits(self.is_composed[kept], self.is_identity[kept], self.is_turned[kept])

    @classmethod
    def identify(cls, n_channels: int, sign: Tensor | None = None) -> Traits:
        """Returns those of source channels; `sign` `(channel,)` is negative where one is turned round."""
        identity = torch.ones(n_channels, dtype=torch.bool)
        return cls(~identity, identity, ~identity if sign is None else (sign < 0).cpu())

    @classmethod
    def unite(cls, n_channels: int, is_composed: bool) -> Traits:
        """Returns those of a convolution or a sum, whose channels are no source channels."""
        nothing = torch.zeros(n_channels, dtype=torch.bool)
        return cls(nothing | is_composed, nothing, nothing)

    @classmethod
    def concatenate(cls, parts: Sequence[Traits]) -> Traits:
        """Concatenates those of several values."""
        return cls(
            torch.cat([part.is_composed for part in parts]),
            torch.cat([part.is_identity for part in parts]),
            torch.cat([part.is_turned for part in parts]),
        )


@dataclass(frozen=True)
class Arrivals:
    """The influences that arrive at some channels from the recorded sources.

    Attributes:
        influence: `(batch, channel, source)`, not negative; the batch may be 1 where images do not differ.
        traits: of the channels.
    """

    influence: Tensor
    traits: Traits


def identify(influence: Tensor, sign: Tensor | None = None) -> Arrivals:
    """Builds the arrivals of channels that are source channels themselves.

    Args:
        influence: `(batch, channel, source)`, at most a single one in each row.
        sign: `(channel,)`, negative where the source channel is turned round; None: nowhere.
    """
    return Arrivals(influence, Traits.identify(influence.shape[1], sign))


def concatenate(parts: Sequence[Tensor]) -> Tensor:
    """Concatenates tables `(batch, channel, source)` by channel; batches of 1 are repeated where others are longer."""
    batch = max(len(part) for part in parts)
    return torch.cat([part.expand(batch, -1, -1) for part in parts], dim=1)


def compute_shares(arrivals: Arrivals) -> Tensor:
    """Computes `(batch, channel, source)`: each row over its sum; composed rows and identities are shares already."""
    influence, traits = arrivals.influence, arrivals.traits
    if traits.are_shares:
        return influence
    is_settled, *_ = traits.load(influence.device)
    return divide(influence, influence.sum(2).masked_fill_(is_settled, 1))


def divide(influence: Tensor, total: Tensor) -> Tensor:
    """Divides `(batch, channel, source)` by `(batch, channel)`; 0 where nothing arrives."""
    return influence * torch.where(total > 0, 1 / total, 0)[:, :, None]


def find_greatest(values: Tensor, factor: Tensor | None) -> Tensor:
    """Finds the greatest value of every channel `(batch, channel, position)`, after a factor `(channel,)` if any."""
    greatest = values.amax(2)
    if factor is None:
        return greatest
    return torch.where(factor < 0, factor * values.amin(2), factor * greatest)
