"""The stage `aggregate`: the one pass over the images, by the engine of the config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from precompute.contract.errors import InputError
from precompute.pipeline.stage import RunContext, Stage

if TYPE_CHECKING:
    from precompute.aggregate.stage import Engine

__all__ = ["STAGE"]


def _run(context: RunContext) -> Mapping[str, Any]:
    """Makes the missing units and merges them into tables; puts the facts on the images into the manifest.

    Raises:
        InputError: no image can be read and gives finite numbers, or the device has no numbers of 64 bits.
    """
    from precompute.aggregate.merge import merge_units
    from precompute.aggregate.stage import make_units
    from precompute.aggregate.units import plan_units
    from precompute.devices.choice import require_double

    require_double(context.device)
    config, units, inputs, progress = context.config.aggregate, context.units, context.inputs, context.progress
    planned = plan_units(inputs.source, config.chunk_size)
    waiting = make_units(units, planned, context.fingerprint, _choose_engine(context), progress)
    report = merge_units(context.folder, units, inputs, config, progress)
    if not report.n_images:
        raise InputError(
            "A run needs at least one image that can be read and gives finite numbers.",
            f"None of {len(inputs.source.images)} images does; the first: {_quote_first(report.skipped)}.",
            "Check the files (`file PATH` tells what one of them is), or, where the model yields NaN or infinity, "
            "the weights and the preprocessing (mean, std, scale).",
        )
    context.manifest["images"] = {
        "n_read": report.n_images,
        "n_skipped": len(report.skipped),
        "skipped": report.skipped,
        "top1_accuracy": report.top1_accuracy,
        "top5_accuracy": report.top5_accuracy,
        "n_with_accuracy": report.n_with_accuracy,
        "label_notes": list(_check_labels(context)),
    }
    return {} if waiting is None else {"waiting_fraction": round(waiting, 3)}


def _choose_engine(context: RunContext) -> Engine:
    from precompute.aggregate.stage import PassSpeed
    from precompute.engines.local import LocalEngine
    from precompute.engines.ray import RayEngine, choose_options
    from precompute.pipeline.inputs import prepare_worker

    config = context.config
    speed = PassSpeed(config.batch_size, config.workers, context.device, config.count_by)
    if config.engine == "local":
        return LocalEngine(context.inputs, config.aggregate, speed)
    options = choose_options(config.engine, config.actors, config.gpus, config.device)
    return RayEngine(partial(prepare_worker, context.request), config.aggregate, speed, options)


def _check_labels(context: RunContext) -> tuple[str, ...]:
    """Returns sentences on other readings of the labels under which more images would be right."""
    from precompute.datasets.labels.label_check import check_labels, read_predictions
    from precompute.datasets.labels.label_outputs import find_other_readings

    named, meaning = context.inputs.named_outputs, context.inputs.meaning
    others = find_other_readings(context.inputs.source, named, meaning)
    return check_labels(read_predictions(context.folder), meaning, others, named.number)


def _quote_first(skipped: Mapping[str, str]) -> str:
    return next((f"{path}: {reason}" for path, reason in skipped.items()), "no images")


STAGE = Stage(
    name="aggregate",
    rank=10,
    after=(),
    tables=("classes", "layers", "images", "activations", "influences", "channels"),
    run=_run,
    identity=lambda config: asdict(config.aggregate),
)
