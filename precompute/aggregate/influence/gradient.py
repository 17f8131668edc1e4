"""Gradient x activation: influence through anything that can be differentiated, attention included.

For each channel in an image's set of strongest ones: the gradient of its activation times the activations of the layer
before, summed over positions, positive part (Shrikumar et al. 2016, section 2; the strongest channels are those of
Hohman et al. 2020, section 6.1).
"""

from __future__ import annotations

import torch
from torch import Tensor, fx

from precompute.aggregate.influence.pairs import PairInfluence, find_strongest_of_batch, find_strongest_sources
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
        """Computes a batch's influences `(batch, target channel, source channel)`; 0 for targets not strongest.

        The first pass back is that of every image's strongest channel, the next that of the second one, and so on:
        images of a batch do not touch each other.
        """
        with torch.inference_mode(False), torch.enable_grad():
            found = torch.zeros(len(values), self.n_targets, self.n_sources, device=values.device)
            given = [values.read_raw(node).clone() for node in self._given]
            leaves = [value.requires_grad_() for value in given[:-1]]
            (target,) = self._forward(*given)
            activation, _ = find_spatial_maximum(self._layouts[self._link.target.node].view_maps(target))
            kept = find_strongest_channels(activation.detach(), self._mass)
            order = kept.int().sort(dim=1, descending=True, stable=True).indices
            most = int(kept.sum(1).max())
            for rank in range(most):
                channel = order[:, rank, None]
                is_kept = kept.gather(1, channel)
                chosen = torch.where(is_kept, activation.gather(1, channel), 0).sum()
                gradients = torch.autograd.grad(chosen, leaves, retain_graph=rank + 1 < most, allow_unused=True)
                row = torch.cat(
                    [
                        self._sum_positions(node, leaf.detach(), gradient)
                        for node, leaf, gradient in zip(self._sources, leaves, gradients, strict=True)
                    ],
                    1,
                )
                row = torch.where(is_kept, row, 0)  # an image that has no such channel has its last one once more
                found.scatter_add_(1, channel[:, :, None].expand(-1, 1, self.n_sources), row[:, None])
            return found.clamp_min_(0)

    def find_strongest(self, values: Values, top_k: int) -> tuple[Tensor, Tensor]:
        """Finds an image's strongest sources; strengths are all NaN where any influence is no finite number.

        A gradient may be infinite although all values are finite: that of a root at 0 is.
        """
        influence = self(values)[0]
        strengths, sources = find_strongest_sources(influence, top_k)
        return strengths if bool(torch.isfinite(influence).all()) else strengths.fill_(torch.nan), sources

    def find_strongest_of_batch(self, values: Values, top_k: int) -> tuple[Tensor, Tensor]:
        """Finds the strongest sources of every image; strengths are all NaN as in `find_strongest`."""
        influence = self(values)
        are_finite = influence.isfinite().all(2).all(1)
        strengths, sources = find_strongest_of_batch(influence, top_k)
        return torch.where(are_finite[:, None, None], strengths, torch.nan), sources

    def _sum_positions(self, node: fx.Node, activation: Tensor, gradient: Tensor | None) -> Tensor:
        """Sums gradient x activation over positions, `(batch, channel)`; 0 where no path leads to the target."""
        layout = self._layouts[node]
        if gradient is None:
            return torch.zeros(len(activation), layout.n_channels, device=activation.device)
        return layout.view_maps(gradient * activation).flatten(2).sum(2)
