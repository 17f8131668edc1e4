"""Traces a module with `torch.export`, with a free batch size, and leaves the module as it was."""

from __future__ import annotations

import contextlib
import copy
import inspect
import sys
from collections.abc import Callable, Collection, Iterator
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from precompute.contract.errors import InputError
from precompute.models.graph.operators import is_free
from precompute.models.graph.source_location import is_own_code, quote_line

__all__ = ["DetachedData", "copy_module", "find_line_that_fixes_batch", "trace"]

_N_EXAMPLES = 2
"""The size of the example's batch. With 1, torch would take every axis of length 1 for the axis of the batch."""


def trace(module: nn.Module, input_size: tuple[int, int, int]) -> torch.export.ExportedProgram:
    """Exports a module for batches of any size.

    Args:
        module: in eval mode.
        input_size: `(channels, height, width)` of one image.

    Raises:
        Exception: any that the module's forward or `torch.export` raises.
    """
    example = torch.zeros(_N_EXAMPLES, *input_size)
    sizes = ({0: torch.export.Dim("batch", min=1, max=4096)},)
    with torch.no_grad():
        return torch.export.export(module, (example,), dynamic_shapes=sizes)


# --- copies ---------------------------------------------------------------------------------------------------------


def copy_module(module: nn.Module) -> nn.Module:
    """Copies a module with all that it holds; computed tensors, such as kept activations, lose their history.

    Raises:
        InputError: the module holds something that cannot be copied, such as a lock or an open file.
    """
    try:
        with _CopiesOfComputed():
            return copy.deepcopy(module)
    except Exception as problem:  # any exception of the user's own __deepcopy__ may come out here
        reason = (str(problem).splitlines() or ["no message"])[0].rstrip(".")
        raise InputError(
            "A model can be copied, so that reading it leaves it as it is.",
            f"copy.deepcopy of {type(module).__name__} fails ({type(problem).__name__}: {reason}).",
            "Keep files, locks, generators and the like outside of the module, or give it a __deepcopy__.",
        ) from problem


class _CopiesOfComputed(TorchFunctionMode):
    """Lets `copy.deepcopy` take tensors that were computed with gradients, which it refuses otherwise."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func == Tensor.__deepcopy__ and not args[0].is_leaf:
            tensor, memo = args
            return memo.setdefault(id(tensor), tensor.detach().clone())
        return func(*args, **(kwargs or {}))


class DetachedData(TorchFunctionMode):
    """Reads the deprecated `tensor.data` as `tensor.detach()`, which `torch.export` can follow."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func == Tensor.data.__get__:
            return args[0].detach()
        return func(*args, **(kwargs or {}))


# --- lines ----------------------------------------------------------------------------------------------------------


def find_line_that_fixes_batch(module: nn.Module, input_size: tuple[int, int, int]) -> str:
    """Finds the line of a forward after which the batch size is a constant; returns "" where there is none.

    Args:
        module: in eval mode.
        input_size: `(channels, height, width)` of one image.
    """
    watch = _Watcher(_find_files(module))
    with contextlib.suppress(Exception):
        trace(_Watched(module, watch), input_size)
    return quote_line(*watch.found) if watch.found else ""


def _find_files(module: nn.Module) -> set[str]:
    """Finds the files where the forwards of a model's modules are written, without torch's own."""
    forwards = [inspect.unwrap(type(child).forward) for child in module.modules()]
    return {f.__code__.co_filename for f in forwards if hasattr(f, "__code__") and is_own_code(f.__code__.co_filename)}


class _Watcher:
    """Follows a forward line by line, and notes the line after which its batch has a fixed size.

    The watch is no part of the traced module, since `torch.export` resets the attributes of that.

    Args:
        files: the files whose lines are followed; code elsewhere counts as the line that calls it.
    """

    def __init__(self, files: Collection[str]) -> None:
        self._files = files
        self.found: tuple[str, int] | None = None
        self._last: tuple[str, int] | None = None

    @contextlib.contextmanager
    def watch(self, images: Tensor) -> Iterator[None]:
        """Watches the batch `images` while the body of the `with` statement runs."""

        def check_line(frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
            if self.found is None:
                if not is_free(images.shape[0]):
                    self.found = self._last
                self._last = self._find_line(frame.f_back if event == "return" else frame)
            return check_line

        def check_call(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
            return check_line if frame.f_code.co_filename in self._files else None

        before = sys.gettrace()
        sys.settrace(check_call)
        try:
            yield
        finally:
            sys.settrace(before)

    def _find_line(self, frame: FrameType | None) -> tuple[str, int] | None:
        """Finds the current line of the innermost frame in the followed files."""
        while frame is not None and frame.f_code.co_filename not in self._files:
            frame = frame.f_back
        return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)


class _Watched(nn.Module):
    """A model whose forward is watched line by line."""

    def __init__(self, model: nn.Module, watcher: _Watcher) -> None:
        super().__init__()
        self.model, self.watcher = model, watcher

    def forward(self, images: Tensor) -> Any:
        """Runs the model under the watch."""
        with self.watcher.watch(images):
            return self.model(images)
