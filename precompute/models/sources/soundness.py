"""Checks and conversion of a module before it is read: its values are there and finite, in float32, on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.sources.loaded import LoadedModel

__all__ = ["make_module_ready", "make_ready"]

_AT_MOST = 5


def make_ready(loaded: LoadedModel) -> LoadedModel:
    """Makes the model's module ready and adds a note for each conversion; see `make_module_ready`."""
    return replace(loaded, notes=(*loaded.notes, *make_module_ready(loaded.module)))


def make_module_ready(module: nn.Module) -> tuple[str, ...]:
    """Moves a module in place to the CPU, to float32 and to `eval()`, without gradients.

    Returns:
        One sentence for each precision that was converted.

    Raises:
        InputError: it is compiled by TorchScript or quantized, its parameters have no values, or some of them are
            NaN or infinite. The message names them.
    """
    _require_plain(module)
    _require_values(module)
    notes = _describe_conversions(module)
    module.to("cpu").float().eval().requires_grad_(False)
    _require_finite(module)
    return notes


def _require_plain(module: nn.Module) -> None:
    if isinstance(module, torch.jit.ScriptModule):
        raise InputError(
            "A model is an nn.Module with its Python code.",
            "Found a TorchScript module, whose layers and operators are no longer modules.",
            "Return the module as it was before torch.jit.script or torch.jit.trace, with its weights.",
        )
    quantized = [
        f"{path or 'the model'} ({type(child).__name__})"
        for path, child in module.named_modules()
        if _is_quantized(child)
    ]
    if quantized:
        raise InputError(
            "A model computes in floating point.",
            f"Found quantized modules: {_list_some(quantized)}.",
            "Return the module as it was before quantization, with its weights in float32.",
        )


def _is_quantized(module: nn.Module) -> bool:
    if any(".quantized" in kind.__module__ and kind.__module__.startswith("torch.") for kind in type(module).__mro__):
        return True
    return any(t.is_quantized for t in (*module.parameters(recurse=False), *module.buffers(recurse=False)))


def _require_values(module: nn.Module) -> None:
    empty = [name for name, tensor in _iterate_tensors(module) if tensor.is_meta]
    if empty:
        raise InputError(
            "Parameters have values.",
            f"On the device meta, where there are none: {_list_some(empty)}.",
            "Build the model on a real device, or fill it: model.to_empty(device='cpu') and then load its weights.",
        )


def _describe_conversions(module: nn.Module) -> tuple[str, ...]:
    """Writes one sentence for each precision that is about to become float32."""
    counts: dict[torch.dtype, int] = {}
    for _, tensor in _iterate_tensors(module):
        if tensor.is_floating_point() and tensor.dtype != torch.float32:
            counts[tensor.dtype] = counts.get(tensor.dtype, 0) + tensor.numel()
    return tuple(
        f"The model holds {n:,} values in {str(dtype).removeprefix('torch.')}: converted to float32."
        for dtype, n in counts.items()
    )


def _require_finite(module: nn.Module) -> None:
    faults, buffers = [], {name for name, _ in module.named_buffers()}
    for name, tensor in _iterate_tensors(module):
        if not (tensor.is_floating_point() or tensor.is_complex()):
            continue
        # A buffer may hold infinity on purpose, as masks of attention do; statistics of a batch norm may not.
        is_mask = name in buffers and not name.rpartition(".")[2].startswith("running_")
        n_bad = int((torch.isnan(tensor) if is_mask else ~torch.isfinite(tensor)).sum())
        if n_bad:
            faults.append(f"{name} ({n_bad:,} of {tensor.numel():,} values)")
    if faults:
        raise InputError(
            "Weights are finite numbers.",
            f"NaN or infinity in {_list_some(faults)}.",
            "Give weights from before training diverged, or look at how they were saved or converted.",
        )


def _iterate_tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def _list_some(items: list[str]) -> str:
    more = f" and {len(items) - _AT_MOST:,} more" if len(items) > _AT_MOST else ""
    return ", ".join(items[:_AT_MOST]) + more
