"""What the command line starts: plain functions over a run's folder, with the heavy imports inside."""

from __future__ import annotations

import difflib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from precompute.errors import InputError
from precompute.schema import MANIFEST, read_manifest

if TYPE_CHECKING:
    from precompute.models.catalogue import ModelFacts
    from precompute.models.exported import ExportedModel
    from precompute.models.layers import RecordedLayer
    from precompute.run import RunReport, RunRequest
    from precompute.validate import Finding

_NEEDED = ("torch", "torchvision", "safetensors", "PIL", "scipy", "umap")


@dataclass(frozen=True)
class PrecomputeOptions:
    """The options of `summit-dash precompute`, as given; see its --help."""

    model: str
    images: str
    out: Path
    weights: str | None = None
    preprocess: str | None = None
    layers: str = "auto"
    stages: str = "all"
    influence: str = "auto"
    precision: str = "float32"
    device: str = "auto"
    batch_size: int = 16
    workers: int = 2
    engine: str = "local"
    actors: int | None = None
    chunk_size: int = 1000
    limit_per_class: int | None = None
    visualizations: int = 128
    visualization_steps: int = 128
    visualization_size: int | None = None
    outlier_fraction: float | None = None
    exclude_outliers: bool = False
    class_outputs: Path | None = None
    output_names: Path | None = None
    allow_outside: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class InspectOptions:
    """The options of `summit-dash inspect`, as given; see its --help."""

    model: str
    weights: str | None = None
    preprocess: str | None = None
    layers: str = "auto"
    input_size: int | None = None
    check: bool = False


@dataclass(frozen=True)
class VisualizeOptions:
    """The options of `summit-dash visualize`, as given; see its --help."""

    run: Path
    layers: str = "all"
    channels: str = "all"
    kinds: str = "channel"
    limit: int | None = None
    method: str = "fourier"
    size: int | None = None
    steps: int = 128
    seed: int = 0
    batch_size: int = 16
    device: str = "auto"
    model: str | None = None
    weights: str | None = None


def require_precompute() -> None:
    """Checks that the extra `precompute` is installed.

    Raises:
        InputError: a library of it is missing.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            "Making a run needs torch and the other libraries of the extra `precompute`; opening one does not.",
            f"Not installed here: {', '.join(missing)}.",
            "pip install 'summit-dash[precompute]'",
        )


def run_precompute(options: PrecomputeOptions, console: Console) -> RunReport:
    """Makes or resumes a run and says what came of it.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    from precompute.progress import ConsoleProgress
    from precompute.run import precompute

    report = precompute(_request(options), ConsoleProgress(console))
    _print_report(report, options.out, console)
    return report


def _request(options: PrecomputeOptions) -> RunRequest:
    from precompute.aggregate.measures import MEASURES
    from precompute.config import STAGES, AggregateConfig, RunConfig, VisualizeConfig
    from precompute.models.loading import ModelConfig
    from precompute.run import LabelOptions, RunRequest

    if options.influence not in MEASURES:
        raise InputError(
            f"The measure of influence is one of {', '.join(MEASURES)}.",
            f"Found {options.influence}.",
            "Leave --influence out for auto: traced where that is possible, otherwise gradient.",
        )
    for name in ("batch_size", "chunk_size", "visualization_steps"):
        _require_positive(name, getattr(options, name))
    config = RunConfig(
        layers=None if options.layers == "auto" else _names(options.layers),
        aggregate=AggregateConfig(
            influence=options.influence,
            outlier_fraction=options.outlier_fraction,
            exclude_outliers=options.exclude_outliers,
            chunk_size=options.chunk_size,
            precision=options.precision,
        ),
        visualize=VisualizeConfig(
            n_channels=options.visualizations,
            n_steps=options.visualization_steps,
            size=options.visualization_size,
        ),
        batch_size=options.batch_size,
        workers=options.workers,
        device=options.device,
        engine=options.engine,
        actors=options.actors,
    )
    return RunRequest(
        ModelConfig(options.model, options.weights, options.preprocess),
        options.images,
        options.out,
        config,
        stages=STAGES if options.stages == "all" else _names(options.stages),
        limit_per_class=options.limit_per_class,
        labels=LabelOptions(options.allow_outside, options.class_outputs, options.output_names),
        overwrite=options.overwrite,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _require_positive(name: str, value: int) -> None:
    if value < 1:
        option = "--" + name.replace("_", "-")
        raise InputError(f"{option} is at least 1.", f"Found {value}.", f"Leave {option} out for its default.")


def _print_notes(notes: Sequence[str], console: Console) -> None:
    for note in notes:
        console.print(f"[yellow]Note:[/] {escape(note)}", highlight=False, soft_wrap=True)


def _print_report(report: RunReport, out: Path, console: Console) -> None:
    _print_notes(report.notes, console)
    if report.skipped:
        console.print(f"[yellow]{len(report.skipped)} images could not be read and were skipped:[/]")
        for path, reason in list(report.skipped.items())[:10]:
            console.print(f"  {escape(path)}: {escape(reason)}", highlight=False)
        if len(report.skipped) > 10:
            console.print(f"  ... and {len(report.skipped) - 10} more, all in {out / 'manifest.json'}")
    if report.top1_accuracy is not None:
        n = report.n_images if report.n_with_accuracy is None else report.n_with_accuracy
        accuracy = f"top-1 {report.top1_accuracy:.3f}, top-5 {report.top5_accuracy:.3f}, n = {n:,}"
        console.print(f"Accuracy: {accuracy}", highlight=False)
    elif report.n_images is not None:
        reason = "because the labels are not the model's outputs; --class-outputs FILE says which outputs mean them"
        console.print(f"Accuracy: none, {reason}.", highlight=False, soft_wrap=True)
    if report.without_outputs:
        names = ", ".join(report.without_outputs[:5]) + (", ..." if len(report.without_outputs) > 5 else "")
        number = "1 class" if len(report.without_outputs) == 1 else f"{len(report.without_outputs):,} classes"
        found = f"No accuracy for {number} that --class-outputs does not name: {names}."
        console.print(escape(found), highlight=False, soft_wrap=True)
    _print_untraced(report.manifest.get("links", []), console)
    stages = {name: stage for name, stage in report.manifest["stages"].items() if stage["seconds"] is not None}
    seconds = ", ".join(f"{name} {stage['seconds']:.1f}{_waiting(stage)}" for name, stage in stages.items())
    console.print(f"Seconds: {seconds}", highlight=False, soft_wrap=True)
    console.print(f"Run: {out}\nOpen it: summit-dash serve {out}", highlight=False)


def _waiting(stage: Mapping[str, Any]) -> str:
    """What a person can change by --workers."""
    fraction = stage.get("waiting_fraction")
    return "" if fraction is None else f" ({fraction:.0%} of it waiting for images)"


def _print_untraced(links: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Tells which layer pairs had to take gradients, and the first reason."""
    untraced = [link for link in links if link["reason"]]
    if untraced:
        console.print(
            f"Influence on {len(untraced)} of {len(links)} layers is by gradient x activation, because it cannot be "
            f"traced. {untraced[0]['target']}: {untraced[0]['reason']}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def run_demo(out: Path, images_per_class: int | None, console: Console) -> None:
    """Makes the demo run unless it is there and complete; an outdated one is made anew.

    Raises:
        InputError: the folder holds something else.
    """
    require_precompute()
    from precompute.demo.config import DEMO_CONFIG
    from precompute.models.loading import ModelConfig
    from precompute.progress import ConsoleProgress
    from precompute.run import RunRequest, precompute

    is_outdated_demo = (out / MANIFEST).is_file() and read_manifest(out).get("model", {}).get("source") == "demo"
    request = RunRequest(
        ModelConfig("demo"), "demo", out, DEMO_CONFIG, limit_per_class=images_per_class, overwrite=is_outdated_demo
    )
    precompute(request, ConsoleProgress(console))


def run_inspect(options: InspectOptions, console: Console) -> None:
    """Prints a model's input, its recorded layers in order, and its output layer.

    Raises:
        InputError: the model cannot be loaded or exported.
    """
    require_precompute()
    from precompute.models.exported import ExportedModel
    from precompute.models.inventory import take_inventory
    from precompute.models.layers import select_layers
    from precompute.models.loading import ModelConfig, load_model

    loaded = load_model(ModelConfig(options.model, options.weights, options.preprocess))
    input_size = (3, options.input_size, options.input_size) if options.input_size else loaded.input_size
    if input_size is None:
        raise InputError(
            "The size of the input must be known before there are images.",
            "The preprocessing leaves images at their own size (crop = 0).",
            "Name one with --input-size, or set crop in --preprocess FILE.toml.",
        )
    exported = ExportedModel(loaded.module, input_size)
    names = loaded.layers if options.layers == "auto" else _names(options.layers)
    recorded = select_layers(exported, names)
    inventory = take_inventory(exported, recorded)
    size = " x ".join(str(n) for n in input_size)
    console.print(f"[bold]{escape(loaded.name)}[/]  input {size} (channels x height x width)", highlight=False)
    table = Table("layer", "module", box=None, pad_edge=False, header_style="dim")
    for heading in ("channels", "height", "width", "stride", "receptive field"):
        table.add_column(heading, justify="right")
    table.add_column("fed by")
    for row in inventory.layers:
        field = "whole image" if row.receptive_field is None else f"{row.receptive_field} px"
        numbers = (row.n_channels, row.height, row.width, "" if row.stride is None else row.stride)
        table.add_row(row.name, row.module_type, *(str(n) for n in numbers), field, row.fed_by)
    console.print(table)
    console.print(f"Output layer: {inventory.output_layer}, {exported.n_outputs:,} outputs", highlight=False)
    if loaded.published_top1 is not None:
        console.print(f"Published top-1 accuracy on ImageNet: {loaded.published_top1:.3f}", highlight=False)
    _print_notes(loaded.notes, console)
    for name, reason in inventory.untraced.items():
        console.print(f"[yellow]Not traced: influence on {escape(name)}. {escape(reason)}[/]", highlight=False)
    if options.check:
        _check_links(exported, recorded, console)


def _check_links(exported: ExportedModel, layers: Sequence[RecordedLayer], console: Console) -> None:
    """Intervenes on the model and says whether the links that were derived are true.

    Raises:
        InputError: they are not.
    """
    from precompute.models.intervention import check_links
    from precompute.models.provenance import derive_links

    report = check_links(exported, derive_links(exported, layers))
    if report.failures:
        raise InputError(
            "An intervention on one channel changes the channels that are derived from it, and no others.",
            f"{len(report.failures)} of {report.n_interventions} interventions did otherwise; {report.failures[0]}.",
            "Use --influence gradient for this model, and please report it.",
        )
    console.print(
        f"Checked: {report.n_interventions} interventions on {report.n_links} traced links changed the derived "
        "channels and no others.",
        highlight=False,
    )


def run_visualize(options: VisualizeOptions, console: Console) -> None:
    """Draws pictures into a run and says what came of it.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    from precompute.feature_visualization.config import VisualizationConfig
    from precompute.feature_visualization.visualize import VisualizeRequest, visualize
    from precompute.progress import ConsoleProgress
    from precompute.run import device_of

    for name in ("steps", "batch_size"):
        _require_positive(name, getattr(options, name))
    config = VisualizationConfig(
        n_steps=options.steps,
        method=options.method,
        batch_size=options.batch_size,
        seed=options.seed,
        device=str(device_of(options.device)),
    )
    request = VisualizeRequest(
        options.run,
        None if options.layers == "all" else _names(options.layers),
        None if options.channels == "all" else _numbers("--channels", options.channels),
        _names(options.kinds),
        options.limit,
        options.model,
        options.weights,
        options.size,
        config,
    )
    report = visualize(request, ConsoleProgress(console))
    there = f"; {report.n_there:,} were there" if report.n_there else ""
    console.print(f"Drew {report.n_drawn:,} pictures{there}.", highlight=False)
    if report.dead:
        names = ", ".join(f"{key.layer}-{key.channel}" for key in report.dead[:8])
        more = ", ..." if len(report.dead) > 8 else ""
        found = f"No picture raises the objective of {len(report.dead):,}, so none is shown: {names}{more}."
        console.print(escape(found), highlight=False, soft_wrap=True)
    console.print(f"Run: {options.run}\nOpen it: summit-dash serve {options.run}", highlight=False)


def _numbers(option: str, text: str) -> tuple[int, ...]:
    """Numbers and ranges, such as `1,5-9`."""
    found: list[int] = []
    for part in _names(text):
        first, _, last = part.partition("-")
        if not first.isdecimal() or not (last or first).isdecimal() or (last and int(last) < int(first)):
            raise InputError(f"{option} are numbers and ranges, such as 3,7,20-29.", f"Found {part}.", "Correct it.")
        if int(last or first) >= 2**24:
            raise InputError(f"{option} are numbers below {2**24}.", f"Found {part}.", "Correct it.")
        found += range(int(first), int(last or first) + 1)
    if not found:
        raise InputError(f"{option} names at least one channel.", "Found none.", f"Leave {option} out for all.")
    return tuple(dict.fromkeys(found))


def run_import_summit(folder: Path, out: Path, labels: Path | None, overwrite: bool, console: Console) -> None:
    """Makes a run of Summit's published data and says what is wrong with it; needs no torch.

    Raises:
        InputError: bad input of any kind.
    """
    from precompute.import_summit.importing import ImportRequest, import_summit
    from precompute.import_summit.report import print_import
    from precompute.progress import ConsoleProgress

    report = import_summit(ImportRequest(folder, out, labels, overwrite), ConsoleProgress(console))
    print_import(report.manifest, out, console)
    if not report.is_new:
        console.print("The run was there already, of the same data: nothing was changed.", highlight=False)


def run_validate(run: Path) -> Sequence[Finding]:
    """The findings of the schema check; needs no torch."""
    from precompute.validate import validate

    return validate(run)


def run_models(pattern: str, details: bool, as_json: bool, console: Console) -> None:
    """Lists the selection of known models, or all names that match a pattern.

    Raises:
        InputError: nothing matches, or a library is not installed.
    """
    require_precompute()
    from precompute.models.catalogue import FAMILIES, all_sources, matching, read_catalogue

    known = all_sources(tagged="." in pattern)
    chosen = matching(pattern, known) if pattern else [s for family in FAMILIES for s in family.sources]
    if not chosen:
        nearest = difflib.get_close_matches(pattern, [s.partition(":")[2] for s in known], n=5, cutoff=0.5)
        raise InputError(
            "A pattern is part of a model's name, or matches it with * and ?.",
            f"Nothing matches {pattern}.",
            f"Near it: {', '.join(nearest)}." if nearest else "`summit-dash models` lists well-known ones.",
        )
    catalogue = read_catalogue()
    facts = [_facts(source, catalogue, details) for source in chosen]
    if as_json:
        console.file.write(json.dumps([fact.to_dict() for fact in facts], indent=1) + "\n")
        return
    _print_models(facts, console)
    if details:
        for fact in facts:
            listed = "  ".join(f"{layer.name} {layer.n_channels}" for layer in fact.layers or ())
            console.print(f"[bold]{escape(fact.source)}[/]  {escape(listed)}", highlight=False, soft_wrap=True)
            console.print(f"  output layer {fact.output_layer}, {fact.n_outputs:,} outputs", highlight=False)
    if not pattern:
        n_more = len(set(known) - set(chosen))
        console.print(f"{n_more:,} more names: summit-dash models PATTERN, such as 'timm:*vgg*'.", highlight=False)


def _facts(source: str, catalogue: Mapping[str, ModelFacts], details: bool) -> ModelFacts:
    from precompute.models.catalogue import ModelFacts, describe, quick_facts

    quick = quick_facts(source, catalogue)
    return ModelFacts.from_dict(describe(source)) if details and quick.layers is None else quick


def _print_models(facts: Sequence[ModelFacts], console: Console) -> None:
    from precompute.models.catalogue import family_of

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model", no_wrap=True)
    table.add_column("family", no_wrap=True)
    for heading in ("input px", "layers", "channels", "top-1"):
        table.add_column(heading, justify="right", no_wrap=True)
    for fact in facts:
        layers = fact.layers or ()
        table.add_row(
            escape(fact.source),
            family_of(fact.source),
            " x ".join(str(n) for n in fact.input_size[1:]) if fact.input_size else "",
            str(len(layers)) if layers else "",
            f"{sum(layer.n_channels for layer in layers):,}" if layers else "",
            f"{fact.published_top1:.3f}" if fact.published_top1 is not None else "",
        )
    console.print(table)
