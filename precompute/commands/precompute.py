"""`summit-dash precompute`: a run of a model over labelled images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from precompute.aggregate.config import WAYS, AggregateConfig
from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE, Device, Gpus, Layers, Model, ModelPath, PreprocessFile, Weights
from precompute.commands.shared import (
    print_notes,
    print_pictures,
    require_names,
    require_positive,
    require_precompute,
    split_names,
)
from precompute.contract.errors import InputError
from precompute.contract.glossary import INFLUENCE_MEASURES
from precompute.contract.wording import format_count
from precompute.datasets.labels.label_outputs import AUTO
from precompute.feature_visualization.channels.config import VisualizeConfig
from precompute.pipeline.config import RunConfig
from precompute.pipeline.registry import find_stages

if TYPE_CHECKING:
    from precompute.pipeline.report import RunReport
    from precompute.pipeline.request import RunRequest

__all__ = ["PrecomputeOptions", "precompute", "run_precompute"]


def _explain_stages() -> str:
    known = find_stages()
    extra = [f"`{name}`" for name, stage in known.items() if stage.is_extra]
    return f"`all`, or some of `{','.join(known)}`; not in `all`: {', '.join(extra)}."


@dataclass(frozen=True)
class PrecomputeOptions:
    """Run a model once over labelled images and write a run.

    Interrupt it when you like: the same command goes on where it stopped.

    Examples:

    `summit-dash precompute torchvision:resnet18 photos/ --out runs/photos`

    `summit-dash precompute model.py:build labels.csv --weights best.pth --preprocess input.toml --out runs/mine`

    `summit-dash precompute torchvision:resnet18 'shards/{0000..0009}.tar' --class-outputs pets.csv --out runs/pets`

    A model file is plain Python with a function that takes nothing and returns an `nn.Module`, whose forward takes a
    batch of images and returns logits: a tensor, the first of two dimensions in a tuple, or `logits` in a dict or
    dataclass. `summit-dash models` lists those of torchvision and timm.

    A manifest has the columns `path,class_name` and, where labels are the model's outputs, `class_id`. A shard holds
    `KEY.jpg` with `KEY.cls` or `KEY.json`. An input file looks like this:

    `resize = 256`, `crop = 224`, `interpolation = "bilinear"`, `channels = "RGB"`, `scale = 1.0`,
    `mean = [0.485, 0.456, 0.406]`, `std = [0.229, 0.224, 0.225]`
    """

    model: Model
    images: Annotated[
        str,
        typer.Argument(
            help="Folder with a subfolder per class; manifest .csv or .parquet; .tar shards: a file, a folder of them, "
            "a quoted pattern; Hugging Face dataset saved on disk; or `demo`.",
            show_default=False,
        ),
    ]
    out: Annotated[Path, typer.Option(help="Folder of the run; an unfinished one is resumed.", show_default=False)]
    weights: Weights = None
    model_path: ModelPath = None
    preprocess: PreprocessFile = None
    layers: Layers = "auto"
    stages: Annotated[str, typer.Option(help=_explain_stages())] = "all"
    influence: Annotated[
        str,
        typer.Option(
            help=", ".join(f"`{name}` {term.short}" for name, term in INFLUENCE_MEASURES.items())
            + "; `auto`: traced where possible."
        ),
    ] = AggregateConfig.influence
    precision: Annotated[
        str,
        typer.Option(
            help="Of the forward pass: `float32`, or `bfloat16`, faster where built in; influences are float32."
        ),
    ] = AggregateConfig.precision
    device: Device = RunConfig.device
    batch_size: Annotated[int, typer.Option(help="Images per forward pass.")] = RunConfig.batch_size
    workers: Annotated[int, typer.Option(help="Threads that decode images.", min=0)] = RunConfig.workers
    engine: Annotated[
        str, typer.Option(help="`local`, or `ray`: the cluster of RAY_ADDRESS, or this machine's cores as workers.")
    ] = RunConfig.engine
    count_by: Annotated[
        str,
        typer.Option(
            "--pass",
            help="Influences of a `batch` as a whole, or of one `image` after another; `auto`: image on the CPU.",
        ),
    ] = RunConfig.count_by
    actors: Annotated[
        int | None,
        typer.Option(help="Workers of the engine `ray`; as many as there is room for.", min=1, show_default=False),
    ] = RunConfig.actors
    gpus: Gpus = RunConfig.gpus
    chunk_size: Annotated[
        int, typer.Option(help="Images of a class that make a unit of work: what an interruption loses at most.")
    ] = AggregateConfig.chunk_size
    limit_per_class: Annotated[
        int | None, typer.Option(help="Take the first so many images of each class.", show_default=False)
    ] = None
    visualizations: Annotated[
        int, typer.Option(help="Feature visualizations, for the channels in most graphs.", min=0)
    ] = VisualizeConfig.n_channels
    visualization_steps: Annotated[int, typer.Option(help="Optimisation steps per picture.")] = VisualizeConfig.n_steps
    visualization_size: Annotated[
        int | None, typer.Option(help="Side of a picture in pixels; 128 or the model's input.", min=16)
    ] = VisualizeConfig.size
    visualization_seconds: Annotated[
        float,
        typer.Option(help="For drawing them, the most used channels first; 0: as long as it takes.", min=0),
    ] = VisualizeConfig.seconds or 0.0
    outlier_fraction: Annotated[
        float | None, typer.Option(help="Flag channels active in more than this share of images.", min=0, max=1)
    ] = AggregateConfig.outlier_fraction
    exclude_outliers: Annotated[bool, typer.Option(help="Leave flagged channels out of the graphs.")] = (
        AggregateConfig.exclude_outliers
    )
    class_outputs: Annotated[
        str,
        typer.Option(
            help="Which of the model's outputs mean a class. `name`: those of its name; `id`: that of its number; "
            "`text`: classes sorted as text, as ImageFolder does; `none`; or a file, .csv with class_name,output_index "
            'or .json `{"dog": [151, 152]}`.',
        ),
    ] = AUTO
    output_names: Annotated[
        Path | None,
        typer.Option(
            help="File with the names of the model's outputs: .txt, .json list, or .csv with output_index,name.",
            show_default=False,
        ),
    ] = None
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Accept paths in a manifest that lead out of its folder.")
    ] = False
    overwrite: Annotated[bool, typer.Option(help="Replace another run in the folder.")] = False


def run_precompute(options: PrecomputeOptions, console: Console = CONSOLE) -> RunReport:
    """Makes or resumes a run and prints the outcome.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    require_names(options.model, options.weights)
    from precompute.contract.progress import ConsoleProgress
    from precompute.pipeline.run import precompute as make_run

    report = make_run(_build_request(options), ConsoleProgress(console))
    _print_report(report, options.out, console)
    return report


def _build_request(options: PrecomputeOptions) -> RunRequest:
    from precompute.models.sources.loading import ModelConfig
    from precompute.pipeline.request import LabelOptions, RunRequest

    measures = ("auto", *INFLUENCE_MEASURES)
    if options.influence not in measures:
        raise InputError(
            f"The measure of influence is one of {', '.join(measures)}.",
            f"Found {options.influence}.",
            "Leave --influence out for auto: traced where that is possible, otherwise gradient.",
        )
    if options.count_by not in WAYS:
        raise InputError(
            f"--pass is one of {', '.join(WAYS)}.",
            f"Found {options.count_by}.",
            "Leave it out for auto: image on the CPU.",
        )
    for name in ("batch_size", "chunk_size", "visualization_steps"):
        require_positive(name, getattr(options, name))
    config = RunConfig(
        layers=None if options.layers == "auto" else split_names(options.layers),
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
            seconds=options.visualization_seconds or None,
        ),
        batch_size=options.batch_size,
        workers=options.workers,
        device=options.device,
        engine=options.engine,
        actors=options.actors,
        gpus=options.gpus,
        count_by=options.count_by,
    )
    return RunRequest(
        ModelConfig(options.model, options.weights, options.preprocess, model_path=tuple(options.model_path or ())),
        options.images,
        options.out,
        config,
        stages=None if options.stages == "all" else split_names(options.stages),
        limit_per_class=options.limit_per_class,
        labels=LabelOptions(options.allow_outside, options.class_outputs, options.output_names),
        overwrite=options.overwrite,
    )


def _print_report(report: RunReport, out: Path, console: Console) -> None:
    print_notes(report.notes, console)
    if report.skipped:
        number = "1 image was" if len(report.skipped) == 1 else f"{len(report.skipped):,} images were"
        console.print(f"[yellow]{number} skipped, unreadable or without finite numbers:[/]", soft_wrap=True)
        for path, reason in list(report.skipped.items())[:10]:
            console.print(f"  {escape(path)}: {escape(reason)}", highlight=False)
        if len(report.skipped) > 10:
            console.print(f"  ... and {len(report.skipped) - 10} more, all in {out / 'manifest.json'}")
    if report.top1_accuracy is not None:
        n = report.n_images if report.n_with_accuracy is None else report.n_with_accuracy
        accuracy = f"top-1 {report.top1_accuracy:.3f}, top-5 {report.top5_accuracy:.3f}, n = {n:,}"
        console.print(f"Accuracy: {accuracy}", highlight=False)
    elif report.n_images is not None:
        reason = "because the labels are not the model's outputs; --class-outputs says which outputs mean them"
        console.print(f"Accuracy: none, {reason}.", highlight=False, soft_wrap=True)
    if report.without_outputs:
        names = ", ".join(report.without_outputs[:5]) + (", ..." if len(report.without_outputs) > 5 else "")
        number = format_count(len(report.without_outputs), "classes")
        found = f"No accuracy for {number} that --class-outputs does not name: {names}."
        console.print(escape(found), highlight=False, soft_wrap=True)
    _print_untraced(report.manifest.get("links", []), console)
    print_pictures(report.manifest.get("visualizations", {}), console)
    _print_left(report.manifest, out, console)
    stages = {name: stage for name, stage in report.manifest["stages"].items() if stage["seconds"] is not None}
    seconds = ", ".join(f"{name} {stage['seconds']:.1f}{_describe_waiting(stage)}" for name, stage in stages.items())
    console.print(f"Seconds: {seconds}", highlight=False, soft_wrap=True)
    console.print(f"Run: {out}\nOpen it: summit-dash serve {out}", highlight=False)


def _print_left(manifest: Mapping[str, Any], out: Path, console: Console) -> None:
    """Says how many pictures there was no time for, and what draws them."""
    stage, settings = manifest["stages"]["visualize"], manifest["config"].get("visualize", {})
    if "n_chosen" not in stage:
        return
    size = settings["size"] or manifest["visualizations"].get("side")
    options = f" --steps {settings['n_steps']}" + (f" --size {size}" if size else "")
    console.print(
        f"Drew {stage['n_drawn']:,} of {stage['n_chosen']:,} pictures in the {settings['seconds']:,.0f} s that "
        f"--visualization-seconds gives them, those of the most used channels. The rest: "
        f"summit-dash visualize {out} --limit {stage['n_chosen']}{options}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _describe_waiting(stage: Mapping[str, Any]) -> str:
    """Describes the part of a stage that --workers can change, or that was done beside other stages."""
    if "seconds_beside" in stage:
        return f" (and {stage['seconds_beside']:.1f} beside other stages)"
    fraction = stage.get("waiting_fraction")
    return "" if fraction is None else f" ({fraction:.0%} of it waiting for images)"


def _print_untraced(links: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Prints which layer pairs had to take gradients, and the first reason."""
    untraced = [link for link in links if link["reason"]]
    if untraced:
        console.print(
            f"Influence on {len(untraced)} of {len(links)} layers is by gradient x activation, because it cannot be "
            f"traced. {untraced[0]['target']}: {untraced[0]['reason']}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


precompute = build_command(PrecomputeOptions, run_precompute)
