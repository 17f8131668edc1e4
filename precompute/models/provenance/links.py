"""The links between recorded layers, derived from the exported graph.

A link is refused, with the operator that cannot be traced, where channels are mixed in a way that is neither a
convolution nor linear, or where an operator may both raise and lower a channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import fx

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.channel_reader import ChannelReader
from precompute.models.provenance.expressions import Channels, Source, list_parts


@dataclass(frozen=True)
class Link:
    """The way in which one recorded layer is fed.

    Attributes:
        target: the fed layer.
        sources: the recorded layers that feed it with no other one in between, in order from the input.
        channels: the target's channels as an expression over the sources; None where they cannot be traced.
        gates: values that the expression leaves out although they reach the target, such as the factor of a gate.
        problem: the error that names the operator that cannot be traced; None where all can.
    """

    target: RecordedLayer
    sources: tuple[RecordedLayer, ...]
    channels: Channels | None
    gates: tuple[fx.Node, ...] = ()
    problem: InputError | None = None


def derive_links(model: ExportedModel, layers: Sequence[RecordedLayer]) -> tuple[Link, ...]:
    """Derives the link of every recorded layer that another one feeds.

    Args:
        model: the exported model.
        layers: the recorded layers, in order from the input.

    Returns:
        In the order of `layers`; a layer that is fed by the image alone has none.
    """
    by_node = {layer.node: layer for layer in layers}
    links = []
    for layer in layers:
        stops = {node: other for node, other in by_node.items() if node is not layer.node}
        reaching = _find_sources(model, layer.node, stops)
        if not reaching:
            continue
        reader = ChannelReader(model, stops)
        try:
            channels = reader.read(layer.node)
        except InputError as problem:
            links.append(Link(layer, tuple(other for other in layers if other in reaching), None, problem=problem))
            continue
        found = {part.layer.node for part in list_parts(channels) if isinstance(part, Source)}
        sources = tuple(other for other in layers if other.node in found)
        if sources:
            links.append(Link(layer, sources, channels, tuple(reader.gates)))
    return tuple(links)


def _find_sources(model: ExportedModel, node: fx.Node, stops: dict[fx.Node, RecordedLayer]) -> list[RecordedLayer]:
    """Finds the recorded layers from which a value can be reached with no other one in between."""
    found: list[RecordedLayer] = []
    seen, stack = {node}, [node]
    while stack:
        for parent in model.find_inputs(stack.pop()):
            if parent not in seen:
                seen.add(parent)
                found.append(stops[parent]) if parent in stops else stack.append(parent)
    return found
