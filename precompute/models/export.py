"""Reads a module with `torch.export`, and says in one message why a module cannot be read."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, fx, nn

from precompute.errors import InputError
from precompute.models.operators import module_path, operator_name
from precompute.models.outputs import LogitsAlone

__all__ = ["export_graph"]

_HALF = (torch.float16, torch.bfloat16)
_RANDOM = {"native_dropout", "bernoulli", "rand", "randn", "rand_like", "randn_like", "uniform", "normal", "randint"}
_CONVERSIONS = {"_to_copy", "to"}
_WRONG_CHANNELS = re.compile(r"expected input.* to have (\d+) channels, but got 3 channels")
_MIXED_PRECISION = re.compile(r"\b(c10::)?(Half|BFloat16|half|bfloat16|float16)\b")


def export_graph(module: nn.Module, input_size: tuple[int, int, int]) -> fx.GraphModule:
    """Exports a module with a free batch size, to core ATen operators and its logits alone; the module stays as it was.

    Args:
        module: in eval mode.
        input_size: `(channels, height, width)` of one image.

    Raises:
        InputError: it takes several inputs, returns no logits, branches on the image, computes in half precision, draws
            random numbers, or fails in any other way.
    """
    _require_one_input(module)
    example = torch.zeros(2, *input_size)
    try:
        with torch.no_grad(), _quiet():
            program = torch.export.export(
                LogitsAlone(copy.deepcopy(module)).eval(),
                (example,),
                dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=4096)},),
            ).run_decompositions({})
    except InputError:
        raise
    except Exception as problem:  # any exception of the user's own forward may come out here
        raise _not_exported(problem, module, input_size) from problem
    exported = program.module()
    assert isinstance(exported, fx.GraphModule)
    for node in list(exported.graph.nodes):
        # Export's own checks of input shapes and dtypes: ours are earlier and clearer.
        if node.op == "call_module" or operator_name(node) == "_assert_tensor_metadata":
            exported.graph.erase_node(node)
        elif "nn_module_stack" in node.meta:
            node.meta["nn_module_stack"] = _unwrapped(node.meta["nn_module_stack"])
    exported.graph.eliminate_dead_code()  # what leads to the other values that the model returned
    _require_single_precision(exported)
    _require_determinism(exported)
    return exported


def _unwrapped(stack: Mapping[str, tuple[str, Any]]) -> dict[str, tuple[str, Any]]:
    """A stack of modules as it is without `LogitsAlone`: by the paths of the model itself."""
    entries = [(key, path.partition("model")[2].removeprefix("."), kind) for key, (path, kind) in stack.items() if path]
    return {key: (path, kind) for key, path, kind in entries}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps torch from printing half a graph before the exception that tells the same, and from advice on speed."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using padding='same' with even kernel lengths")
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


def _not_exported(problem: Exception, module: nn.Module, input_size: tuple[int, int, int]) -> InputError:
    """What is behind an exception of the forward, or of torch.export."""
    text = str(problem).strip()
    reason = f"{type(problem).__name__}: {text.splitlines()[0][:300].rstrip('.') if text else 'no message'}"
    if match := _WRONG_CHANNELS.search(text):
        return InputError(
            "Images are RGB: three channels.",
            f"{type(module).__name__} has a first convolution of {match[1]} ({reason}).",
            "Wrap it in a module whose forward makes its input of the three, such as their mean: "
            "x.mean(1, keepdim=True).",
        )
    if _MIXED_PRECISION.search(text):
        return InputError(
            "A model computes in float32; its parameters have been converted.",
            f"Its forward meets half precision on the way: {reason}.",
            "Take the cast out of its forward, and register constants as buffers, which are converted.",
        )
    if "data-dependent" in text or "DataDependent" in type(problem).__name__:
        return InputError(
            "The same operators run for every image, so that torch.export can read them.",
            f"The forward of {type(module).__name__} branches on values of the image ({reason}).",
            "Replace the branch by torch.where, or hand over the part of the model that does not branch.",
        )
    return InputError(
        f"The model takes images of shape {input_size} and can be read by torch.export.",
        f"{reason}.",
        "Check the input size of --preprocess, and that forward has no branches that depend on the image.",
    )


def _require_single_precision(exported: fx.GraphModule) -> None:
    for node in exported.graph.nodes:
        value = node.meta.get("val") if node.op == "call_function" else None
        if isinstance(value, Tensor) and value.dtype in _HALF:
            raise InputError(
                "A model computes in float32.",
                f"{_place(node)} computes in {_dtype(value)}.",
                "Take the cast, or torch.autocast, out of its forward.",
            )
        constant = attrgetter(str(node.target))(exported) if node.op == "get_attr" else None
        if isinstance(constant, Tensor) and constant.dtype in _HALF:
            users = [user for user in node.users if operator_name(user) not in _CONVERSIONS]
            if users:
                raise InputError(
                    "A model computes in float32; its parameters and buffers have been converted.",
                    f"{_place(users[0])} uses a constant in {_dtype(constant)}.",
                    "Register it with register_buffer, and it is converted, or build it in float32.",
                )


def _require_determinism(exported: fx.GraphModule) -> None:
    for node in exported.graph.nodes:
        if operator_name(node) in _RANDOM or (operator_name(node) == "dropout" and node.args[2] is True):
            raise InputError(
                "A model in eval mode says the same of the same image.",
                f"{_place(node)} calls {operator_name(node)}, which draws random numbers.",
                "Let its forward ask for self.training, or use nn.Dropout, which does.",
            )


def _place(node: fx.Node) -> str:
    return module_path(node) or "The model's forward"


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
