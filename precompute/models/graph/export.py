"""Reads a module with `torch.export`, as a graph of core ATen operators, right for images one by one."""

from __future__ import annotations

import contextlib
import inspect
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, fx, nn

from precompute.contract.errors import InputError
from precompute.models.graph.contexts import inline_contexts
from precompute.models.graph.operators import HALF, get_operator_name
from precompute.models.graph.outputs import BatchFixed, LogitsAlone
from precompute.models.graph.simplify import simplify
from precompute.models.graph.source_location import name_module
from precompute.models.graph.tracing import copy_module, find_line_that_fixes_batch, trace
from precompute.models.graph.unreadable import explain_failure, explain_fixed_batch

__all__ = ["export_graph"]

_RANDOM = {"native_dropout", "bernoulli", "rand", "randn", "rand_like", "randn_like", "uniform", "normal", "randint"}
_CONVERSIONS = {"_to_copy", "to"}


def export_graph(module: nn.Module, input_size: tuple[int, int, int]) -> fx.GraphModule:
    """Exports a module with a free batch size, to core ATen operators and its logits alone.

    The module is copied before, and stays as it is.

    Args:
        module: in eval mode.
        input_size: `(channels, height, width)` of one image.

    Raises:
        InputError: the module takes several inputs, returns no logits, branches on the image, fixes the batch size,
            computes in half precision, draws random numbers, cannot be copied, or fails in any other way.
    """
    _require_one_input(module)
    exported = _export(module, input_size)
    for node in list(exported.graph.nodes):
        # Our checks of input shapes and dtypes come earlier than those of the export, and their messages are clearer.
        if node.op == "call_module" or get_operator_name(node) == "_assert_tensor_metadata":
            exported.graph.erase_node(node)
    simplify(exported.graph)
    exported.graph.eliminate_dead_code()  # operators of the other values that the model returned
    _require_single_precision(exported)
    _require_determinism(exported)
    return exported


def _export(module: nn.Module, input_size: tuple[int, int, int]) -> fx.GraphModule:
    model = LogitsAlone(copy_module(module)).eval()
    try:
        with torch.no_grad(), _silence_torch():
            program = trace(model, input_size)
            inline_contexts(program.graph_module)
            _name_modules(program.graph_module)
            # Decomposing would take autocast away, and half precision with it.
            _require_single_precision(program.graph_module)
            exported = program.run_decompositions({}).module()
    except InputError:
        raise
    except BatchFixed as problem:
        with _silence_torch():
            line = find_line_that_fixes_batch(copy_module(module).eval(), input_size)
        raise explain_fixed_batch(module, line) from problem
    except Exception as problem:  # any exception of the user's own forward may come out here
        raise explain_failure(problem, module, input_size) from problem
    assert isinstance(exported, fx.GraphModule)
    return exported


def _name_modules(traced: fx.GraphModule) -> None:
    for node in traced.graph.nodes:
        if "nn_module_stack" in node.meta:
            node.meta["nn_module_stack"] = _unwrap(node.meta["nn_module_stack"])


def _unwrap(stack: Mapping[str, tuple[str, Any]]) -> dict[str, tuple[str, Any]]:
    """Returns a stack of modules without `LogitsAlone`: by the paths of the model itself."""
    entries = [(key, path.partition("model")[2].removeprefix("."), kind) for key, (path, kind) in stack.items() if path]
    return {key: (path, kind) for key, path, kind in entries}


@contextlib.contextmanager
def _silence_torch() -> Iterator[None]:
    """Silences torch, which prints half a graph before it raises an exception, and advice for its own users."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _require_one_input(module: nn.Module) -> None:
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # a forward that is no plain Python
        return
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]
    required = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    extra = [p.name for p in required if p is not positional[0]] if positional else []
    if extra or not positional:
        names = ", ".join(p.name for p in required)
        raise InputError(
            "A model takes one batch of images.",
            f"The forward of {type(module).__name__} takes {f'{len(required)}: {names}' if required else 'none'}.",
            "Wrap it in a module whose forward takes the images alone.",
        )


def _require_single_precision(exported: fx.GraphModule) -> None:
    for node in _find_read_by_output(exported.graph):
        value = node.meta.get("val") if node.op == "call_function" else None
        if isinstance(value, Tensor) and value.dtype in HALF:
            raise InputError(
                "A model computes in float32.",
                f"{name_module(node)} computes in {_name_dtype(value)}.",
                "Take the cast, or torch.autocast, out of its forward.",
            )
        constant = attrgetter(str(node.target))(exported) if node.op == "get_attr" else None
        if isinstance(constant, Tensor) and constant.dtype in HALF:
            users = [user for user in node.users if get_operator_name(user) not in _CONVERSIONS]
            if users:
                raise InputError(
                    "A model computes in float32; its parameters and buffers have been converted.",
                    f"{name_module(users[0])} uses a constant in {_name_dtype(constant)}.",
                    "Register it with register_buffer, and it is converted, or build it in float32.",
                )


def _find_read_by_output(graph: fx.Graph) -> list[fx.Node]:
    """Finds the nodes that the logits depend on, in order; other values may be in any precision."""
    read = {next(iter(reversed(graph.nodes)))}
    for node in reversed(graph.nodes):
        if node in read:
            read.update(node.all_input_nodes)
    return [node for node in graph.nodes if node in read]


def _require_determinism(exported: fx.GraphModule) -> None:
    for node in exported.graph.nodes:
        if get_operator_name(node) in _RANDOM or (get_operator_name(node) == "dropout" and node.args[2] is True):
            raise InputError(
                "A model in eval mode says the same of the same image.",
                f"{name_module(node)} calls {get_operator_name(node)}, which draws random numbers.",
                "Let its forward ask for self.training, or use nn.Dropout, which does.",
            )


def _name_dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
