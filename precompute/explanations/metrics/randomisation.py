"""Randomisation: how much of a map stays when the network forgets what it learned (Adebayo et al. 2018, section 3).

Weights are re-initialised from the top, layer by layer. The numbers of each tensor are shuffled, which keeps their
distribution, so that no layer falls silent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor, nn

from precompute.explanations.metrics.subject import Explain
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_module_path

__all__ = ["compare_ranks", "list_parameters", "measure_randomisation", "shuffle_weights"]

Groups = Sequence[tuple[str, Sequence[nn.Parameter]]]
"""The weights of modules, each with the module's path."""


def list_parameters(exported: ExportedModel) -> list[tuple[str, list[nn.Parameter]]]:
    """Lists the weights that the logits depend on, module by module, the one nearest to the output first."""
    module = exported.build_sub_graph([exported.output])
    groups: dict[str, list[nn.Parameter]] = {}
    seen: set[int] = set()
    for node in module.graph.nodes:
        for source in node.all_input_nodes:
            value = attrgetter(str(source.target))(module) if source.op == "get_attr" else None
            if isinstance(value, nn.Parameter) and value.is_floating_point() and id(value) not in seen:
                seen.add(id(value))
                groups.setdefault(get_module_path(node), []).append(value)
    return list(groups.items())[::-1]


@contextlib.contextmanager
def shuffle_weights(groups: Groups, seed: int) -> Iterator[None]:
    """Shuffles the numbers of weights while the context is open; afterwards they are as before.

    The model must not be used by others meanwhile.
    """
    parameters = [parameter for _, group in groups for parameter in group]
    kept = [parameter.detach().clone() for parameter in parameters]
    generator = torch.Generator().manual_seed(seed)
    try:
        with torch.no_grad():
            for parameter in parameters:
                order = torch.randperm(parameter.numel(), generator=generator)
                parameter.copy_(parameter.flatten()[order].view_as(parameter))
        yield
    finally:
        with torch.no_grad():
            for parameter, before in zip(parameters, kept, strict=True):
                parameter.copy_(before)


def measure_randomisation(
    build: Callable[[], Explain], exported: ExportedModel, images: Tensor, stages: int = 1, seed: int = 0
) -> Tensor:
    """Computes the rank correlation of each image's map with that of the network re-initialised from the top.

    Args:
        build: builds the method for the model as it is at the time of the call, so that nothing of its weights may be
            remembered.
        exported: the model; its weights are changed for the time of the call.
        images: `(image, channel, height, width)`.
        stages: how often to look while modules are re-initialised, in equal shares of their number; the last stage is
            the whole network.
        seed: of the shuffling.

    Returns:
        From -1 to 1, `(stage, image)`; NaN where the map of the network as it is has one value everywhere.
    """
    owners = torch.arange(len(images))
    before = build()(images, owners)
    groups = list_parameters(exported)
    found = []
    for stage in range(1, stages + 1):
        with shuffle_weights(groups[: -(-len(groups) * stage // stages)], seed):
            found.append(compare_ranks(before, build()(images, owners)))
    return torch.stack(found)


def compare_ranks(first: Tensor, second: Tensor) -> Tensor:
    """Computes Spearman's rank correlation of pairs of maps `(image, height, width)`, `(image,)`.

    Ties share their mean rank. NaN where the first map has one value everywhere; 0 where only the second one has.
    """
    ranks = [rankdata(each.flatten(1).numpy(), axis=1) for each in (first, second)]
    one, other = (each - each.mean(1, keepdims=True) for each in ranks)
    size = np.sqrt((one**2).sum(1) * (other**2).sum(1))
    found = np.where(size > 0, (one * other).sum(1) / np.where(size > 0, size, 1), 0.0)
    return torch.from_numpy(np.where((one**2).sum(1) > 0, found, np.nan)).float()
