"""Channel attribution: how much each channel of a recorded layer speaks for a class in some images.

It is the sum over positions of value times gradient (Olah et al. 2018, "The Building Blocks of Interpretability",
section on attribution), averaged over images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target

__all__ = ["AttributedChannel", "ChannelAttribution", "Strongest", "compute_channel_attribution"]


@dataclass(frozen=True)
class AttributedChannel:
    """A channel and its attribution, in the unit of the score."""

    channel: int
    attribution: float


@dataclass(frozen=True)
class Strongest:
    """The strongest channels of one sign.

    Attributes:
        channels: strongest first; equal ones by the lower channel.
        share: of the sum over all channels of that sign, in [0, 1]; None where there is no such channel.
    """

    channels: tuple[AttributedChannel, ...]
    share: float | None


@dataclass(frozen=True)
class ChannelAttribution:
    """The attributions of a layer's channels.

    Attributes:
        layer: its name.
        by_image: `(image, channel)`, float32.
        scores: of the targets, `(image,)`.
    """

    layer: str
    by_image: Tensor
    scores: Tensor

    @property
    def mean(self) -> Tensor:
        """The mean over the images, `(channel,)`, float64."""
        return self.by_image.double().mean(0)

    def find_strongest(self, n_channels: int, sign: int = 1) -> Strongest:
        """Finds the channels of the greatest mean attribution of one sign.

        Args:
            n_channels: at most.
            sign: 1 for channels that raise the score, -1 for those that lower it.
        """
        strengths = (self.mean * sign).clamp_min(0)
        order = strengths.argsort(descending=True, stable=True)[:n_channels].tolist()
        kept = [channel for channel in order if strengths[channel] > 0]
        total = float(strengths.sum())
        share = float(strengths[kept].sum()) / total if total > 0 else None
        return Strongest(tuple(AttributedChannel(one, sign * float(strengths[one])) for one in kept), share)


def compute_channel_attribution(
    explainer: Explainer, layer: str, images: Tensor, targets: Sequence[Target]
) -> ChannelAttribution:
    """Computes the attribution of every channel of a recorded layer, image by image.

    Args:
        explainer: the model.
        layer: its name.
        images: `(image, channel, height, width)`, after preprocessing; at least one.
        targets: one for each image.

    Raises:
        InputError: the layer is not recorded, or there is no image.
    """
    if not len(images):
        raise InputError("Channels are attributed for at least one image.", "Found none.", "Name an image.")
    values, gradients, scores = explainer.read_layer(layer, images, targets)
    return ChannelAttribution(layer, (values * gradients).sum((2, 3)), scores)
