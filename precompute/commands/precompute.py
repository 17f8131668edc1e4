"""`summit-dash precompute`: a run of a model over labelled images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from precompute.commands.shared import (
    names_in,
    print_notes,
    print_pictures,
    require_names,
    require_positive,
    require_precompute,
)
from precompute.contract.errors import InputError

if TYPE_CHECKING:
    from precompute.pipeline.run import RunReport, RunRequest

__all__ = ["PrecomputeOptions", "run_precompute"]


@dataclass(frozen=True)
class PrecomputeOptions:
    """The options of `summit-dash precompute`, as given; see its --help."""

    model: str
    images: str
    out: Path
    weights: str | None = None
    model_path: tuple[str, ...] = ()
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
    visualization_seconds: float = 120.0
    outlier_fraction: float | None = None
    exclude_outliers: bool = False
    class_outputs: str = "auto"
    output_names: Path | None = None
    allow_outside: bool = False
    overwrite: bool = False


def run_precompute(options: PrecomputeOptions, console: Console) -> RunReport:
    """Makes or resumes a run and says what came of it.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    require_names(options.model, options.weights)
    from precompute.contract.progress import ConsoleProgress
    from precompute.pipeline.run import precompute

    report = precompute(_request(options), ConsoleProgress(console))
    _print_report(report, options.out, console)
    return report


def _request(options: PrecomputeOptions) -> RunRequest:
    from precompute.aggregate.config import AggregateConfig
    from precompute.aggregate.influence.measures import MEASURES
    from precompute.feature_visualization.channels.config import VisualizeConfig
    from precompute.models.sources.loading import ModelConfig
    from precompute.pipeline.config import STAGES, RunConfig
    from precompute.pipeline.run import LabelOptions, RunRequest

    if options.influence not in MEASURES:
        raise InputError(
            f"The measure of influence is one of {', '.join(MEASURES)}.",
            f"Found {options.influence}.",
            "Leave --influence out for auto: traced where that is possible, otherwise gradient.",
        )
    for name in ("batch_size", "chunk_size", "visualization_steps"):
        require_positive(name, getattr(options, name))
    config = RunConfig(
        layers=None if options.layers == "auto" else names_in(options.layers),
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
    )
    return RunRequest(
        ModelConfig(options.model, options.weights, options.preprocess, model_path=options.model_path),
        options.images,
        options.out,
        config,
        stages=STAGES if options.stages == "all" else names_in(options.stages),
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
        number = "1 class" if len(report.without_outputs) == 1 else f"{len(report.without_outputs):,} classes"
        found = f"No accuracy for {number} that --class-outputs does not name: {names}."
        console.print(escape(found), highlight=False, soft_wrap=True)
    _print_untraced(report.manifest.get("links", []), console)
    print_pictures(report.manifest.get("visualizations", {}), console)
    _print_left(report.manifest, out, console)
    stages = {name: stage for name, stage in report.manifest["stages"].items() if stage["seconds"] is not None}
    seconds = ", ".join(f"{name} {stage['seconds']:.1f}{_waiting(stage)}" for name, stage in stages.items())
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


def _waiting(stage: Mapping[str, Any]) -> str:
    """What of a stage a person can change by --workers, or was done beside other stages."""
    if "seconds_beside" in stage:
        return f" (and {stage['seconds_beside']:.1f} beside other stages)"
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
