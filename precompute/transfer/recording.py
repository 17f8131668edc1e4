"""The missing features of all models of a comparison: this process or an engine makes them, and this process writes."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from precompute.contract.progress import Progress
from precompute.contract.transfer_tables import write_transfer_manifest
from precompute.datasets.images import ImageSource
from precompute.transfer.features import FeaturePass, FeatureStore, Reader
from precompute.transfer.opened import OpenedModel
from precompute.transfer.request import FeatureEngine, Piece, TransferRequest

__all__ = ["record_features"]


def record_features(
    opened: Sequence[OpenedModel],
    request: TransferRequest,
    source: ImageSource,
    manifest: dict[str, Any],
    progress: Progress,
) -> None:
    """Makes the features that are missing, and the entry of every model in the manifest.

    Raises:
        InputError: images have several sizes after preprocessing, or the engine finds bad input.
    """
    fingerprints = {each.name: each.compute_fingerprint(source) for each in opened}
    stores = {each.name: _open_store(each, fingerprints[each.name], request, source) for each in opened}
    if request.engine is not None:
        _divide(request, request.engine, stores, fingerprints, progress)
    for each in opened:
        reader = Reader(source, each.loaded.preprocess, request.workers, request.batch_size)
        features = FeaturePass(stores[each.name], each.model, each.layers, reader, request.device)
        if features.n_images:
            with progress.open_stage(f"Features of {each.name}", features.n_images) as advance:
                features.run(advance)
        known = manifest["models"].get(each.name)
        manifest["models"][each.name] = each.describe(fingerprints[each.name], request.device, known)
        write_transfer_manifest(request.out, manifest)


def _open_store(opened: OpenedModel, fingerprint: str, request: TransferRequest, source: ImageSource) -> FeatureStore:
    layers = [(layer.name, layer.n_channels) for layer in opened.layers]
    return FeatureStore(request.out / "features" / opened.name, fingerprint, layers, len(source.images))


def _divide(
    request: TransferRequest,
    engine: FeatureEngine,
    stores: Mapping[str, FeatureStore],
    fingerprints: Mapping[str, str],
    progress: Progress,
) -> None:
    """Writes the missing files of all stores as an engine makes them."""
    pieces = [
        Piece(name, fingerprints[name], images) for name, store in stores.items() for images in store.list_missing()
    ]
    if not pieces:
        return
    with (
        progress.open_stage("Features", sum(len(piece.images) for piece in pieces)) as advance,
        contextlib.closing(engine.make(request, pieces)) as making,
    ):
        for piece, made in making:
            stores[piece.model].write(made.images.start, made.values, made.skipped)
            advance(len(piece.images))
    for name in {piece.model for piece in pieces}:
        stores[name].remove_others()
