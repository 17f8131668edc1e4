"""Gradient x activation: influence through anything that can be differentiated, attention included.

For each channel in an image's set of strongest ones: the gradient of its activation times the activations of the layer
before, summed over positions, positive part (Shrikumar et al. 2016, section 2; the strongest channels are those of
Hohman et al. 2020, section 6.1).
"""

from __future__ import annotations

import torch
from torch import Tensor, fx

from precompute.aggregate.influence.pairs import PairInfluence, find_strongest_sources
from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels.activation import find_spatial_maximum, find_strongest_channels
from precompute.models.graph.exported import ExportedModel
from precompute.models.provenance.links import Link

__all__ = ["GradientInfluence"]


class GradientInfluence(PairInfluence):
    """Influences of the layers that feed a link's target on the target's strongest channels.

    Args:
        model: the exported model, whose graph is differentiated.
        link: the layers on both sides.
        activation_mass: share of the target's total activation that an image's strongest channels reach.
    """

    def __init__(self, model: ExportedModel, link: Link, activation_mass: float) -> None:
        self._link, self._mass, self._layouts = link, activation_mass, model.layouts
        self._sources = [source.node for source in link.sources]
        # The image goes in as well: values may reach the target past all recorded layers, and views read its size.
        self._given = [*self._sources, model.input]
        self._forward = model.build_sub_graph([link.target.node], given=self._given)

    @property
    def n_targets(self) -> int:
        return self._link.target.n_channels

    @property
    def n_sources(self) -> int:
        return sum(source.n_channels for source in self._link.sources)

    def __call__(self, values: Values) -> Tensor:
        """Computes a batch's influences `(batch, target channel, source channel)`; 0 for targets not strongest."""
        return torch.stack([self._compute_image(image) for image in values.split_images()])

    def find_strongest(self, values: Values, top_k: int) -> tuple[Tensor, Tensor]:
        """Finds an image's strongest sources; strengths are all NaN where any influence is no finite number.

        A gradient may be infinite although all values are finite: that of a root at 0 is.
        """
        influence = self(values)[0]
        strengths, sources = find_strongest_sources(influence, top_k)
        return strengths if bool(torch.isfinite(influence).all()) else strengths.fill_(torch.nan), sources

    def _compute_image(self, values: Values) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            found = torch.zeros(self.n_targets, self.n_sources, device=values.device)
            given = [values.read_raw(node).clone() for node in self._given]
            leaves = [value.requires_grad_() for value in given[:-1]]
            (target,) = self._forward(*given)
            activation, _ = find_spatial_maximum(self._layouts[self._link.target.node].view_maps(target))
            kept = find_strongest_channels(activation.detach(), self._mass)[0].nonzero()[:, 0].tolist()
            for channel in kept:
                gradients = torch.autograd.grad(
                    activation[0, channel], leaves, retain_graph=channel != kept[-1], allow_unused=True
                )
                found[channel] = torch.cat(
                    [
                        self._sum_positions(node, leaf.detach(), gradient)
                        for node, leaf, gradient in zip(self._sources, leaves, gradients, strict=True)
                    ]
                )
            return found.clamp_min_(0)

    def _sum_positions(self, node: fx.Node, activation: Tensor, gradient: Tensor | None) -> Tensor:
        """Sums gradient x activation over positions, `(channel,)`; 0 where no path leads to the target channel."""
        layout = self._layouts[node]
        if gradient is None:
            return torch.zeros(layout.n_channels, device=activation.device)
        return layout.view_maps(gradient * activation)[0].flatten(1).sum(1)
