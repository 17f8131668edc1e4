"""`summit-dash explain`: heat maps, channels and quality of maps for image files, or quality over a run's images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE, ModelPath, MovedModel, MovedWeights, Run, Seed, build_wide_console
from precompute.commands.shared import print_notes, require_names, require_precompute, split_names
from precompute.contract.errors import InputError

if TYPE_CHECKING:
    from precompute.explanations.explain import ExplainConfig
    from precompute.explanations.sampling import SampleReport

__all__ = ["ExplainOptions", "explain", "run_explain"]


@dataclass(frozen=True)
class ExplainOptions:
    """Explain images by a run's model: why did it say that, about this image?

    Writes for every image the maps of all methods (PNG over the image, and raw as `.npz`), the channels that speak for
    the class, the figures as CSV and JSON, and one `report.html` for all. Methods that do not apply to the model are
    listed with the reason.

    Or measures with `--sample` how far the maps of each method can be trusted for this model, into the run.

    Interrupt it when you like: the same command goes on where it stopped.

    Examples:

    `summit-dash explain runs/photos wolf.jpg fox.jpg --out explained`

    `summit-dash explain runs/photos wolf.jpg --methods lrp,grad_cam --class "timber wolf" --against auto`

    `summit-dash explain runs/photos --sample 2`
    """

    run: Run
    images: Annotated[list[Path] | None, typer.Argument(help="Image files.", show_default=False)] = None
    methods: Annotated[str, typer.Option(help="`all`, or some: `NAME,NAME`.")] = "all"
    wanted: Annotated[
        str, typer.Option("--class", help="Class to explain, an output's name or number; `auto`: the most probable.")
    ] = "auto"
    against: Annotated[
        str, typer.Option(help="Class to compare with; `auto`: the most probable other one; or `none`.")
    ] = "none"
    layer: Annotated[
        str, typer.Option(help="Of channels and of maps of a layer; `last`: the last one with positions.")
    ] = "last"
    channels: Annotated[
        str | None,
        typer.Option(help="Channels with a map of their own each: `mixed4d-346,mixed5b-7`.", show_default=False),
    ] = None
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Measure every map, beside maps that know no model: minutes an image.")
    ] = False
    out: Annotated[Path, typer.Option(help="Folder of the answers.")] = Path("explained")
    sample: Annotated[
        int | None,
        typer.Option(help="Measure all methods on the first so many images of each class.", show_default=False),
    ] = None
    seed: Seed = 0
    run_images: Annotated[
        str | None,
        typer.Option("--images", help="Where the run's images are now, for `--sample`.", show_default=False),
    ] = None
    model: MovedModel = None
    weights: MovedWeights = None
    model_path: ModelPath = None


def run_explain(options: ExplainOptions, console: Console = CONSOLE) -> None:
    """Explains images, or measures methods over images of the run, and prints what was written.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    require_names(options.model, options.weights)
    if (options.sample is None) == (not options.images):
        found = "Found both." if options.images else "Found neither."
        raise InputError(
            "Image files are explained, or --sample measures methods on the run's images.", found, "Give one of them."
        )
    from precompute.explanations.explain import ExplainConfig
    from precompute.explanations.quality import QualityConfig

    config = ExplainConfig(
        methods=split_names(options.methods),
        wanted=options.wanted,
        against=options.against,
        layer=options.layer,
        channels=split_names(options.channels or ""),
        is_measured=options.metrics,
        quality=QualityConfig(seed=options.seed),
    )
    if options.sample is None:
        _explain_files(options, config, console)
    else:
        _measure_sample(options, options.sample, config, console)


def _explain_files(options: ExplainOptions, config: ExplainConfig, console: Console) -> None:
    from precompute.contract.progress import ConsoleProgress
    from precompute.explanations.explaining import ExplainRequest, explain_files
    from precompute.models.sources.reloading import Whereabouts

    where = Whereabouts(options.model, options.weights, tuple(options.model_path or ()))
    request = ExplainRequest(options.run, tuple(options.images or ()), options.out, config, where)
    for facts in explain_files(request, ConsoleProgress(console)):
        best = facts["predictions"][0]
        against = "" if facts["target"]["against_name"] is None else f" against {facts['target']['against_name']}"
        told = (
            f"{facts['file']}: {best['name']} ({best['probability']:.1%}); explained {facts['target']['name']}{against}"
        )
        console.print(escape(told), highlight=False, soft_wrap=True)
        refused = [one["name"] for one in facts["maps"] if one.get("problem")]
        if refused:
            print_notes([f"does not apply, see the report: {', '.join(refused)}."], console)
    console.print(escape(f"Report: {options.out / 'report.html'}"), highlight=False, soft_wrap=True)


def _measure_sample(options: ExplainOptions, n_per_class: int, config: ExplainConfig, console: Console) -> None:
    from precompute.contract.progress import ConsoleProgress
    from precompute.explanations.sampling import SampleRequest, measure_sample
    from precompute.models.sources.reloading import Whereabouts

    where = Whereabouts(options.model, options.weights, tuple(options.model_path or ()))
    request = SampleRequest(options.run, n_per_class, config, where, options.run_images)
    report = measure_sample(request, ConsoleProgress(console))
    _print_quality(report)
    print_notes([f"{name} does not apply: {reason}" for name, reason in report.refused.items()], console)
    console.print(f"Run: {options.run}\nOpen it: summit-dash serve {options.run}", highlight=False)


def _print_quality(report: SampleReport) -> None:
    """Prints a line for each method, with the mean of every metric."""
    from rich.table import Table

    from precompute.contract.map_quality import QUALITY_METRICS

    table = Table("Method", *(QUALITY_METRICS[name].title for name in report.table.metrics), "")
    for method in report.table.methods:
        rows = [report.table.find(method, metric) for metric in report.table.metrics]
        warning = "; ".join(report.table.warnings.get(method, ()))
        table.add_row(method, *("" if row is None else f"{row.value:.3g}" for row in rows), warning)
    build_wide_console().print(table, f"Means over {report.n_images:,} images; intervals are in the run's table.")


explain = build_command(ExplainOptions, run_explain)
