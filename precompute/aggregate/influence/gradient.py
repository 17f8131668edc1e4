"""Gradient x activation: influence through anything that can be differentiated, attention included.

For each channel in an image's set of strongest ones, the gradient of its activation times the activations of the layer
before, summed over positions, positive part (algorithms.md, "Influence"). No provenance is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, fx

from precompute.aggregate.influence.pairs import PairInfluence, PairSums, strongest_sources
from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels.activation import spatial_maximum, strongest_channels
from precompute.models.graph.exported import ExportedModel
from precompute.models.provenance.links import Link


class GradientInfluence(PairInfluence):
    """Influences of the layers that feed a link's target on the target's strongest channels."""

    def __init__(self, model: ExportedModel, link: Link, activation_mass: float) -> None:
        self._link, self._mass, self._layouts = link, activation_mass, model.layouts
        self._sources = [source.node for source in link.sources]
        # The image goes in as well: values may reach the target past all recorded layers, and views read its size.
        self._given = [*self._sources, model.input]
        self._forward = model.sub_graph([link.target.node], given=self._given)

    @property
    def n_targets(self) -> int:
        return self._link.target.n_channels

    @property
    def n_sources(self) -> int:
        return sum(source.n_channels for source in self._link.sources)

    def __call__(self, values: Values) -> Tensor:
        """Influences of one batch, `(batch, target channel, source channel)`; 0 for targets that are not strongest."""
        return torch.stack([self._of_image(image) for image in values.alone()])

    def strongest(self, values: Values, top_k: int) -> tuple[Tensor, Tensor]:
        """Finds them as `PairInfluence.strongest` does; all NaN where any influence is, as at the root of 0."""
        influence = self(values)[0]
        strengths, sources = strongest_sources(influence, top_k)
        return strengths if bool(torch.isfinite(influence).all()) else strengths.fill_(torch.nan), sources

    def _of_image(self, values: Values) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            found = torch.zeros(self.n_targets, self.n_sources, device=values.device)
            given = [values.raw(node).clone() for node in self._given]
            leaves = [value.requires_grad_() for value in given[:-1]]
            (target,) = self._forward(*given)
            activation, _ = spatial_maximum(self._layouts[self._link.target.node].maps(target))
            kept = strongest_channels(activation.detach(), self._mass)[0].nonzero()[:, 0].tolist()
            for channel in kept:
                gradients = torch.autograd.grad(
                    activation[0, channel], leaves, retain_graph=channel != kept[-1], allow_unused=True
                )
                found[channel] = torch.cat(
                    [
                        self._summed(node, leaf.detach(), gradient)
                        for node, leaf, gradient in zip(self._sources, leaves, gradients, strict=True)
                    ]
                )
            return found.clamp_min_(0)

    def _summed(self, node: fx.Node, activation: Tensor, gradient: Tensor | None) -> Tensor:
        """Gradient x activation over positions, `(channel,)`; 0 where the source does not reach the channel."""
        layout = self._layouts[node]
        if gradient is None:
            return torch.zeros(layout.n_channels, device=activation.device)
        return layout.maps(gradient * activation)[0].flatten(1).sum(1)


class GradientMeasure:
    """The influences of a link by gradients."""

    name = "gradient"

    def __init__(self, model: ExportedModel, link: Link, activation_mass: float) -> None:
        self.link = link
        self._influence = GradientInfluence(model, link, activation_mass)
        self._input = model.input

    @property
    def counted(self) -> Sequence[PairInfluence]:
        return [self._influence]

    @property
    def nodes(self) -> set[fx.Node]:
        """Both ends of the link, and the image."""
        return {self.link.target.node, self._input, *(source.node for source in self.link.sources)}

    def link_sums(self, sums: Sequence[PairSums], n_images: int) -> PairSums:
        """What was counted is the link."""
        (counted,) = sums
        return counted
