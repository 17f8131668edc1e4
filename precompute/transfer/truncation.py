"""A model that is cut behind a layer and has a head of its own, as a module with the names of the model's own modules.

The model keeps its class name, its modules and their paths, so that its layers have the same names as before. Its
forward runs as it did. What the cut returned goes to the head, and modules that begin later are taken out: nobody would
read what they compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.layout import Layout
from precompute.models.graph.operators import get_path_of_call
from precompute.models.layers.natural_layers import follow_nonlinearity
from precompute.models.layers.selection import RecordedLayer
from precompute.models.sources.loaded import RANDOM, ModelConfig
from precompute.models.sources.loading import load_model
from precompute.transfer.head_modules import HeadPlan, build_head

__all__ = ["CONVOLUTION", "PREPROCESS", "Recipe", "build_recipe", "build_transferred", "cut_module"]

PREPROCESS = "preprocess.toml"
"""The file beside a saved model that states its input."""
_LOG = "_transfer_log"
_HEAD = "transfer_head"
CONVOLUTION = f"{_HEAD}.conv"
"""The path of the layer of maps that a head of a convolution has."""


@dataclass(frozen=True)
class Recipe:
    """All that a saved model is built from, but for its weights.

    Attributes:
        source: as `ModelConfig.source`.
        model_path: folders that a model file imports from.
        module: path of the module behind which the model is cut.
        call: number of its call, from 1.
        layer: name of the recorded layer.
        input_size: `(channels, height, width)`.
        is_followed: the layer is the value behind a norm or nonlinearity that follows the module.
        layout: fields of the layer's `Layout`.
        removed: modules that begin behind the cut, by path: the shape of what each returned, without the batch.
        head: fields of a `HeadPlan`.
    """

    source: str
    model_path: tuple[str, ...]
    module: str
    call: int
    layer: str
    input_size: tuple[int, int, int]
    is_followed: bool
    layout: Mapping[str, Any]
    removed: Mapping[str, tuple[int, ...]]
    head: Mapping[str, Any]


def build_recipe(config: ModelConfig, model: ExportedModel, layer: RecordedLayer, head: HeadPlan) -> Recipe:
    """Finds out how a model is cut behind a layer.

    Args:
        config: of the model.
        model: its graph, whose module is left as it is.
        layer: the cut.
        head: the head on it.

    Raises:
        InputError: no module returns the layer's value.
    """
    raw = model.find_outputs_of_modules()
    calls = [call for call, node in raw.items() if follow_nonlinearity(node) is layer.node]
    if not calls:
        raise InputError(
            "A model is cut behind a module.", f"No module returns {layer.name}.", "Choose another cut with --save."
        )
    call = layer.name if layer.name in calls else calls[0]
    number = int(call.rpartition("@")[2]) if "@" in call else 1
    path = get_path_of_call(call)
    file, colon, function = config.source.rpartition(":")
    source = f"{Path(file).resolve()}:{function}" if ".py" in config.source and colon else config.source
    return Recipe(
        source=source,
        model_path=tuple(str(Path(folder).resolve()) for folder in config.model_path),
        module=path,
        call=number,
        layer=layer.name,
        input_size=model.input_size,
        is_followed=raw[call] is not layer.node,
        layout=asdict(model.layouts[layer.node]),
        removed=_find_later(model, path, number, layer),
        head=asdict(head),
    )


def build_transferred(recipe: Mapping[str, Any], file: str) -> nn.Module:
    """Builds the model of a saved head; its weights are loaded afterwards. Called by the file `model.py` of the head.

    Args:
        recipe: the fields of a `Recipe`.
        file: the path of the calling file; its preprocessing is beside it.

    Raises:
        InputError: the backbone cannot be built, or is not the one that was cut.
    """
    known = Recipe(**{each.name: recipe[each.name] for each in fields(Recipe)})
    preprocess = str(Path(file).with_name(PREPROCESS))
    model_path = tuple(known.model_path) if ".py" in known.source else ()
    weights = None if ".py" in known.source or known.source == "demo" else RANDOM
    loaded = load_model(ModelConfig(known.source, weights, preprocess, model_path=model_path))
    return cut_module(loaded.module, known)


def cut_module(module: nn.Module, recipe: Recipe) -> nn.Module:
    """Cuts a model in place, and returns it with a new head.

    Raises:
        InputError: it has no such modules.
    """
    try:
        cut = module.get_submodule(recipe.module)
        layout = Layout(**{**recipe.layout, "grid": tuple(recipe.layout["grid"])})
        tail = _build_tail(module, recipe) if recipe.is_followed else None
        for path, shape in recipe.removed.items():
            parent, _, name = path.rpartition(".")
            module.get_submodule(parent)._modules[name] = _Removed(shape)
    except AttributeError as problem:
        raise InputError(
            "A saved head is built on the model that it was trained on.",
            f"{recipe.source} has changed: {problem}.",
            "Bring the model back as it was, or run `summit-dash transfer` again.",
        ) from problem
    log = _Log()
    _mix_in(cut, _Cut, log)
    _mix_in(module, _Truncated, log)
    module.transfer_call = recipe.call
    setattr(module, _HEAD, build_head(HeadPlan(**recipe.head), layout, tail))
    return module.eval()


class _Log:
    """The values that the cut returned in the forward pass that runs now."""

    def __init__(self) -> None:
        self.values: list[Tensor] = []


class _Cut:
    """A module that notes what it returns, before anything changes it in place."""

    def forward(self, *inputs: Any, **named: Any) -> Any:
        value = super().forward(*inputs, **named)  # type: ignore[misc]
        getattr(self, _LOG).values.append(value.clone())
        return value


class _Truncated:
    """A model that returns the logits of its new head."""

    transfer_call: int

    def forward(self, images: Tensor) -> Tensor:
        log = getattr(self, _LOG)
        log.values = []
        super().forward(images)  # type: ignore[misc]
        value = log.values[self.transfer_call - 1]
        log.values = []
        logits: Tensor = getattr(self, _HEAD)(value)
        return logits


class _Removed(nn.Module):
    """A stand-in for a module whose result nobody reads: zeros of its shape."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def forward(self, first: Tensor, *inputs: Any, **named: Any) -> Tensor:
        return first.new_zeros(first.shape[0], *self.shape)


def _mix_in(module: nn.Module, mixed: type, log: _Log) -> None:
    """Gives a module another forward. Its class has the same name as before, by which layers get their names."""
    kind = type(module)
    module.__class__ = type(kind.__name__, (mixed, kind), {"__module__": kind.__module__})
    module.__dict__[_LOG] = log


def _build_tail(module: nn.Module, recipe: Recipe) -> nn.Module:
    """Builds what lies between the module and the layer: a norm or a nonlinearity."""
    model = ExportedModel(module, recipe.input_size)
    call = recipe.module if recipe.call == 1 else f"{recipe.module}@{recipe.call}"
    raw = model.find_outputs_of_modules().get(call)
    if raw is None:
        raise AttributeError(f"it has no call {call}")
    tail = model.build_sub_graph([follow_nonlinearity(raw)], [raw])
    for value in tail.parameters():
        value.requires_grad_(False)
    return tail


def _find_later(model: ExportedModel, path: str, number: int, layer: RecordedLayer) -> dict[str, tuple[int, ...]]:
    """Finds the outermost modules that begin behind the cut, whose weights it does not need, and their shapes."""
    module, shapes = model.module, {}
    order: list[tuple[str, bool]] = []
    ends: list[nn.Module] = []
    names = {child: name for name, child in module.named_modules(remove_duplicate=True)}

    def begin(child: nn.Module, inputs: Any) -> None:
        order.append((names[child], len(ends) >= number))

    def end(child: nn.Module, inputs: Any, value: Any) -> None:
        is_plain = isinstance(value, Tensor) and value.ndim > 0 and value.shape[0] == 2
        if is_plain and inputs and isinstance(inputs[0], Tensor) and inputs[0].shape[0] == 2:
            shapes[names[child]] = tuple(value.shape[1:])
        if names[child] == path:
            ends.append(child)

    hooks = [hook for child in names for hook in (child.register_forward_pre_hook(begin),
                                                  child.register_forward_hook(end))]  # fmt: skip
    try:
        with torch.no_grad():
            module(torch.zeros(2, *model.input_size))
    finally:
        for hook in hooks:
            hook.remove()
    early = {name for name, is_late in order if not is_late}
    late = [name for name, is_late in order if is_late and name not in early]
    sub_graph = model.build_sub_graph([layer.node])
    needed = {str(node.target).removeprefix("model.") for node in sub_graph.graph.nodes if node.op == "get_attr"}
    found: dict[str, tuple[int, ...]] = {}
    for name in dict.fromkeys(late):
        is_inside = any(name.startswith(f"{other}.") for other in found)
        if name in shapes and not is_inside and not any(weight.startswith(f"{name}.") for weight in needed):
            found[name] = shapes[name]
    return found
