"""The stage `embedding`: every class as a point per layer, near the classes that use the same channels."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from precompute.contract.class_reader import ClassReader
from precompute.contract.nodes import Nodes
from precompute.contract.progress import Progress, SilentProgress
from precompute.contract.writing import write_table
from precompute.embedding.config import EmbeddingConfig

__all__ = [
    "FloatArray",
    "build_embeddings",
    "embed_layer",
    "has_umap",
    "lay_out_layers",
    "needs_umap",
    "project_layer",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]

Layout = Callable[[npt.ArrayLike, FloatArray | None, EmbeddingConfig], FloatArray]

_FEWEST_FOR_UMAP = 5
_START_EXTENT = 10.0
"""Half the extent that UMAP itself gives to an initial layout; with it, the jitter is as small as UMAP's own."""
_START_JITTER = 1e-3


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

    Each layer starts from the layout of the layer before, so that a class moves only as far as its channels make it.

    Args:
        run: the folder that holds `activations`.
        layers: name and number of channels of each recorded layer, in order from the input.
        class_ids: the classes to lay out; in the table they are sorted.
        config: of the layout.
        layout: `embed_layer`, or another that takes and gives the same.
        progress: told of every layer.

    Raises:
        InputError: the table is missing, damaged, or names layers or channels not in `layers`.
    """
    ordered, points = sorted(class_ids), list[FloatArray]()
    with (progress or SilentProgress()).stage("Embedding", total=len(layers), unit="layers") as advance:
        for placed in lay_out_layers(run, layers, ordered, config, layout or embed_layer):
            points.append(placed)
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
    """The points `(n_classes, 2)` of each layer in turn; arguments and errors are those of `build_embeddings`."""
    nodes, points = Nodes(layers), None
    counts = _read_counts(run, nodes, class_ids)
    for start, stop in zip(nodes.starts[:-1], nodes.starts[1:], strict=True):
        points = layout(counts[:, start:stop], points, config)
        yield points


def _read_counts(run: Path, nodes: Nodes, class_ids: Sequence[int]) -> IntArray:
    """Activation counts `(class, node)`; 0 where the table has no row."""
    counts = np.zeros((len(class_ids), len(nodes)), np.int32)
    with ClassReader(run, "activations", ("layer", "channel", "activation_count")) as reader:
        for place, class_id in enumerate(class_ids):
            rows = reader.read(class_id)
            counts[place, nodes.number_rows(rows, "layer", "channel")] = rows["activation_count"].to_numpy()
    return counts


def embed_layer(counts: npt.ArrayLike, previous: FloatArray | None, config: EmbeddingConfig) -> FloatArray:
    """Lays out the classes of one layer by the cosine between their activation counts.

    UMAP, started from the layout before, or from the first two principal components in the first layer: unlike a
    spectral start these are defined and deterministic when the classes fall into unconnected parts. UMAP scales and
    shifts each axis of a start to [0, 10], so its proportions may change while neighbourhoods stay. Under five
    classes the principal components themselves are the layout. Position and orientation have no meaning, so the
    result is centred, and turned or mirrored to lie as near as it can to the layout before.

    A class without any count has no direction and thus no neighbours: it is left out and drawn at the centre.

    Args:
        counts: activation counts, `(n_classes, n_channels)`.
        previous: the layout of the layer before, `(n_classes, 2)`, or None for the first layer.
        config: of the layout.

    Returns:
        Points `(n_classes, 2)` with their mean at the origin.
    """

    def place(directions: FloatArray, before: FloatArray | None) -> FloatArray:
        if not needs_umap(len(directions)):
            return _principal_components(directions)
        return _umap(directions, _principal_components(directions) if before is None else before, config)

    return _laid_out(counts, previous, place)


def project_layer(counts: npt.ArrayLike, previous: FloatArray | None, config: EmbeddingConfig) -> FloatArray:
    """As `embed_layer`, by the first two principal components however many classes there are: needs numpy alone."""
    return _laid_out(counts, previous, lambda directions, before: _principal_components(directions))


def needs_umap(n_classes: int) -> bool:
    """Whether `embed_layer` lays out so many classes by UMAP."""
    return n_classes >= _FEWEST_FOR_UMAP


def has_umap() -> bool:
    """Whether `embed_layer` can lay out more classes than a few: UMAP is installed."""
    return importlib.util.find_spec("umap") is not None


def _laid_out(
    counts: npt.ArrayLike, previous: FloatArray | None, place: Callable[[FloatArray, FloatArray | None], FloatArray]
) -> FloatArray:
    """The classes with any count placed by their directions, centred and turned towards the layout before."""
    values = np.asarray(counts, np.float64)
    points = np.zeros((len(values), 2))
    is_used = values.any(axis=1)
    if not is_used.any():
        return points
    used, before = values[is_used], None if previous is None else previous[is_used]
    layout = place(used / np.linalg.norm(used, axis=1, keepdims=True), before)
    points[is_used] = _turned_towards(before, layout - layout.mean(axis=0))
    return points


def _umap(directions: FloatArray, start: FloatArray, config: EmbeddingConfig) -> FloatArray:
    reducer = _import_umap()(
        n_neighbors=min(config.n_neighbors, len(directions) - 1),
        min_dist=config.min_dist,
        n_epochs=config.n_epochs,
        metric="cosine",
        init=_jittered(start, config.seed),
        random_state=config.seed,
        n_jobs=1,
    )
    return np.asarray(reducer.fit_transform(directions.astype(np.float32)), np.float64)


@functools.cache
def _import_umap() -> Any:
    """UMAP's class. Importing and compiling it takes seconds that no other stage should wait for.

    It compiles some of its functions anew in each process. numba keeps these on disk too, where it keeps the others.
    """
    from umap import UMAP, layouts, umap_

    for module, name in (
        (umap_, "fast_knn_indices"),
        (umap_, "smooth_knn_dist"),
        (umap_, "compute_membership_strengths"),
        (layouts, "_nb_optimize_layout_euclidean_single_epoch"),
    ):
        # Another version may have other names. Where no folder can be written, there is a RuntimeError.
        with contextlib.suppress(AttributeError, RuntimeError):
            getattr(module, name).enable_caching()
    return UMAP


def _jittered(start: FloatArray, seed: int) -> FloatArray:
    """A start without coinciding points or a flat axis, both of which UMAP would divide by zero or jitter itself."""
    centred = start - start.mean(axis=0)
    extent = np.abs(centred).max()
    scaled = centred * (_START_EXTENT / extent) if extent > 0 else centred
    return scaled + np.random.default_rng(seed).normal(scale=_START_JITTER, size=start.shape)


def _principal_components(rows: FloatArray) -> FloatArray:
    """The first two principal components `(n_rows, 2)`, each signed so that its greatest loading is positive."""
    left, sizes, loadings = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    greatest = np.take_along_axis(loadings, np.abs(loadings).argmax(axis=1, keepdims=True), axis=1)[:, 0]
    components = np.zeros((len(rows), 2))
    n_found = min(2, len(sizes))
    components[:, :n_found] = (left * sizes * np.where(greatest < 0, -1, 1))[:, :n_found]
    return components


def _turned_towards(previous: FloatArray | None, points: FloatArray) -> FloatArray:
    """The rotation or reflection of centred `points` that lies nearest to `previous` (orthogonal Procrustes)."""
    if previous is None:
        return points
    left, _, right = np.linalg.svd(points.T @ (previous - previous.mean(axis=0)))
    return points @ left @ right
