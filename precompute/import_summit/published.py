"""Summit's published attribution graphs: one file `ag-CLASS.json` per class, read and checked."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from precompute.contract.errors import InputError
from precompute.import_summit.network import SUMMITS, Network

__all__ = ["FarEdge", "Influence", "PublishedGraph", "PublishedNode", "find_data", "find_graphs", "read_graph"]

_RULE = (
    "A file ag-CLASS.json lists for each layer its nodes, each with channel, count, pagerank, prev_channels and "
    "attr_channels."
)
_FIX = "Fetch the file again from github.com/fredhohman/summit-data, or take it out of the folder."
_NAME = re.compile(r"ag-(0|[1-9]\d{0,8})\.json")
_GREATEST = 2**31 - 1


class Influence(NamedTuple):
    """A source channel by its number in the file, and in how many images it is among the strongest inputs."""

    channel: int
    influence_count: int


class FarEdge(NamedTuple):
    """An edge from a kept channel of a layer that is not the one before; layers by position in the network."""

    layer: int
    channel: int
    influence_count: int


class PublishedNode(NamedTuple):
    """A kept channel.

    Attributes:
        layer: position of its layer in the network.
        channel: number of the channel in its layer.
        activation_count: number of the class's images that have it among their strongest channels.
        pagerank_score: personalized PageRank, from 0 to 1.
        edges: the kept channels of the layer before, with counts (`prev_channels`).
        listed: up to three strongest inputs (`attr_channels`), strongest first; not always channels of that layer.
        far_edges: the kept channels of layers further down (`far_channels`), which only an exported run has.
    """

    layer: int
    channel: int
    activation_count: int
    pagerank_score: float
    edges: tuple[Influence, ...]
    listed: tuple[Influence, ...]
    far_edges: tuple[FarEdge, ...] = ()


class PublishedGraph(NamedTuple):
    """The graph of a class, sorted by layer from the input and channel."""

    class_id: int
    nodes: tuple[PublishedNode, ...]

    @property
    def n_edges(self) -> int:
        """Number of edges of all nodes."""
        return sum(len(node.edges) + len(node.far_edges) for node in self.nodes)

    @property
    def greatest_count(self) -> int:
        """The greatest of all counts; the class has at least as many images, because every count is of its images."""
        counts = [node.activation_count for node in self.nodes]
        counts += [source.influence_count for node in self.nodes for source in (*node.edges, *node.listed)]
        counts += [edge.influence_count for node in self.nodes for edge in node.far_edges]
        return max(counts, default=0)


def find_data(folder: Path) -> Path:
    """Finds the folder that holds `ag` and `feature-vis`: `data` in the given folder, or the given folder itself.

    Raises:
        InputError: there is no such folder; there is no `ag` in it.
    """
    rule = "Summit's published data is a folder with data/ag/ag-CLASS.json, as in github.com/fredhohman/summit-data."
    if not folder.is_dir():
        found = f"{folder} is a file." if folder.exists() else f"{folder} is not there."
        raise InputError(rule, found, "Name the folder that was cloned or unpacked.")
    for data in (folder / "data", folder):
        if (data / "ag").is_dir():
            return data
    raise InputError(rule, f"{folder} has neither data/ag nor ag.", "Name the folder that was cloned or unpacked.")


def find_graphs(data: Path) -> tuple[dict[int, Path], list[str]]:
    """Finds the graph file of each class, sorted by class, and the names of the other files beside them.

    Raises:
        InputError: there is no graph.
    """
    found: dict[int, Path] = {}
    others = []
    for path in sorted((data / "ag").iterdir()):
        match = _NAME.fullmatch(path.name)
        if match and path.is_file():
            found[int(match[1])] = path
        elif not path.name.startswith("."):
            others.append(path.name)
    if not found:
        raise InputError(
            "The attribution graph of class 270 is the file ag-270.json.",
            f"{data / 'ag'} has no such file" + (f", but {', '.join(others[:3])}." if others else "."),
            "Name the folder that was cloned or unpacked, with its files complete.",
        )
    return dict(sorted(found.items())), others


def read_graph(class_id: int, path: Path, network: Network = SUMMITS) -> PublishedGraph:
    """Reads the graph of a class.

    Raises:
        InputError: the file cannot be read; it is no JSON; it is no sound graph of the network's channels.
    """
    try:
        layers = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise InputError(_RULE, f"{path}: {_state_reason(problem)}.", _FIX) from problem
    try:
        nodes = sorted(_iterate_nodes(layers, network))
        _require_sound(nodes, network)
    except ValueError as problem:
        raise InputError(_RULE, f"{path}: {problem}.", _FIX) from problem
    return PublishedGraph(class_id, tuple(nodes))


def _state_reason(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "lists within lists without end"
    return str(problem.strerror if isinstance(problem, OSError) else problem).rstrip(".")


def _iterate_nodes(layers: Any, network: Network) -> Iterator[PublishedNode]:
    for name, entries in _require_mapping(layers, "the whole").items():
        if name not in network.indices:
            raise ValueError(f"the layer {name} is none of {', '.join(network.indices)}")
        for number, entry in enumerate(_require_list(entries, name)):
            where = f"node {number} of {name}"
            yield _read_node(name, _require_mapping(entry, where), where, network)


def _read_node(layer: str, entry: Mapping[str, Any], where: str, network: Network) -> PublishedNode:
    if entry.get("layer", layer) != layer:
        raise ValueError(f"{where} says that its layer is {entry['layer']}")
    channel = _require_whole_number(entry.get("channel"), f"channel of {where}")
    where = f"{layer}-{channel}"
    index, score = network.indices[layer], entry.get("pagerank")
    if channel >= network.layers[index].n_channels:
        raise ValueError(f"{where} is no channel: {layer} has {network.layers[index].n_channels}")
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1 or not math.isfinite(score):
        raise ValueError(f"pagerank of {where} is {_shorten(score)}, and no number from 0 to 1")
    count = _require_whole_number(entry.get("count"), f"count of {where}")
    edges = tuple(sorted(_iterate_influences(entry.get("prev_channels"), f"prev_channels of {where}")))
    listed = tuple(_iterate_influences(entry.get("attr_channels", []), f"attr_channels of {where}"))
    far = tuple(sorted(_iterate_far_edges(entry.get("far_channels", []), where, index, network)))
    return PublishedNode(index, channel, count, float(score), edges, listed, far)


def _iterate_far_edges(entries: Any, where: str, layer: int, network: Network) -> Iterator[FarEdge]:
    """Yields the edges from layers below the one before.

    Raises:
        ValueError: an entry names no such layer.
    """
    where = f"far_channels of {where}"
    for entry, influence in zip(_require_list(entries, where), _iterate_influences(entries, where), strict=True):
        name = entry.get("prev_layer")
        index = network.indices.get(name, layer) if isinstance(name, str) else layer
        if index >= layer - 1:
            raise ValueError(f"prev_layer in {where} is {_shorten(name)}, and no layer below the one before")
        yield FarEdge(index, *influence)


def _iterate_influences(entries: Any, where: str) -> Iterator[Influence]:
    for entry in _require_list(entries, where):
        source = _require_mapping(entry, where)
        count = _require_whole_number(source.get("inf"), f"inf in {where}")
        if not count:
            raise ValueError(f"{where} has an influence that counts 0 images")
        number = source.get("prev_channel")
        if isinstance(number, str) and re.fullmatch(r"[0-9]{1,9}", number):  # attr_channels quote their numbers
            number = int(number)
        yield Influence(_require_whole_number(number, f"prev_channel in {where}"), count)


def _require_sound(nodes: list[PublishedNode], network: Network) -> None:
    """Requires that each node and each edge is there once, and that each edge starts at a node of a lower layer.

    Raises:
        ValueError: the nodes, sorted, are otherwise.
    """
    known = {(node.layer, node.channel) for node in nodes}
    if len(known) < len(nodes):
        first = next(a for a, b in itertools.pairwise(nodes) if a[:2] == b[:2])
        raise ValueError(f"{_format_name(first.layer, first.channel, network)} is listed twice")
    for node in nodes:
        name = _format_name(node.layer, node.channel, network)
        sources = [(node.layer - 1, edge.channel) for edge in node.edges]
        sources += [(edge.layer, edge.channel) for edge in node.far_edges]
        if len(set(sources)) < len(sources):
            raise ValueError(f"{name} has two edges from the same channel")
        for layer, channel in sources:
            if layer < 0:
                raise ValueError(f"{name} has an edge from channel {channel}, and no layer is before it")
            if (layer, channel) not in known:
                source = _format_name(layer, channel, network)
                raise ValueError(f"{name} has an edge from {source}, which is no node of the graph")


def _format_name(layer: int, channel: int, network: Network) -> str:
    return f"{network.layers[layer].file_name}-{channel}"


def _require_mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {_shorten(value)}, and no object")
    return value


def _require_list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{where} is {_shorten(value)}, and no list")
    return value


def _require_whole_number(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _GREATEST:
        raise ValueError(f"{where} is {_shorten(value)}, and no whole number from 0")
    return value


def _shorten(value: Any) -> str:
    text = "absent" if value is None else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
