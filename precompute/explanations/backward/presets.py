"""The choice of a rule for every layer: presets, and rules for single layers beside them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from torch import fx

from precompute.contract.errors import InputError
from precompute.explanations.backward.operators import is_weighted
from precompute.explanations.backward.rules import Rule, parse_rule
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_operator_name, list_paths_around

__all__ = ["DEEP_TAYLOR", "PRESETS", "Preset", "choose_rules", "find_first_layers", "find_preset"]


@dataclass(frozen=True)
class Preset:
    """Rules by the kind of layer.

    Attributes:
        convolution: of convolutions.
        dense: of linear layers, and of products with a matrix.
        first: of the layers next to the image; None for no rule of their own.
        is_positive: sums share relevance by positive contributions alone, and no relevance is negative.
    """

    convolution: str
    dense: str
    first: str | None = None
    is_positive: bool = False


PRESETS: Mapping[str, Preset] = {
    "epsilon": Preset("epsilon", "epsilon"),
    "epsilon_plus_flat": Preset("z_plus", "epsilon", "flat"),
    "epsilon_gamma_box": Preset("gamma:0.25", "epsilon", "z_box"),
    "alpha2_beta1": Preset("alpha_beta:2,1", "epsilon"),
}
"""The presets of layer-wise relevance propagation (Montavon et al. 2019, section 10.3; Kohlbrenner et al. 2020)."""

DEEP_TAYLOR = Preset("z_plus", "z_plus", "z_box", is_positive=True)
"""The rules of deep Taylor decomposition (Montavon et al. 2017, section 5)."""


def find_preset(name: str) -> Preset:
    """Finds a preset by its name.

    Raises:
        InputError: there is none of that name.
    """
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=1)
        raise InputError(
            f"A preset of LRP is one of {', '.join(PRESETS)}.",
            f"Found {name}.",
            f"Did you mean {near[0]}?" if near else "Name one of them, and rules of single layers beside it.",
        )
    return PRESETS[name]


def choose_rules(
    model: ExportedModel, preset: Preset, by_module: Mapping[str, str] | None = None
) -> dict[fx.Node, Rule]:
    """Chooses the rule of every convolution and product with a matrix.

    Args:
        model: the exported model.
        preset: the rules by the kind of layer.
        by_module: rules by path of a module, which count for all layers inside of it; the innermost path goes first.

    Raises:
        InputError: a path is of no module with such layers, or a rule is unknown.
    """
    own = {path: parse_rule(text) for path, text in (by_module or {}).items()}
    first = find_first_layers(model)
    found, used = {}, set()
    for node in model.graph.nodes:
        if not (model.depends_on_input(node) and is_weighted(model, node)):
            continue
        around = [path for path in list_paths_around(node) if path in own]
        used.update(around)
        kind = preset.convolution if get_operator_name(node).startswith("conv") else preset.dense
        general = preset.first if preset.first is not None and node in first else kind
        found[node] = own[around[-1]] if around else parse_rule(general)
    for path in own:
        if path not in used:
            known = sorted({around for node in found for around in list_paths_around(node)})
            near = difflib.get_close_matches(path, known, n=3)
            raise InputError(
                "Rules are given by the path of a module that has a convolution or a linear layer.",
                f"Found {path}.",
                f"Near it: {', '.join(near)}." if near else f"Take one of {', '.join(known[:12])}.",
            )
    return found


def find_first_layers(model: ExportedModel) -> set[fx.Node]:
    """Finds the layers with weights that read the image through no other layer with weights."""
    behind: set[fx.Node] = set()
    first = set()
    for node in model.graph.nodes:
        if not model.depends_on_input(node) or node is model.input:
            continue
        is_behind = any(read in behind for read in model.find_inputs(node))
        if is_weighted(model, node):
            if not is_behind:
                first.add(node)
            behind.add(node)
        elif is_behind:
            behind.add(node)
    return first
