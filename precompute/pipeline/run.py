"""A run from start to end: what it is made of, the order of its stages, and where it goes on after an interruption."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import torch

from precompute.aggregate.config import PRECISIONS, AggregateConfig
from precompute.aggregate.influence.measures import LinkMeasure, choose_measures
from precompute.aggregate.merge import MergeReport, merge_units
from precompute.aggregate.stage import Engine, PassInputs, PassSpeed, aggregate
from precompute.aggregate.units import UnitStore
from precompute.contract.errors import InputError
from precompute.contract.labelled import UnreadableImage
from precompute.contract.lock import only_writer, require_no_writer
from precompute.contract.manifest import open_manifest
from precompute.contract.output_meanings import describe_outputs
from precompute.contract.progress import Progress
from precompute.contract.schema import MANIFEST, read_manifest, read_table, write_manifest
from precompute.datasets.images import ImageSource
from precompute.datasets.labels.label_check import check_labels, read_predictions
from precompute.datasets.labels.label_outputs import AUTO, other_readings, read_meaning
from precompute.datasets.labels.output_match import ModelOutputs
from precompute.datasets.labels.outputs import read_output_names
from precompute.datasets.sources.open import open_images
from precompute.devices.cores import count_cores
from precompute.embedding.build import build_embeddings, embed_layer
from precompute.embedding.process import EmbeddingProcess, embedding_process, is_worth_a_process
from precompute.engines.local import LocalEngine
from precompute.engines.ray import RayEngine, RayOptions, require_ray
from precompute.examples.build import ExamplesRequest, build_examples
from precompute.feature_visualization.channels.run_stage import is_asked_for, visualize_run
from precompute.graphs.build import build_graphs
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.inventory import notes_on_layers
from precompute.models.provenance.links import derive_links
from precompute.models.sources.loading import LoadedModel, ModelConfig, load_model
from precompute.models.sources.reloading import recorded_places
from precompute.models.weights.loading import parameters_sha256
from precompute.pipeline.config import ENGINES, STAGES, RunConfig


@dataclass(frozen=True)
class LabelOptions:
    """What a person says about labels and outputs.

    Attributes:
        allow_outside: accept paths in a manifest that lead out of its folder.
        class_outputs: which outputs of the model mean each class: `auto`, another word of `read_meaning`, or a file.
        output_names: file that names the model's outputs; None: the names that the model brings along, if any.
    """

    allow_outside: bool = False
    class_outputs: str = AUTO
    output_names: Path | None = None


@dataclass(frozen=True)
class RunRequest:
    """What a person asks for: a model, images, a folder, and the config.

    Attributes:
        images: what `open_images` takes: `demo`, a folder per class, a manifest, shards, a saved dataset.
        stages: the stages to run, in any order; those before them must have run.
        limit_per_class: images taken per class; None: all.
        labels: how the images' labels are to be read.
        overwrite: replace another run in the folder.
    """

    model: ModelConfig
    images: str
    out: Path
    config: RunConfig = field(default_factory=RunConfig)
    stages: Sequence[str] = STAGES
    limit_per_class: int | None = None
    labels: LabelOptions = field(default_factory=LabelOptions)
    overwrite: bool = False


@dataclass(frozen=True)
class RunReport:
    """What a person wants to know at the end.

    Attributes:
        manifest: as written.
        n_images: images read; None where the stage aggregate has not run.
        skipped: path and reason of every image that is unreadable, or without finite numbers.
        n_with_accuracy: the images that the accuracies are over.
        without_outputs: names of the classes that the file of class outputs leaves out; empty without such a file.
        notes: on the model, such as a conversion to float32, on what was left out of the images, and on their labels.
    """

    manifest: dict[str, Any]
    n_images: int | None
    skipped: dict[str, str]
    top1_accuracy: float | None
    top5_accuracy: float | None
    n_with_accuracy: int | None = None
    without_outputs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def precompute(request: RunRequest, progress: Progress) -> RunReport:
    """Runs the stages that are asked for and not done, in order; a second call goes on where the first one stopped.

    Raises:
        InputError: bad input of any kind; nothing is half-written.
    """
    unknown = [stage for stage in request.stages if stage not in STAGES]
    if unknown:
        raise InputError("The stages are " + ", ".join(STAGES) + ".", f"Found {unknown[0]}.", "Correct --stages.")
    if request.config.engine not in ENGINES:
        raise InputError(
            f"The engines are {', '.join(ENGINES)}.", f"Found {request.config.engine}.", "Correct --engine."
        )
    precision = request.config.aggregate.precision
    if precision not in PRECISIONS:
        raise InputError(f"The precisions are {', '.join(PRECISIONS)}.", f"Found {precision}.", "Correct --precision.")
    if request.config.engine == "ray":
        require_ray()
    require_no_writer(request.out)
    source = _open_images(request)
    with embedding_process(_wants_process(request, len(source.classes))) as beside:
        return _run_stages(request, source, beside, progress)


def _run_stages(
    request: RunRequest, source: ImageSource, beside: EmbeddingProcess | None, progress: Progress
) -> RunReport:
    loaded, inputs = _opened(request, source)
    names = inputs.named_outputs.names
    contents = _contents(request, loaded, inputs)
    with only_writer(request.out):
        manifest = open_manifest(request.out, contents, STAGES, request.overwrite)
        if manifest["model"].get("output_names") != names:  # by themselves they change no table
            manifest["model"]["output_names"] = names
            write_manifest(request.out, manifest)
        run = _Run(request, inputs, manifest, progress, beside)
        for stage in STAGES:
            if stage in request.stages:
                run.ensure(stage)
    said = describe_outputs(manifest["model"])
    is_auto = (request.config.layers or loaded.layers) is None
    of_model = (*loaded.notes, *((said,) if said else ()), *notes_on_layers(inputs.model, inputs.layers, is_auto))
    return replace(run.report(), notes=(*of_model, *manifest["dataset"].get("notes", ()), *run.label_notes))


def _open_images(request: RunRequest) -> ImageSource:
    return open_images(request.images, request.limit_per_class, request.labels.allow_outside)


def _wants_process(request: RunRequest, n_classes: int) -> bool:
    """Whether classes are to be laid out by UMAP, as far as can be told before the model is loaded."""
    if "embedding" not in request.stages or not is_worth_a_process(n_classes, count_cores()):
        return False
    known = read_manifest(request.out) if (request.out / MANIFEST).is_file() else {}
    return bool(request.overwrite or known.get("stages", {}).get("embedding", {}).get("state") != "done")


def _opened(request: RunRequest, source: ImageSource) -> tuple[LoadedModel, PassInputs]:
    loaded = load_model(request.model)
    return loaded, prepare(loaded, source, request.config.layers, request.config.aggregate, request.labels)


def prepare_worker(request: RunRequest) -> tuple[PassInputs, str]:
    """What a worker elsewhere needs, and the fingerprint by which it is seen to be the same as here."""
    loaded, inputs = _opened(request, _open_images(request))
    return inputs, _digest(_contents(request, loaded, inputs)["identity"])


def prepare(
    loaded: LoadedModel,
    source: ImageSource,
    layers: Sequence[str] | None,
    config: AggregateConfig,
    labels: LabelOptions = LabelOptions(),
) -> PassInputs:
    """Exports the model and derives layers, links and the meaning of the labels; reads one image at most."""
    model = ExportedModel(loaded.module, loaded.input_size or _size_of_first(source, loaded))
    recorded = select_layers(model, layers or loaded.layers)
    named = _named_outputs(loaded, model.n_outputs, labels)
    return PassInputs(
        model,
        recorded,
        choose_measures(model, derive_links(model, recorded), config),
        loaded.preprocess,
        source,
        named,
        read_meaning(source, named, labels.class_outputs),
    )


def _named_outputs(loaded: LoadedModel, n_outputs: int, labels: LabelOptions) -> ModelOutputs:
    """The outputs with the names of a file, else the model's own where it names each of its outputs."""
    known, synsets = (
        list(names) if names is not None and len(names) == n_outputs else None
        for names in (loaded.output_names, loaded.output_synsets)
    )
    if labels.output_names is not None:
        known = list(read_output_names(labels.output_names, n_outputs))
    return ModelOutputs(n_outputs, known, synsets)


def _size_of_first(source: ImageSource, loaded: LoadedModel) -> tuple[int, int, int]:
    for image in source.images:
        try:
            return (3, *loaded.preprocess.input_size(source.load(image)))
        except UnreadableImage:
            continue
    raise InputError(
        "A run needs at least one readable image.",
        f"None of {len(source.images)} images could be read.",
        "Check the files; `file PATH` tells what one of them is.",
    )


def _contents(request: RunRequest, loaded: LoadedModel, inputs: PassInputs) -> dict[str, Any]:
    config = request.config.to_dict()
    speed = {name: config.pop(name) for name in ("batch_size", "workers", "device", "engine", "actors")}
    config["layers"] = [layer.name for layer in inputs.layers]
    dataset = {
        "name": inputs.source.name,
        "n_images": len(inputs.source.images),
        "n_classes": len(inputs.source.classes),
        "fingerprint": inputs.source.fingerprint(),
        "labels_are_outputs": inputs.labels_are_outputs,
    }
    meaning = inputs.meaning
    if not inputs.labels_are_outputs and (meaning.outputs or meaning.known_by == "file"):
        dataset["class_outputs"] = {str(c): list(outputs) for c, outputs in inputs.class_outputs.items()}
    model = {
        "name": loaded.name,
        "source": loaded.source,
        "weights_sha256": loaded.weights_sha256,
        "parameters_sha256": parameters_sha256(loaded.module),
        "code_sha256": loaded.code_sha256,
        "input_size": list(inputs.model.input_size),
        "preprocess": loaded.preprocess.to_dict(),
        "n_outputs": inputs.model.n_outputs,
    }
    said = inputs.model.outputs.to_dict()
    # Pictures may be added to a run, more or other ones: they belong to its config and not to its identity.
    decisive = {k: v for k, v in config.items() if k != "visualize"} | {"examples": request.config.examples.identity()}
    identity = {
        "model": model | {key: value for key, value in said.items() if value is not None},
        "dataset": dataset,
        "config": decisive,
    }
    # Where files lie decides nothing, but whoever adds pictures to the run loads the model again.
    model |= {**said, **recorded_places(request.model)}
    return {
        "model": model,
        "dataset": {**dataset, "outputs_by": meaning.known_by, "notes": [*inputs.source.notes, *meaning.notes]},
        "layers": config["layers"],
        "links": [_link_entry(measure) for measure in inputs.measures],
        "config": config,
        "seeds": {"embedding": request.config.embedding.seed, "visualize": request.config.visualize.seed},
        "speed": speed,
        "identity": identity,
    }


def _link_entry(measure: LinkMeasure) -> dict[str, Any]:
    """How the manifest tells which layers feed a layer, by which measure, and why it is not traced."""
    problem = measure.link.problem
    return {
        "target": measure.link.target.name,
        "sources": [source.name for source in measure.link.sources],
        "influence": measure.name,
        "reason": problem.found if problem is not None and measure.name == "gradient" else None,
    }


class _Run:
    """The stages of one run over its folder."""

    def __init__(
        self,
        request: RunRequest,
        inputs: PassInputs,
        manifest: dict[str, Any],
        progress: Progress,
        beside: EmbeddingProcess | None,
    ) -> None:
        self._request, self._inputs, self._manifest, self._progress = request, inputs, manifest, progress
        self._folder = request.out
        self._layers = [(layer.name, layer.n_channels) for layer in inputs.layers]
        self._class_ids = [labelled.class_id for labelled in inputs.source.classes]
        self._device = device_of(request.config.device)
        self._fingerprint = _digest(manifest["identity"])
        self._store = UnitStore(self._folder, self._fingerprint)
        self._beside = beside

    def ensure(self, stage: str) -> None:
        """Runs a stage unless it is done; its state and seconds go into the manifest."""
        settings = asdict(self._request.config.visualize)
        if stage == "visualize" and (not self._is_done(stage) or is_asked_for(settings, self._manifest)):
            self._manifest["config"]["visualize"] = settings
            self._note("visualize", "pending", None)
        if self._is_done(stage):
            self._tidy()
            return
        missing = [s for s in STAGES[: STAGES.index(stage)] if self._is_needed(s, stage) and not self._is_done(s)]
        if missing:
            raise InputError(
                "A stage reads the tables of the ones before it.",
                f"{stage} needs {missing[0]}, which has not run.",
                f"Add it: --stages {missing[0]},{stage}.",
            )
        if self._beside is not None and self._is_done("aggregate"):
            self._beside.begin(self._folder, self._layers, self._class_ids, self._request.config.embedding)
        work: dict[str, Callable[[], dict[str, Any] | None]] = {
            "aggregate": self._aggregate,
            "graphs": self._graphs,
            "examples": self._examples,
            "embedding": self._embedding,
            "visualize": self._visualize,
        }
        self._note(stage, "running", None)
        start = time.perf_counter()
        facts = work[stage]() or {}
        self._note(stage, "done", round(time.perf_counter() - start, 2), facts)
        self._tidy()

    def _tidy(self) -> None:
        """Removes the units once the manifest says that nothing will read them again."""
        if self._is_done("examples"):
            self._store.remove()
        with contextlib.suppress(OSError):  # absent, or with parts of a stage that is not done
            (self._folder / "parts").rmdir()

    def report(self) -> RunReport:
        images = self._manifest.get("images", {})
        return RunReport(
            self._manifest,
            images.get("n_read"),
            images.get("skipped", {}),
            images.get("top1_accuracy"),
            images.get("top5_accuracy"),
            images.get("n_with_accuracy"),
            self._without_outputs(),
        )

    @property
    def label_notes(self) -> tuple[str, ...]:
        """Sentences on readings of the labels under which more images would be right."""
        return tuple(self._manifest.get("images", {}).get("label_notes", ()))

    def _without_outputs(self) -> tuple[str, ...]:
        known = self._inputs.class_outputs
        if self._inputs.meaning.known_by != "file":
            return ()
        return tuple(c.class_name for c in self._inputs.source.classes if c.class_id not in known)

    @staticmethod
    def _is_needed(earlier: str, stage: str) -> bool:
        return earlier == "aggregate" or (earlier == "graphs" and stage in {"examples", "visualize"})

    def _is_done(self, stage: str) -> bool:
        return bool(self._manifest["stages"][stage]["state"] == "done")

    def _note(self, stage: str, state: str, seconds: float | None, facts: Mapping[str, Any] | None = None) -> None:
        self._manifest["stages"][stage] = {"state": state, "seconds": seconds, **(facts or {})}
        write_manifest(self._folder, self._manifest)

    def _aggregate(self) -> dict[str, Any]:
        config, store = self._request.config.aggregate, self._store
        waiting = aggregate(store, self._fingerprint, self._inputs, config, self._engine(), self._progress)
        report: MergeReport = merge_units(self._folder, store, self._inputs, config, self._progress)
        if not report.n_images:
            raise InputError(
                "A run needs at least one image that can be read and gives finite numbers.",
                f"None of {len(self._inputs.source.images)} images does; the first: {_first(report.skipped)}.",
                "Check the files (`file PATH` tells what one of them is), or, where the model yields NaN or infinity, "
                "the weights and the preprocessing (mean, std, scale).",
            )
        self._manifest["images"] = {
            "n_read": report.n_images,
            "n_skipped": len(report.skipped),
            "skipped": report.skipped,
            "top1_accuracy": report.top1_accuracy,
            "top5_accuracy": report.top5_accuracy,
            "n_with_accuracy": report.n_with_accuracy,
            "label_notes": list(self._label_notes()),
        }
        return {} if waiting is None else {"waiting_fraction": round(waiting, 3)}

    def _label_notes(self) -> tuple[str, ...]:
        named, meaning = self._inputs.named_outputs, self._inputs.meaning
        others = other_readings(self._inputs.source, named, meaning)
        return check_labels(read_predictions(self._folder), meaning, others, named.number)

    def _engine(self) -> Engine:
        config = self._request.config
        speed = PassSpeed(config.batch_size, config.workers, self._device)
        if config.engine == "local":
            return LocalEngine(self._inputs, config.aggregate, speed)
        with_gpu = None if config.device == "auto" else self._device.type == "cuda"
        options = RayOptions(config.actors, with_gpu)
        return RayEngine(partial(prepare_worker, self._request), config.aggregate, speed, options)

    def _graphs(self) -> None:
        excluded: list[tuple[str, int]] = []
        if self._request.config.aggregate.exclude_outliers:
            table = read_table(self._folder, "channels", ["layer", "channel"], pc.field("is_outlier"))
            excluded = list(zip(table["layer"].to_pylist(), table["channel"].to_pylist(), strict=True))
        build_graphs(
            self._folder,
            self._layers,
            self._class_ids,
            self._request.config.graphs,
            excluded=excluded,
            progress=self._progress,
        )

    def _examples(self) -> None:
        config = self._request.config
        wanted = ExamplesRequest(config.aggregate, config.examples, config.workers)
        build_examples(self._folder, self._store, self._inputs, wanted, self._progress)

    def _embedding(self) -> dict[str, Any]:
        beside, config = self._beside, self._request.config.embedding
        layout = embed_layer if beside is None else beside.layout
        build_embeddings(self._folder, self._layers, self._class_ids, config, layout=layout, progress=self._progress)
        return {} if beside is None or not beside.seconds else {"seconds_beside": round(beside.seconds, 2)}

    def _visualize(self) -> dict[str, Any]:
        return visualize_run(self._folder, self._inputs, self._manifest, self._device, self._progress)


_UNITS = 2
"""Version of what a unit's numbers mean: units of another one are made again, so that no run mixes both."""


def _digest(identity: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([_UNITS, identity], sort_keys=True).encode()).hexdigest()


def _first(skipped: dict[str, str]) -> str:
    return next((f"{path}: {reason}" for path, reason in skipped.items()), "no images")


def device_of(name: str) -> torch.device:
    """The device that a name asks for; `auto` takes CUDA where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with contextlib.suppress(RuntimeError):
        device = torch.device(name)
        if device.type != "cuda" or torch.cuda.is_available():
            return device
    raise InputError(
        "The device is auto, cpu or cuda, and present.",
        f"{name} is not available here.",
        "Leave --device out, or use --device cpu.",
    )
