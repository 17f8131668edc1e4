"""The stage `embedding`: the classes as points, a layout per layer, made in a process beside the other stages."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from precompute.contract.schema import MANIFEST, read_manifest
from precompute.pipeline.stage import RunContext, Stage

if TYPE_CHECKING:
    from precompute.embedding.process import EmbeddingProcess
    from precompute.pipeline.request import RunRequest

__all__ = ["STAGE"]

_NAME = "embedding"


def _open(request: RunRequest, n_classes: int) -> AbstractContextManager[EmbeddingProcess | None]:
    """Starts the process where UMAP will be needed, as far as can be known before the model is loaded."""
    from precompute.devices.cores import count_cores
    from precompute.embedding.process import is_worth_a_process, start_embedding_process

    return start_embedding_process(is_worth_a_process(n_classes, count_cores()) and not _is_done(request))


def _is_done(request: RunRequest) -> bool:
    known = read_manifest(request.out) if (request.out / MANIFEST).is_file() else {}
    return not request.overwrite and known.get("stages", {}).get(_NAME, {}).get("state") == "done"


def _begin(context: RunContext) -> None:
    process: EmbeddingProcess | None = context.opened.get(_NAME)
    if process is not None:
        process.begin(context.folder, context.layers, context.class_ids, context.config.embedding)


def _run(context: RunContext) -> Mapping[str, Any]:
    from precompute.embedding.build import build_embeddings
    from precompute.embedding.layout import embed_layer

    process: EmbeddingProcess | None = context.opened.get(_NAME)
    build_embeddings(
        context.folder,
        context.layers,
        context.class_ids,
        context.config.embedding,
        layout=embed_layer if process is None else process.lay_out,
        progress=context.progress,
    )
    return {} if process is None or not process.seconds else {"seconds_beside": round(process.seconds, 2)}


STAGE = Stage(
    name=_NAME,
    rank=40,
    after=("aggregate",),
    tables=("embeddings",),
    run=_run,
    identity=lambda config: asdict(config.embedding),
    open=_open,
    begin=_begin,
)
