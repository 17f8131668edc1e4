"""A run from start to end: its stages in order, and where it goes on after an interruption."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any

from precompute.aggregate.config import PRECISIONS
from precompute.aggregate.stage import PassInputs
from precompute.aggregate.units import UnitStore
from precompute.contract.errors import InputError
from precompute.contract.lock import hold_run, require_no_writer
from precompute.contract.manifest import open_manifest, remove_if_empty
from precompute.contract.output_meanings import describe_outputs
from precompute.contract.progress import Progress
from precompute.contract.schema import write_manifest
from precompute.datasets.images import ImageSource
from precompute.devices.choice import choose_device
from precompute.engines.ray import choose_options
from precompute.models.provenance.inventory import describe_choice
from precompute.models.sources.loaded import LoadedModel
from precompute.pipeline.config import ENGINES
from precompute.pipeline.identity import build_contents, compute_fingerprint
from precompute.pipeline.inputs import load_inputs, open_source
from precompute.pipeline.registry import find_stages
from precompute.pipeline.report import RunReport, build_report
from precompute.pipeline.request import RunRequest
from precompute.pipeline.stage import RunContext, Stage

__all__ = ["precompute"]


def precompute(request: RunRequest, progress: Progress) -> RunReport:
    """Runs the stages that are asked for and not done, in order; a second call goes on where the first one stopped.

    Raises:
        InputError: bad input of any kind; nothing is half-written.
    """
    _require_known_words(request)
    config = request.config
    choose_options(config.engine, config.actors, config.gpus, config.device)
    require_no_writer(request.out)
    source = open_source(request)
    wanted = _choose_stages(request)
    with contextlib.ExitStack() as stack:
        opened = {
            stage.name: stack.enter_context(stage.open(request, len(source.classes)))
            for stage in wanted
            if stage.open is not None
        }
        return _run_stages(request, source, opened, progress)


def _require_known_words(request: RunRequest) -> None:
    stages = tuple(find_stages())
    unknown = [stage for stage in request.stages or () if stage not in stages]
    if unknown:
        raise InputError("The stages are " + ", ".join(stages) + ".", f"Found {unknown[0]}.", "Correct --stages.")
    config = request.config
    for name, word, words in (
        ("engine", config.engine, ENGINES),
        ("precision", config.aggregate.precision, PRECISIONS),
    ):
        if word not in words:
            raise InputError(f"The {name}s are {', '.join(words)}.", f"Found {word}.", f"Correct --{name}.")


def _choose_stages(request: RunRequest) -> list[Stage]:
    """Returns the stages that are asked for, in the order in which they run."""
    if request.stages is None:
        return [stage for stage in find_stages().values() if not stage.is_extra]
    return [stage for name, stage in find_stages().items() if name in request.stages]


def _name_stages(request: RunRequest) -> tuple[str, ...]:
    """Returns the stages that a new run lists: all but the extra ones that are not asked for."""
    wanted = [stage.name for stage in _choose_stages(request)]
    return tuple(name for name, stage in find_stages().items() if not stage.is_extra or name in wanted)


def _run_stages(request: RunRequest, source: ImageSource, opened: Mapping[str, Any], progress: Progress) -> RunReport:
    device = choose_device(request.config.device)
    loaded, inputs = load_inputs(request, source)
    names = inputs.named_outputs.names
    contents = build_contents(request, loaded, inputs)
    with hold_run(request.out):
        manifest = open_manifest(request.out, contents, _name_stages(request), request.overwrite)
        if manifest["model"].get("output_names") != names:  # by themselves they change no table
            manifest["model"]["output_names"] = names
            write_manifest(request.out, manifest)
        fingerprint = compute_fingerprint(manifest["identity"])
        units = UnitStore(request.out, fingerprint)
        context = RunContext(request, inputs, manifest, device, fingerprint, units, progress, opened)
        for stage in _choose_stages(request):
            _ensure(stage, context)
    notes = (*_note_model(request, loaded, inputs, manifest), *manifest["dataset"].get("notes", ()))
    return build_report(manifest, _find_classes_without_outputs(inputs), notes)


def _ensure(stage: Stage, context: RunContext) -> None:
    """Runs a stage unless it is done; its state and seconds go into the manifest.

    Raises:
        InputError: a stage whose tables it reads has not run.
    """
    if stage.prepare is not None:
        stage.prepare(context)
    if not _is_done(stage.name, context):
        missing = [name for name in stage.after if not _is_done(name, context)]
        if missing:
            raise InputError(
                "A stage reads the tables of the ones before it.",
                f"{stage.name} needs {missing[0]}, which has not run.",
                f"Add it: --stages {missing[0]},{stage.name}.",
            )
        _begin_others(context)
        _note_state(stage.name, context, "running", None)
        start = time.perf_counter()
        facts = stage.run(context) or {}
        _note_state(stage.name, context, "done", round(time.perf_counter() - start, 2), facts)
    _remove_units(context)


def _begin_others(context: RunContext) -> None:
    """Lets stages start work in the background whose tables are there."""
    for other in _choose_stages(context.request):
        if other.begin is not None and all(_is_done(name, context) for name in other.after):
            other.begin(context)


def _is_done(name: str, context: RunContext) -> bool:
    return bool(context.manifest["stages"].get(name, {}).get("state") == "done")


def _note_state(
    name: str, context: RunContext, state: str, seconds: float | None, facts: Mapping[str, Any] | None = None
) -> None:
    context.manifest["stages"][name] = {"state": state, "seconds": seconds, **(facts or {})}
    write_manifest(context.folder, context.manifest)


def _remove_units(context: RunContext) -> None:
    """Removes the units once the manifest says that nothing will read them again."""
    if all(_is_done(name, context) for name, stage in find_stages().items() if stage.reads_units):
        context.units.remove()
    remove_if_empty(context.folder / "parts")  # it may have parts of a stage that is not done


def _note_model(
    request: RunRequest, loaded: LoadedModel, inputs: PassInputs, manifest: Mapping[str, Any]
) -> tuple[str, ...]:
    """Returns sentences on the model, its outputs and its layers."""
    outputs = describe_outputs(manifest["model"])
    is_auto = (request.config.layers or loaded.layers) is None
    return (*loaded.notes, *([outputs] if outputs else []), *describe_choice(inputs.model, inputs.layers, is_auto))


def _find_classes_without_outputs(inputs: PassInputs) -> tuple[str, ...]:
    """Returns the names of the classes that a file of class outputs leaves out."""
    if inputs.meaning.known_by != "file":
        return ()
    return tuple(c.class_name for c in inputs.source.classes if c.class_id not in inputs.class_outputs)
