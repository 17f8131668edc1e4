"""The stage `embedding`: a point per layer and class, near the classes that use the same channels."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from precompute.contract.class_reader import ClassReader
from precompute.contract.nodes import Nodes
from precompute.contract.progress import Progress, SilentProgress
from precompute.contract.writing import write_table
from precompute.embedding.config import EmbeddingConfig
from precompute.embedding.layout import FloatArray, Layout, embed_layer, has_umap, project_layer

__all__ = ["build_embeddings", "embed_layer", "has_umap", "lay_out_layers", "project_layer"]

IntArray = npt.NDArray[np.int32]


def build_embeddings(
    run: Path,
    layers: Sequence[tuple[str, int]],
    class_ids: Collection[int],
    config: EmbeddingConfig,
    *,
    layout: Layout | None = None,
    progress: Progress | None = None,
) -> None:
    """Writes the table `embeddings` of a run from `activations`.

    Each layer starts from the layout of the layer before, so that classes move no more between layers than they must.

    Args:
        run: the folder that holds `activations`.
        layers: name and number of channels of each recorded layer, in order from the input.
        class_ids: the classes to lay out. In the table they are sorted.
        config: settings of the layout.
        layout: `embed_layer` if None.
        progress: shows the number of layers that are done.

    Raises:
        InputError: the table is missing, damaged, or names layers or channels not in `layers`.
    """
    ordered, points = sorted(class_ids), list[FloatArray]()
    with (progress or SilentProgress()).open_stage("Embedding", total=len(layers), unit="layers") as advance:
        for layout_of_layer in lay_out_layers(run, layers, ordered, config, layout or embed_layer):
            points.append(layout_of_layer)
            advance(1)
    x, y = np.concatenate([*points, np.zeros((0, 2))]).T
    columns = {
        "layer": [name for name, _ in layers for _ in ordered],
        "class_id": ordered * len(layers),
        "x": x.astype(np.float32),
        "y": y.astype(np.float32),
    }
    write_table(run, "embeddings", columns)


def lay_out_layers(
    run: Path,
    layers: Sequence[tuple[str, int]],
    class_ids: Sequence[int],
    config: EmbeddingConfig,
    layout: Layout,
) -> Iterator[FloatArray]:
    """Yields the points `(n_classes, 2)` of each layer in turn, with arguments and errors as `build_embeddings`."""
    nodes, points = Nodes(layers), None
    counts = _read_counts(run, nodes, class_ids)
    for start, stop in zip(nodes.starts[:-1], nodes.starts[1:], strict=True):
        points = layout(counts[:, start:stop], points, config)
        yield points


def _read_counts(run: Path, nodes: Nodes, class_ids: Sequence[int]) -> IntArray:
    """Reads the activation counts, `(n_classes, n_nodes)`; 0 if the table has no row."""
    counts = np.zeros((len(class_ids), len(nodes)), np.int32)
    with ClassReader(run, "activations", ("layer", "channel", "activation_count")) as reader:
        for index, class_id in enumerate(class_ids):
            rows = reader.read(class_id)
            counts[index, nodes.number_rows(rows, "layer", "channel")] = rows["activation_count"].to_numpy()
    return counts
