"""Layouts of the classes of one layer in the plane: by UMAP, or by principal components."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from precompute.embedding.config import EmbeddingConfig

__all__ = ["FloatArray", "Layout", "embed_layer", "has_umap", "needs_umap", "project_layer"]

FloatArray = npt.NDArray[np.float64]

Layout = Callable[[npt.ArrayLike, FloatArray | None, EmbeddingConfig], FloatArray]
"""A function of counts, the layout of the layer before and the config, as `embed_layer`."""

_FEWEST_FOR_UMAP = 5
_START_EXTENT = 10.0
"""Half the extent that UMAP itself gives to an initial layout. With it, the jitter is as small as UMAP's own."""
_START_JITTER = 1e-3


def embed_layer(counts: npt.ArrayLike, previous: FloatArray | None, config: EmbeddingConfig) -> FloatArray:
    """Lays out the classes of one layer by the cosine between their activation counts.

    UMAP (McInnes et al. 2018) starts from the layout of the layer before; in the first layer it starts from the first
    two principal components. Unlike a spectral start, these are defined and deterministic when the classes fall into
    unconnected parts. UMAP scales and shifts each axis of a start to [0, 10], so its proportions may change while
    neighbourhoods stay. With fewer than five classes the principal components themselves are the layout. Position and
    orientation have no meaning, so the result is centred, and turned or mirrored towards the layout before.

    A class without any count has no direction and so no neighbours. It is left out and drawn at the centre.

    Args:
        counts: activation counts, `(n_classes, n_channels)`.
        previous: the layout of the layer before, `(n_classes, 2)`, or None for the first layer.
        config: settings of the layout.

    Returns:
        Points `(n_classes, 2)` with their mean at the origin.
    """

    def lay_out(directions: FloatArray, before: FloatArray | None) -> FloatArray:
        if not needs_umap(len(directions)):
            return _compute_principal_components(directions)
        return _run_umap(directions, _compute_principal_components(directions) if before is None else before, config)

    return _lay_out_used(counts, previous, lay_out)


def project_layer(counts: npt.ArrayLike, previous: FloatArray | None, config: EmbeddingConfig) -> FloatArray:
    """Lays out the classes as `embed_layer`, but always by principal components. Needs numpy alone."""
    return _lay_out_used(counts, previous, lambda directions, before: _compute_principal_components(directions))


def needs_umap(n_classes: int) -> bool:
    """Returns True if `embed_layer` lays out so many classes by UMAP."""
    return n_classes >= _FEWEST_FOR_UMAP


def has_umap() -> bool:
    """Returns True if UMAP is installed, so that `embed_layer` can lay out five classes or more."""
    return importlib.util.find_spec("umap") is not None


def _lay_out_used(
    counts: npt.ArrayLike, previous: FloatArray | None, lay_out: Callable[[FloatArray, FloatArray | None], FloatArray]
) -> FloatArray:
    """Lays out the classes with any count by their directions, centred and turned towards the layout before."""
    values = np.asarray(counts, np.float64)
    points = np.zeros((len(values), 2))
    is_used = values.any(axis=1)
    if not is_used.any():
        return points
    used, before = values[is_used], None if previous is None else previous[is_used]
    layout = lay_out(used / np.linalg.norm(used, axis=1, keepdims=True), before)
    points[is_used] = _turn_towards(before, layout - layout.mean(axis=0))
    return points


def _run_umap(directions: FloatArray, start: FloatArray, config: EmbeddingConfig) -> FloatArray:
    reducer = _import_umap()(
        n_neighbors=min(config.n_neighbors, len(directions) - 1),
        min_dist=config.min_dist,
        n_epochs=config.n_epochs,
        metric="cosine",
        init=_jitter(start, config.seed),
        random_state=config.seed,
        n_jobs=1,
    )
    return np.asarray(reducer.fit_transform(directions.astype(np.float32)), np.float64)


@functools.cache
def _import_umap() -> Any:
    """Imports UMAP's class. Importing and compiling it takes seconds, for which no other stage should wait.

    UMAP compiles some of its functions again in each process. Here numba keeps these on disk too, beside the others.
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


def _jitter(start: FloatArray, seed: int) -> FloatArray:
    """Returns a start without coinciding points or a flat axis. UMAP would divide by zero there, or jitter itself."""
    centred = start - start.mean(axis=0)
    extent = np.abs(centred).max()
    scaled = centred * (_START_EXTENT / extent) if extent > 0 else centred
    return scaled + np.random.default_rng(seed).normal(scale=_START_JITTER, size=start.shape)


def _compute_principal_components(rows: FloatArray) -> FloatArray:
    """Computes the first two principal components, `(n_rows, 2)`, each with a positive greatest loading."""
    left, sizes, loadings = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    greatest = np.take_along_axis(loadings, np.abs(loadings).argmax(axis=1, keepdims=True), axis=1)[:, 0]
    components = np.zeros((len(rows), 2))
    n_found = min(2, len(sizes))
    components[:, :n_found] = (left * sizes * np.where(greatest < 0, -1, 1))[:, :n_found]
    return components


def _turn_towards(previous: FloatArray | None, points: FloatArray) -> FloatArray:
    """Rotates or reflects centred `points` to be nearest to `previous` (orthogonal Procrustes, Schönemann 1966)."""
    if previous is None:
        return points
    left, _, right = np.linalg.svd(points.T @ (previous - previous.mean(axis=0)))
    return points @ left @ right
