"""Initialization of lazy modules (such as `nn.LazyConv2d`), which take their sizes from their first input."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from precompute.contract.errors import InputError

__all__ = ["has_lazy_modules", "initialize_lazy_modules"]

_RULE = "Lazy modules take their sizes from one pass at the size of the model's input."
_AT_MOST = 5


def has_lazy_modules(module: nn.Module) -> bool:
    """Returns whether some parameters or buffers have no size yet."""
    return bool(_find_lazy(module))


def initialize_lazy_modules(module: nn.Module, input_size: tuple[int, int, int] | None) -> None:
    """Runs a module once, which gives all its parameters their sizes and random values.

    Args:
        module: the network, which is in eval mode afterwards; random values come from torch's generator.
        input_size: `(channels, height, width)` of one image; None where it depends on the images.

    Raises:
        InputError: the input size is not known, the pass fails, or it does not reach some modules.
    """
    if input_size is None:
        raise InputError(
            _RULE,
            f"Images keep their own size (crop = 0), and there are lazy modules: {_list_some(_find_lazy(module))}.",
            "Set crop in --preprocess FILE.toml, or give the modules their sizes.",
        )
    try:
        with torch.no_grad():
            module.eval()(torch.zeros(2, *input_size))
    except Exception as problem:  # any exception of the user's own forward may come out here
        reason = (str(problem).splitlines() or ["no message"])[0].rstrip(".")
        raise InputError(
            _RULE,
            f"The pass on images {input_size} fails ({type(problem).__name__}: {reason}).",
            "Check the input size of --preprocess, and that forward takes one batch of images.",
        ) from problem
    if left := _find_lazy(module):
        raise InputError(
            _RULE,
            f"The forward does not reach {_list_some(left)}.",
            "Give these modules their sizes, or leave them out of the model.",
        )


def _find_lazy(module: nn.Module) -> list[str]:
    return [
        path or "the model"
        for path, child in module.named_modules()
        if any(is_lazy(tensor) for tensor in (*child.parameters(recurse=False), *child.buffers(recurse=False)))
    ]


def _list_some(paths: list[str]) -> str:
    more = f" and {len(paths) - _AT_MOST:,} more" if len(paths) > _AT_MOST else ""
    return ", ".join(paths[:_AT_MOST]) + more
