"""What a picture is optimised for."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

__all__ = ["ObjectiveValues", "channel_objective"]


class ObjectiveValues(NamedTuple):
    """Per picture, `(batch,)`, in the layer's own unit.

    Attributes:
        objective: what is maximised.
        maximum: the channel's greatest value over all positions, the measure that `activations` counts by.
    """

    objective: Tensor
    maximum: Tensor


def channel_objective(activations: Tensor, channels: Tensor) -> ObjectiveValues:
    """The mean over positions of one channel for each picture: picture `b` is for channel `channels[b]`.

    Pictures do not mix, so one forward and one backward pass serve the whole batch.

    Args:
        activations: the layer's output, `(batch, channel, height, width)`, or `(batch, channel)` without positions.
        channels: `(batch,)` of indices.
    """
    batch = activations.shape[0]
    chosen = activations.reshape(batch, activations.shape[1], -1)[range(batch), channels]
    return ObjectiveValues(chosen.mean(dim=1), chosen.amax(dim=1))
