"""Exports that cost less: graphs of equal networks are made once a worker, and torch lists its operators once."""

from __future__ import annotations

import copy
import functools
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from torch import fx, nn
from torch.export import exported_program

__all__ = ["SHARED", "list_operators_once", "remember_exports"]

Export = Callable[[nn.Module, tuple[int, int, int]], fx.GraphModule]

SHARED = ("Small", "DemoNet")
"""Networks whose forward reads nothing but their modules: those with equal modules and weights have equal graphs."""


@contextmanager
def list_operators_once() -> Iterator[None]:
    """Lets torch list its composite operators for the first export alone, which is a seventh of a small one's time.

    It lists them for each, since a program may register new ones in between; the tests register none.
    """
    name = "_collect_all_valid_cia_ops"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exported_program, name, functools.cache(getattr(exported_program, name)))
        yield


def remember_exports(export: Export) -> Export:
    """Returns an export that makes the graph of each of the shared networks once, and copies it later."""
    kept: dict[str, fx.GraphModule] = {}

    def export_once(module: nn.Module, input_size: tuple[int, int, int]) -> fx.GraphModule:
        has_hooks = any(each._forward_hooks or each._forward_pre_hooks for each in module.modules())
        if type(module).__name__ not in SHARED or has_hooks:
            return export(module, input_size)
        key = _identify(module, input_size)
        if key not in kept:
            kept[key] = export(module, input_size)
        return copy.deepcopy(kept[key])

    return export_once


def _identify(module: nn.Module, input_size: tuple[int, int, int]) -> str:
    code = type(module).forward.__code__
    found = hashlib.sha256(repr((input_size, code.co_code, code.co_names, code.co_consts, repr(module))).encode())
    for name, value in module.state_dict().items():
        found.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()
