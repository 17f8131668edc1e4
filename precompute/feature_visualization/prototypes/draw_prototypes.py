"""The command `summit-dash prototypes`: draws prototypes of a run's classes into the run, by its own model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from precompute.contract.errors import InputError
from precompute.contract.lock import hold_run, require_no_writer
from precompute.contract.manifest import build_note, remove_if_empty, remove_leftovers
from precompute.contract.output_meanings import find_recorded_outputs
from precompute.contract.progress import Progress
from precompute.contract.schema import PROTOTYPE_METHODS, read_manifest, read_table
from precompute.devices.batches import BatchSize
from precompute.devices.cores import Parallel
from precompute.feature_visualization.ascent.config import VisualizationConfig
from precompute.feature_visualization.ascent.forwards import build_logits
from precompute.feature_visualization.channels.draw_pictures import read_statistics
from precompute.feature_visualization.prototypes.config import CODE_SPACE, PICTURE_SPACE, PrototypeConfig
from precompute.feature_visualization.prototypes.generators import DEMO, LoadedGenerator, load_generator
from precompute.feature_visualization.prototypes.optimize_classes import (
    PrototypeBatch,
    PrototypeModel,
    Prototyper,
    find_starts,
)
from precompute.feature_visualization.prototypes.prototype_store import PrototypeStore
from precompute.feature_visualization.prototypes.settings import compute_fingerprint, describe_settings
from precompute.feature_visualization.storage.batches import draw_batches
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.memory import estimate_bytes
from precompute.models.sources.loaded import LoadedModel
from precompute.models.sources.reloading import NOT_MOVED, Whereabouts, load_again

__all__ = ["PrototypeReport", "PrototypeRequest", "draw_prototypes"]


@dataclass(frozen=True)
class PrototypeRequest:
    """The prototypes that a person asks for.

    Attributes:
        run: the run's directory.
        class_ids: classes of the run; None: all that have outputs.
        methods: some of `PROTOTYPE_METHODS`; None: both if there is a generator, otherwise `picture-space`.
        generator: `demo` or `FILE.py:CALLABLE`; None: the demo's for runs of the demo's model, otherwise none.
        code_size: length of the codes of a generator from a file.
        where: where the model is now.
        config: steps, seed, device and speed; its shape is not read.
    """

    run: Path
    class_ids: tuple[int, ...] | None = None
    methods: tuple[str, ...] | None = None
    generator: str | None = None
    code_size: int | None = None
    where: Whereabouts = NOT_MOVED
    config: PrototypeConfig = field(default_factory=PrototypeConfig)


class PrototypeReport(NamedTuple):
    """The result of one call.

    Attributes:
        n_drawn: number of prototypes that were drawn.
        n_there: number of prototypes that the run had already, drawn with the same settings.
        reached: log-probability of each prototype that was drawn, by method and class_id.
        without_outputs: classes that no output means, so that they have no prototype.
        without_generator: true if code space was left out because there is no generator.
    """

    n_drawn: int
    n_there: int
    reached: Mapping[tuple[str, int], float]
    without_outputs: tuple[int, ...]
    without_generator: bool


class _Settings(NamedTuple):
    """The settings of one method, and their name."""

    name: str
    values: dict[str, Any]


def draw_prototypes(request: PrototypeRequest, progress: Progress) -> PrototypeReport:
    """Draws the prototypes that are asked for and missing. After an interruption a second call draws the rest.

    Raises:
        InputError: a class, method or generator that is not one, or a run or model that cannot be read; the run is
            then as it was.
    """
    manifest = read_manifest(request.run)
    require_no_writer(request.run)
    known = read_table(request.run, "classes", ["class_id"])["class_id"].to_pylist()
    outputs = find_recorded_outputs(manifest.get("dataset", {}), known)
    class_ids = _choose_classes(request, known, outputs)
    source = request.generator or (DEMO if manifest.get("model", {}).get("source") == DEMO else None)
    methods = _choose_methods(request.methods, source)
    loaded = load_again(manifest, request.where)
    needs_generator = source is not None and CODE_SPACE in methods
    paths = request.where.model_path
    generator = load_generator(str(source), request.code_size, paths) if needs_generator else None
    drawer = _build_prototyper(request, manifest, loaded, outputs, generator)
    with hold_run(request.run):
        remove_leftovers(request.run)
        manifest = read_manifest(request.run)  # another process may have written it before the lock was free
        note = build_note(request.run, manifest, "prototypes")
        store = PrototypeStore(request.run, manifest.get("prototypes", {}), note)
        reached = _draw_missing(store, drawer, class_ids, methods, progress)
        remove_if_empty(request.run / "parts")
    missing = () if request.class_ids else tuple(sorted(set(known) - set(outputs)))
    n_there = len(class_ids) * len(methods) - len(reached)
    return PrototypeReport(len(reached), n_there, reached, missing, source is None and request.methods is None)


def _draw_missing(
    store: PrototypeStore, drawer: Prototyper, class_ids: Sequence[int], methods: Sequence[str], progress: Progress
) -> dict[tuple[str, int], float]:
    """Draws missing prototypes, and returns their log-probabilities by method and class_id."""
    config = drawer.config
    settings = {method: _describe_method(drawer, method) for method in methods}
    batches: list[PrototypeBatch] = []
    for method, (name, _) in settings.items():
        there = store.find_known(method, name)
        left = [class_id for class_id in class_ids if class_id not in there]
        starts = range(0, len(left), config.batch_size)
        batches += [PrototypeBatch(tuple(left[i : i + config.batch_size]), method, name) for i in starts]
    n_all, n_left = len(class_ids) * len(methods), sum(len(batch.class_ids) for batch in batches)
    reached: dict[tuple[str, int], float] = {}
    with (
        Parallel(torch.device(config.device), config.threads) as parallel,
        progress.open_stage("Drawing prototypes", total=n_all, unit="pictures") as advance,
    ):
        advance(n_all - n_left)
        for rows in draw_batches(store, drawer, batches, dict(settings.values()), parallel):
            reached |= {(row["method"], row["class_id"]): row["log_probability"] for row in rows}
            advance(len(rows))
    return reached


def _describe_method(drawer: Prototyper, method: str) -> _Settings:
    values = describe_settings(drawer.config, method, drawer.generator, drawer.statistics.n_images)
    return _Settings(compute_fingerprint(values, drawer.statistics), values)


def _choose_classes(
    request: PrototypeRequest, known: Sequence[int], outputs: Mapping[int, Sequence[int]]
) -> tuple[int, ...]:
    """Chooses the classes to draw: those that are asked for, or all that have outputs.

    Raises:
        InputError: a class is not in the run, or has no output.
    """
    rule = "A prototype is drawn for a class that outputs of the model mean."
    unknown = [class_id for class_id in request.class_ids or () if class_id not in known]
    if unknown:
        raise InputError("A class is one of the run's.", f"The run has no class {unknown[0]}.", "Correct --classes.")
    if not outputs:
        found = "The labels of this run are not the model's outputs."
        raise InputError(rule, found, "Make the run with --class-outputs FILE, which says which outputs mean them.")
    without = [class_id for class_id in request.class_ids or () if class_id not in outputs]
    if without:
        found = f"No output means the class {without[0]}."
        raise InputError(rule, found, "Leave it out of --classes, or make the run with --class-outputs that names it.")
    return request.class_ids or tuple(sorted(outputs))


def _choose_methods(asked: Sequence[str] | None, generator: str | None) -> tuple[str, ...]:
    """Chooses the methods, in the order in which they are drawn.

    Raises:
        InputError: an unknown method, none, or code space without a generator.
    """
    if asked is None:
        return (CODE_SPACE, PICTURE_SPACE) if generator else (PICTURE_SPACE,)
    for method in asked:
        if method not in PROTOTYPE_METHODS:
            known = ", ".join(PROTOTYPE_METHODS)
            raise InputError(f"A method is one of {known}.", f"Found {method}.", "Correct --methods.")
    if not asked:
        raise InputError("--methods names at least one.", "Found none.", "Leave --methods out.")
    if CODE_SPACE in asked and generator is None:
        raise InputError(
            "The code space is that of a generator.",
            "There is none for this model.",
            "Name one: --generator FILE.py:CALLABLE --code-size N; or take --methods picture-space.",
        )
    return tuple(dict.fromkeys(asked))


def _build_prototyper(
    request: PrototypeRequest,
    manifest: Mapping[str, Any],
    loaded: LoadedModel,
    outputs: Mapping[int, Sequence[int]],
    generator: LoadedGenerator | None,
) -> Prototyper:
    depth, height, width = manifest["model"]["input_size"]
    config = replace(request.config, shape=(height, width))
    device = torch.device(config.device)
    exported = ExportedModel(loaded.module, (depth, height, width))
    model = PrototypeModel(
        build_logits(exported, device),
        loaded.preprocess.normalize,
        outputs,
        exported.n_outputs,
        exported.outputs.probabilities,
        estimate_bytes(exported, with_gradients=True),
    )
    sizes = BatchSize(config.batch_size, device, model.bytes_each)
    statistics = read_statistics(request.run, tuple(manifest["layers"]), VisualizationConfig(size=config.shape))
    if generator is None:
        return Prototyper(model, config, sizes, statistics)
    generator = generator.move_to(device)
    return Prototyper(model, config, sizes, statistics, generator, find_starts(model, config, generator))
