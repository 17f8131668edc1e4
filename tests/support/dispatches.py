"""The operations that the pass dispatches for a batch, counted on a GPU that need not be here.

Tensors are fake: they have a shape and a device, and no numbers. Two things are found out on the way: an operation
that joins tensors of two devices fails, and so does a look at a number, for which a GPU would have to be waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from precompute.aggregate.accumulate import mark_strongest
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.finite import FiniteCheck
from precompute.aggregate.influence import pairs, traced, values
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.kernels import convolution
from precompute.aggregate.recording import Recorder
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.links import derive_links

__all__ = ["count_dispatches"]


class _Counter(TorchDispatchMode):
    """A mode that counts operations that make a tensor on a device, other than views and copies from the CPU."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.n_operations = 0
        self._device = device

    def __torch_dispatch__(self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        given = [one.device.type for one in args if isinstance(one, torch.Tensor)]
        is_view = getattr(function, "is_view", False) or str(function).startswith("prim.")
        first = made[0] if isinstance(made, tuple | list) and made else made
        is_there = isinstance(first, torch.Tensor) and first.device.type == self._device.type
        self.n_operations += is_there and not is_view and given != ["cpu"]
        return made


@contextmanager
def _hide_loops() -> Iterator[None]:
    """Hides numba and Triton, which read numbers."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (convolution, pairs, traced, values):
            patch.setattr(module, "load_compiled_loops", lambda: None)
        patch.setattr(convolution, "load_triton_kernels", lambda: None)
        yield


def count_dispatches(
    model: ExportedModel, layers: tuple[RecordedLayer, ...], sizes: tuple[int, ...], device: str = "cuda"
) -> list[int]:
    """Counts, for batches of some sizes, the operations of a forward pass and of all that is counted of it."""
    config, where = AggregateConfig(), torch.device(device)
    measures = choose_measures(model, derive_links(model, layers), config)
    influences = [one for measure in measures for one in measure.counted]
    found: list[int] = []
    with _hide_loops(), FakeTensorMode(allow_non_fake_inputs=True):
        parallel = Parallel(where)
        recorder, finite = Recorder(model, layers, measures, parallel), FiniteCheck(layers, False, parallel)
        for n_images in sizes:
            batch = torch.zeros(n_images, *model.input_size, device=where)
            with _Counter(where) as counter, torch.no_grad():
                recording = recorder(batch)
                maxima = [recording.values.find_maximum(layer.node) for layer in layers]
                activation = torch.cat([one.activation for one in maxima], 1)
                mark_strongest(activation, [layer.n_channels for layer in layers], config.activation_mass)
                finite.check_batch(recording)
                for one in influences:
                    one.find_strongest_of_batch(recording.values, config.top_k)
            found.append(counter.n_operations)
    return found
