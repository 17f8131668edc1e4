"""The layers that a specialist would record: a model's stages and blocks, told from its graph and its modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import fx

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import (
    CONVOLUTION,
    NORMALIZATION,
    RELU_LIKE,
    calls_around,
    operator_name,
    path_of_call,
    shape_of,
)

_CHANNEL_MIXING = CONVOLUTION | {"linear", "matmul", "bmm", "einsum", "scaled_dot_product_attention"}
_MIN_AUTO_LAYERS, _MAX_AUTO_LAYERS = 4, 16


def natural_layers(model: ExportedModel) -> list[str]:
    """The model's stages and blocks, 4 to 16 of them where it has so many, by the calls of their modules.

    Candidates are the values that every way from image to logits passes through, after channels were mixed, and that
    some module returns: first those of the outermost modules, then of the modules in these, and so on, as deep as they
    are at most 16. Where cells also read the last cell but one, as in NASNet, there are none: then all modules of a
    level count. More than 16 are thinned to the last of each stage, and if a stage is all there is, evenly.

    Raises:
        InputError: there is nothing to record.
    """
    raw = model.outputs_of_modules()
    outputs = {path: after_nonlinearity(node) for path, node in raw.items()}
    depths: dict[fx.Node, int] = {}
    mixing = _mixing_paths(model)
    raw = {path: node for path, node in raw.items() if path in mixing and _has_positions(model, outputs[path])}
    outputs = {path: outputs[path] for path in raw}
    for path, node in outputs.items():
        depths[node] = min(path.count("."), depths.get(node, path.count(".")))
    waists = [[node for node in waist if node in depths] for waist in _waists(model)]
    waists = [[node for node in waist if node is waist[0] or _is_own(node, waist, waists, outputs)] for waist in waists]
    chosen = _finest_level(model, waists, depths)
    if len(chosen) < _MIN_AUTO_LAYERS:
        depth = max((depths[node] for node in chosen), default=max(depths.values(), default=0))
        modules = {node for path, node in outputs.items() if path.count(".") <= depth}
        blocks = _finest_level(model, [[node] for node in model.graph.nodes if node in modules], depths)
        chosen = blocks if len(blocks) > len(chosen) else chosen
    if not chosen:
        raise _nothing_chosen(model)
    return _paths_of(model, chosen, raw, outputs)


def left_out_vectors(model: ExportedModel) -> list[str]:
    """The modules that would be natural layers if what they return had positions, without the one of the logits."""
    mixing = _mixing_paths(model)
    outputs = {call: after_nonlinearity(node) for call, node in model.outputs_of_modules().items() if call in mixing}
    found = []
    for waist in _waists(model):
        calls = [call for call, node in outputs.items() if node in waist]
        if model.output in waist or any(_has_positions(model, outputs[call]) for call in calls):
            continue
        vectors = [call for call in calls if _is_vector(model, outputs[call])]
        if vectors:
            found.append(min(vectors, key=lambda call: call.count(".")))
    return found


def recordable(model: ExportedModel) -> list[str]:
    """The modules that return channels, and can be named, with their types: `2 (Linear)`; the logits last."""
    outputs = {call: after_nonlinearity(node) for call, node in model.outputs_of_modules().items()}
    known = [call for call, node in outputs.items() if _is_vector(model, node) or _has_positions(model, node)]
    known.sort(key=lambda call: outputs[call] is model.output)
    return [f"{call} ({model.module_types.get(path_of_call(call), 'function')})" for call in known]


def _nothing_chosen(model: ExportedModel) -> InputError:
    names = recordable(model)
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return InputError(
        "`--layers auto` looks for stages and blocks with channels at positions.",
        f"This model has none that is a module. What its modules return, and can be named: {shown or 'nothing'}.",
        f"Name them, such as --layers {names[0].split()[0]}."
        if names
        else "Split its forward into modules, each with one output of shape (batch, channel, height, width).",
    )


def _is_vector(model: ExportedModel, node: fx.Node) -> bool:
    layout = model.layouts.get(node)
    return layout is not None and layout.n_positions == 1 and not layout.is_flat


def after_nonlinearity(node: fx.Node) -> fx.Node:
    """Follows a value through the batch norm and the ReLU that are its only reader, as `conv -> bn -> relu`."""
    while len(node.users) == 1:
        (reader,) = node.users
        if operator_name(reader) not in NORMALIZATION | RELU_LIKE | {"getitem"}:
            break
        node = reader
    return node


def _is_own(
    node: fx.Node, waist: Sequence[fx.Node], waists: Sequence[Sequence[fx.Node]], outputs: Mapping[str, fx.Node]
) -> bool:
    """Whether some module returns a value and holds no other waist: a stem with its norm, not a whole encoder."""
    elsewhere = {path for other in waists if other is not waist and other for path in calls_around(other[0])}
    return any(output is node and path not in elsewhere for path, output in outputs.items())


def _finest_level(
    model: ExportedModel, candidates: Sequence[Sequence[fx.Node]], depths: Mapping[fx.Node, int]
) -> list[fx.Node]:
    """One of each group of candidates, down to the deepest level at which they are not too many."""
    chosen: list[fx.Node] = []
    for depth in sorted({depths[node] for group in candidates for node in group}):
        level = [
            _outermost(model, within, depths)
            for group in candidates
            if (within := [node for node in group if depths[node] <= depth])
        ]
        if len(level) > _MAX_AUTO_LAYERS:
            return chosen if len(chosen) >= _MIN_AUTO_LAYERS else _thinned(model, level)
        chosen = level
    return chosen


def _outermost(model: ExportedModel, group: Sequence[fx.Node], depths: Mapping[fx.Node, int]) -> fx.Node:
    """Of values that follow one another without mixing channels the outermost module's, before any pooling."""
    grid = model.layouts[group[0]].grid
    return min((node for node in group if model.layouts[node].grid == grid), key=lambda node: depths[node])


def _thinned(model: ExportedModel, nodes: Sequence[fx.Node]) -> list[fx.Node]:
    """The last of each run of equal shape, else of equal size; evenly where that leaves too few or too many."""
    layouts = [model.layouts[node] for node in nodes]
    for key in ([(x.n_channels, *x.grid) for x in layouts], [x.grid for x in layouts]):
        last = [node for node, one, next_one in zip(nodes, key, [*key[1:], None], strict=True) if one != next_one]
        if _MIN_AUTO_LAYERS <= len(last) <= _MAX_AUTO_LAYERS:
            return last
    step = -(-len(nodes) // _MAX_AUTO_LAYERS)
    return list(nodes[::-1][::step][::-1])


def _mixing_paths(model: ExportedModel) -> set[str]:
    """The modules in which channels are mixed: neither norms nor poolings nor nonlinearities by themselves."""
    return {
        path
        for node in model.graph.nodes
        if _mixes_channels(node, model.inputs_of(node))
        for path in calls_around(node)
    }


def _paths_of(
    model: ExportedModel, chosen: Sequence[fx.Node], raw: Mapping[str, fx.Node], outputs: Mapping[str, fx.Node]
) -> list[str]:
    """For each value the outermost module that computes it and none of the others: `layer1.2`, not `layer1`.

    Args:
        chosen: values behind their nonlinearities.
        raw: what each module returns; a value belongs to the module that is the first to return it.
        outputs: the same behind its nonlinearity, which may stand in a module that follows.
    """
    returning = {node: [path for path, output in outputs.items() if output is node] for node in chosen}
    order = {node: index for index, node in enumerate(model.graph.nodes)}
    around = {
        node: set(calls_around(min((raw[path] for path in paths), key=order.__getitem__)))
        for node, paths in returning.items()
    }
    found = []
    for node, paths in returning.items():
        shared = {path for other, others in around.items() if other is not node for path in others}
        own = [path for path in paths if path in around[node] and path not in shared] or paths
        found.append(min(own, key=lambda path: path.count(".")))
    return found


def _has_positions(model: ExportedModel, node: fx.Node) -> bool:
    layout = model.layouts.get(node)
    return layout is not None and layout.n_positions > 1 and not layout.is_flat


def _waists(model: ExportedModel) -> list[list[fx.Node]]:
    """Values that alone carry the image at some moment of the forward pass; a new group wherever channels are mixed."""
    live: dict[fx.Node, int] = {}
    waists: list[list[fx.Node]] = []
    is_mixed = False
    for node in model.graph.nodes:
        if not model.depends_on_input(node) or node.op == "output":
            continue
        inputs = model.inputs_of(node)
        for source in inputs:
            live[source] -= 1
            if not live[source]:
                del live[source]
        live[node] = sum(1 for user in node.users if model.depends_on_input(user))
        is_mixed = is_mixed or _mixes_channels(node, inputs)
        if (is_mixed or waists) and len(live) == 1 and shape_of(node) is not None and after_nonlinearity(node) is node:
            waists.append([node]) if is_mixed else waists[-1].append(node)
            is_mixed = False
    return waists


def _mixes_channels(node: fx.Node, inputs: Sequence[fx.Node]) -> bool:
    name = operator_name(node)
    return name in _CHANNEL_MIXING or (name in {"add", "cat"} and len(inputs) > 1)
