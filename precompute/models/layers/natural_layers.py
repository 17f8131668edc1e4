"""The automatic choice of layers: a model's stages and blocks, found in its graph and its modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import fx

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import (
    CONVOLUTION,
    NORMALIZATION,
    RELU_LIKE,
    get_operator_name,
    get_path_of_call,
    get_shape,
    list_calls_around,
)

_CHANNEL_MIXING = CONVOLUTION | {"linear", "matmul", "bmm", "einsum", "scaled_dot_product_attention"}
_MIN_AUTO_LAYERS, _MAX_AUTO_LAYERS = 4, 16


def choose_natural_layers(model: ExportedModel) -> list[str]:
    """Chooses the model's stages and blocks, 4 to 16 of them where it has so many, by the calls of their modules.

    Candidates are values that some module returns, after channels were mixed, and that lie on every path from image to
    logits. The outermost modules are taken, then those inside them, and so on, as long as there are at most 16. Where
    cells also read the cell before the last, as in NASNet, there are no such values. Then all modules of a level
    count. More than 16 are thinned to the last of each stage. If that leaves too few or too many, they are thinned
    evenly.

    Returns:
        Calls of modules, such as `layer1.0`, in order from the input.

    Raises:
        InputError: there is nothing to record.
    """
    raw = model.find_outputs_of_modules()
    outputs = {path: follow_nonlinearity(node) for path, node in raw.items()}
    depths: dict[fx.Node, int] = {}
    mixing = _list_mixing_paths(model)
    raw = {path: node for path, node in raw.items() if path in mixing and _has_positions(model, outputs[path])}
    outputs = {path: outputs[path] for path in raw}
    for path, node in outputs.items():
        depths[node] = min(path.count("."), depths.get(node, path.count(".")))
    waists = [[node for node in waist if node in depths] for waist in _find_waists(model)]
    waists = [[node for node in waist if node is waist[0] or _is_own(node, waist, waists, outputs)] for waist in waists]
    chosen = _choose_level(model, waists, depths)
    if len(chosen) < _MIN_AUTO_LAYERS:
        depth = max((depths[node] for node in chosen), default=max(depths.values(), default=0))
        modules = {node for path, node in outputs.items() if path.count(".") <= depth}
        blocks = _choose_level(model, [[node] for node in model.graph.nodes if node in modules], depths)
        chosen = blocks if len(blocks) > len(chosen) else chosen
    if not chosen:
        raise _build_empty_error(model)
    return _find_paths(model, chosen, raw, outputs)


def list_left_out_vectors(model: ExportedModel) -> list[str]:
    """Lists the modules that would be natural layers if their values had positions, without the one of the logits."""
    mixing = _list_mixing_paths(model)
    outputs = {
        call: follow_nonlinearity(node) for call, node in model.find_outputs_of_modules().items() if call in mixing
    }
    found = []
    for waist in _find_waists(model):
        calls = [call for call, node in outputs.items() if node in waist]
        if model.output in waist or any(_has_positions(model, outputs[call]) for call in calls):
            continue
        vectors = [call for call in calls if _is_vector(model, outputs[call])]
        if vectors:
            found.append(min(vectors, key=lambda call: call.count(".")))
    return found


def list_recordable(model: ExportedModel) -> list[str]:
    """Lists the modules that can be recorded, with their types, such as `2 (Linear)`; the one of the logits is last."""
    outputs = {call: follow_nonlinearity(node) for call, node in model.find_outputs_of_modules().items()}
    known = [call for call, node in outputs.items() if _is_vector(model, node) or _has_positions(model, node)]
    known.sort(key=lambda call: outputs[call] is model.output)
    return [f"{call} ({model.module_types.get(get_path_of_call(call), 'function')})" for call in known]


def _build_empty_error(model: ExportedModel) -> InputError:
    names = list_recordable(model)
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


def follow_nonlinearity(node: fx.Node) -> fx.Node:
    """Follows a value through the batch norm and the ReLU that are its only reader, as `conv -> bn -> relu`."""
    while len(node.users) == 1:
        (reader,) = node.users
        if get_operator_name(reader) not in NORMALIZATION | RELU_LIKE | {"getitem"}:
            break
        node = reader
    return node


def _is_own(
    node: fx.Node, waist: Sequence[fx.Node], waists: Sequence[Sequence[fx.Node]], outputs: Mapping[str, fx.Node]
) -> bool:
    """Returns whether some module returns a value and holds no other waist, as a stem with its norm does."""
    elsewhere = {path for other in waists if other is not waist and other for path in list_calls_around(other[0])}
    return any(output is node and path not in elsewhere for path, output in outputs.items())


def _choose_level(
    model: ExportedModel, candidates: Sequence[Sequence[fx.Node]], depths: Mapping[fx.Node, int]
) -> list[fx.Node]:
    """Chooses one of each group of candidates, down to the deepest level at which they are not too many."""
    chosen: list[fx.Node] = []
    for depth in sorted({depths[node] for group in candidates for node in group}):
        level = [
            _find_outermost(model, within, depths)
            for group in candidates
            if (within := [node for node in group if depths[node] <= depth])
        ]
        if len(level) > _MAX_AUTO_LAYERS:
            return chosen if len(chosen) >= _MIN_AUTO_LAYERS else _thin(model, level)
        chosen = level
    return chosen


def _find_outermost(model: ExportedModel, group: Sequence[fx.Node], depths: Mapping[fx.Node, int]) -> fx.Node:
    """Finds the value of the outermost module among values between which no channels are mixed, before any pooling."""
    grid = model.layouts[group[0]].grid
    return min((node for node in group if model.layouts[node].grid == grid), key=lambda node: depths[node])


def _thin(model: ExportedModel, nodes: Sequence[fx.Node]) -> list[fx.Node]:
    """Keeps the last of each run of equal shape, else of equal size; thins evenly where that leaves too few or many."""
    layouts = [model.layouts[node] for node in nodes]
    for key in ([(x.n_channels, *x.grid) for x in layouts], [x.grid for x in layouts]):
        last = [node for node, one, next_one in zip(nodes, key, [*key[1:], None], strict=True) if one != next_one]
        if _MIN_AUTO_LAYERS <= len(last) <= _MAX_AUTO_LAYERS:
            return last
    step = -(-len(nodes) // _MAX_AUTO_LAYERS)
    return list(nodes[::-1][::step][::-1])


def _list_mixing_paths(model: ExportedModel) -> set[str]:
    """Lists the modules in which channels are mixed, so neither lone norms nor poolings nor nonlinearities."""
    return {
        path
        for node in model.graph.nodes
        if _mixes_channels(node, model.find_inputs(node))
        for path in list_calls_around(node)
    }


def _find_paths(
    model: ExportedModel, chosen: Sequence[fx.Node], raw: Mapping[str, fx.Node], outputs: Mapping[str, fx.Node]
) -> list[str]:
    """Finds for each value the outermost module that computes it and no other: `layer1.2`, not `layer1`.

    Args:
        model: the exported model.
        chosen: values behind their nonlinearities.
        raw: the value of each module; a value belongs to the module that is the first to return it.
        outputs: the same values behind their nonlinearities, which may be in modules that follow.
    """
    returning = {node: [path for path, output in outputs.items() if output is node] for node in chosen}
    order = {node: index for index, node in enumerate(model.graph.nodes)}
    around = {
        node: set(list_calls_around(min((raw[path] for path in paths), key=order.__getitem__)))
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


def _find_waists(model: ExportedModel) -> list[list[fx.Node]]:
    """Finds values that alone carry the image at some moment of the forward pass, in groups.

    A new group begins wherever channels are mixed.
    """
    live: dict[fx.Node, int] = {}
    waists: list[list[fx.Node]] = []
    is_mixed = False
    for node in model.graph.nodes:
        if not model.depends_on_input(node) or node.op == "output":
            continue
        inputs = model.find_inputs(node)
        for source in inputs:
            live[source] -= 1
            if not live[source]:
                del live[source]
        live[node] = sum(1 for user in node.users if model.depends_on_input(user))
        is_mixed = is_mixed or _mixes_channels(node, inputs)
        if (
            (is_mixed or waists)
            and len(live) == 1
            and get_shape(node) is not None
            and follow_nonlinearity(node) is node
        ):
            waists.append([node]) if is_mixed else waists[-1].append(node)
            is_mixed = False
    return waists


def _mixes_channels(node: fx.Node, inputs: Sequence[fx.Node]) -> bool:
    name = get_operator_name(node)
    return name in _CHANNEL_MIXING or (name in {"add", "cat"} and len(inputs) > 1)
