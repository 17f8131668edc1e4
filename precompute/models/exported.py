"""A model as the graph that `torch.export` sees: the ground on which layers, provenance and recording stand.

Decomposing to core ATen operators makes the graph functional (no in-place ReLU overwrites a recorded value) and small
in vocabulary. Recording needs no hooks: a sub-graph that returns the wanted values is an ordinary module.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import logging
import operator
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from precompute.errors import InputError
from precompute.models.outputs import LogitsAlone

NORMALIZATION = {"_native_batch_norm_legit_no_training", "batch_norm"}
RELU_LIKE = {
    "relu", "hardtanh", "relu6", "leaky_relu", "elu", "selu", "celu", "silu", "gelu", "mish", "hardswish",
    "hardsigmoid", "sigmoid", "tanh", "softplus", "clamp", "clamp_min", "prelu", "_prelu_kernel", "rrelu_with_noise",
}  # fmt: skip


_HALF = (torch.float16, torch.bfloat16)
_RANDOM = {"native_dropout", "bernoulli", "rand", "randn", "rand_like", "randn_like", "uniform", "normal", "randint"}


def operator_name(node: fx.Node) -> str:
    """The plain name of what a node calls, such as ``"conv2d"``; empty for inputs, weights and outputs."""
    if node.op != "call_function":
        return ""
    if isinstance(node.target, torch._ops.OpOverload):
        return str(node.target.overloadpacket.__name__)
    return "getitem" if node.target is operator.getitem else str(getattr(node.target, "__name__", node.target))


def shape_of(node: fx.Node) -> tuple[int, ...] | None:
    """Shape of a node's value with the batch as -1; None where it is no tensor."""
    value = node.meta.get("val")
    if not isinstance(value, Tensor):
        return None
    return tuple(size if isinstance(size, int) else -1 for size in value.shape)


class ExportedModel:
    """The exported graph of an image classifier, `(batch, channel, height, width)` in, logits out.

    Whatever else the model returns beside its logits (see `outputs.choose_logits`) is no part of the graph.

    Args:
        module: the model; it is put into eval mode.
        input_size: `(channels, height, width)` of one image.

    Raises:
        InputError: the model cannot be exported, takes several inputs or returns no logits, computes in half precision,
            or draws random numbers.
    """

    def __init__(self, module: nn.Module, input_size: tuple[int, int, int]) -> None:
        self.input_size = input_size
        self.module = module.eval()
        self._graph_module = _export(module, input_size)
        self.module_types = {name: type(child).__name__ for name, child in module.named_modules()}
        (self.input,) = (n for n in self.graph.nodes if n.op == "placeholder")
        self.output = self._logits()
        self._after_input = self._reached_from(self.input)
        self._require_single_precision()
        self._require_determinism()

    @property
    def graph(self) -> fx.Graph:
        return self._graph_module.graph

    @property
    def n_outputs(self) -> int:
        """Length of the vector of logits."""
        shape = shape_of(self.output)
        assert shape is not None
        return shape[-1]

    def depends_on_input(self, node: fx.Node) -> bool:
        """Whether a value changes with the image, as weights and constants do not."""
        return node in self._after_input

    def inputs_of(self, node: fx.Node) -> list[fx.Node]:
        """The image-dependent values that a node reads, in order."""
        return [n for n in node.all_input_nodes if n in self._after_input]

    def parameter(self, node: fx.Node | None) -> Tensor | None:
        """The value of a weight or buffer node."""
        if node is None:
            return None
        if node.op != "get_attr":
            raise InputError(
                "Weights of a convolution are parameters of the model.",
                f"{node.name} is computed on the way.",
                "Fold the computation into the weights before handing the model over.",
            )
        value: Any = self._graph_module
        for part in str(node.target).split("."):
            value = getattr(value, part)
        return value.detach()

    def outputs_of_modules(self) -> dict[str, fx.Node]:
        """The node whose value each module returns, by module path; modules with several outputs are left out."""
        members: dict[str, list[fx.Node]] = {}
        for node in self.graph.nodes:
            if node in self._after_input and node.op == "call_function":
                for path in _module_paths(node):
                    members.setdefault(path, []).append(node)
        found = {}
        for path, nodes in members.items():
            inside = set(nodes)
            leaving = [n for n in nodes if shape_of(n) is not None and any(u not in inside for u in n.users)]
            if len(leaving) == 1:
                found[path] = leaving[0]
        return found

    def sub_graph(self, nodes: Sequence[fx.Node]) -> fx.GraphModule:
        """A module from images to the values of `nodes` that computes nothing beyond them; it shares the weights."""
        graph = fx.Graph()
        copies: dict[fx.Node, fx.Node] = {}
        wanted = self._needed_for(nodes)
        for node in self.graph.nodes:
            if node in wanted:
                copies[node] = graph.node_copy(node, lambda n: copies[n])
        graph.output(tuple(copies[n] for n in nodes))
        return fx.GraphModule(self._graph_module, graph)

    def _needed_for(self, nodes: Sequence[fx.Node]) -> set[fx.Node]:
        wanted: set[fx.Node] = {self.input}
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node not in wanted:
                wanted.add(node)
                stack.extend(node.all_input_nodes)
        return wanted

    def _reached_from(self, start: fx.Node) -> set[fx.Node]:
        reached = {start}
        for node in self.graph.nodes:
            # A size is a number, not a picture: what depends on it alone does not depend on the image.
            if any(n in reached for n in node.all_input_nodes) and not operator_name(node).startswith("sym_"):
                reached.add(node)
        return reached

    def _logits(self) -> fx.Node:
        """`LogitsAlone` returns one value of two dimensions."""
        ((result,),) = next(iter(reversed(self.graph.nodes))).args
        if not isinstance(result, fx.Node) or result not in self._reached_from(self.input):
            raise InputError(
                "Logits depend on the image.",
                "The model returns the same values whatever it sees.",
                "Check what its forward returns.",
            )
        return result

    def _require_single_precision(self) -> None:
        for node in self.graph.nodes:
            value = node.meta.get("val") if node.op == "call_function" else None
            if isinstance(value, Tensor) and value.dtype in _HALF and node in self._after_input:
                raise InputError(
                    "A model computes in float32.",
                    f"{_place(node)} computes in {_dtype(value)}.",
                    "Take the cast, or torch.autocast, out of its forward.",
                )
            constant = self.parameter(node) if node.op == "get_attr" else None
            if constant is not None and constant.dtype in _HALF and not all(map(_converts, node.users)):
                raise InputError(
                    "A model computes in float32; its parameters and buffers have been converted.",
                    f"{_place(next(iter(node.users)))} uses a constant in {_dtype(constant)}.",
                    "Register it with register_buffer, and it is converted, or build it in float32.",
                )

    def _require_determinism(self) -> None:
        for node in self.graph.nodes:
            if operator_name(node) in _RANDOM or (operator_name(node) == "dropout" and node.args[2] is True):
                raise InputError(
                    "A model in eval mode says the same of the same image.",
                    f"{_place(node)} calls {operator_name(node)}, which draws random numbers.",
                    "Let its forward ask for self.training, or use nn.Dropout, which does.",
                )


def _module_paths(node: fx.Node) -> list[str]:
    """Paths of the modules around a node, outermost first, without the model itself."""
    stack = node.meta.get("nn_module_stack") or {}
    return [path for path, _ in stack.values() if path]


def _converts(node: fx.Node) -> bool:
    return operator_name(node) in {"_to_copy", "to"}


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _place(node: fx.Node) -> str:
    paths = _module_paths(node)
    return paths[-1] if paths else "The model's forward"


def _export(module: nn.Module, input_size: tuple[int, int, int]) -> fx.GraphModule:
    """Exports with a free batch size; the module itself is left as it was."""
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
    return exported


def _unwrapped(stack: Mapping[str, tuple[str, Any]]) -> dict[str, tuple[str, Any]]:
    """A stack of modules as it is without `LogitsAlone`: by the paths of the model itself."""
    entries = [(key, path.partition("model")[2].removeprefix("."), kind) for key, (path, kind) in stack.items() if path]
    return {key: (path, kind) for key, path, kind in entries}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps torch from printing half a graph before the exception that tells the same."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
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


_WRONG_CHANNELS = re.compile(r"expected input.* to have (\d+) channels, but got 3 channels")
_MIXED_PRECISION = re.compile(r"\b(c10::)?(Half|BFloat16|half|bfloat16|float16)\b")


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
