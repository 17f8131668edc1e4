"""`summit-dash faithfulness`: a proof of attribution graphs by removing and keeping channels, into a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from precompute.commands.options import CONSOLE, Device, ModelPath, MovedModel, MovedWeights, Run, Seed
from precompute.commands.shared import require_names, require_positive, require_precompute, split_names
from precompute.contract.errors import InputError
from precompute.contract.tables import PAGERANK
from precompute.contract.wording import format_count
from precompute.faithfulness.config import FACTORS, SELECTIONS, FaithfulnessConfig

if TYPE_CHECKING:
    from precompute.faithfulness.measure import FaithfulnessReport

__all__ = ["FaithfulnessOptions", "run_faithfulness"]


@dataclass(frozen=True)
class FaithfulnessOptions:
    """Prove the attribution graphs of a run: is a class lost without its channels, and do they suffice?

    Runs images of each class with channels replaced by their mean: those of the class's graph, all others, and as many
    at random; layer by layer and in all layers at once; by PageRank and by effect on the class. The graph by effect is
    stored beside the published one. Edges are measured by removing their source.

    Interrupt it when you like: the same command goes on where it stopped.

    Examples:

    `summit-dash faithfulness runs/photos`

    `summit-dash faithfulness runs/photos --classes 'timber wolf;0-9' --images-per-class 50 --layer-sizes 1`
    """

    run: Run
    classes: Annotated[
        str | None,
        typer.Option(help="Classes and ranges of ids, parted by `;`: `1-20;bear`; all by default.", show_default=False),
    ] = None
    images_per_class: Annotated[int, typer.Option(help="Images of each class, the first ones.")] = (
        FaithfulnessConfig.images_per_class
    )
    repeats: Annotated[int, typer.Option(help="Random choices of channels for each size.")] = (
        FaithfulnessConfig.n_repeats
    )
    replace: Annotated[str, typer.Option(help="What takes the place of a removed channel: its `mean`, or `zero`.")] = (
        FaithfulnessConfig.replacement
    )
    sizes: Annotated[
        str,
        typer.Option(
            help="Channels of all layers at once, as multiples of the graph's; 0 is a single one in each layer."
        ),
    ] = ",".join(f"{factor:g}" for factor in FACTORS)
    layer_sizes: Annotated[str, typer.Option(help="The same for each layer alone; fewer are quicker.")] = ",".join(
        f"{factor:g}" for factor in FACTORS
    )
    selection: Annotated[
        str, typer.Option(help="Orders in which channels are taken: `pagerank,effect`, or one of them.")
    ] = ",".join(SELECTIONS)
    edge_images: Annotated[
        int, typer.Option(help="Images of each class on which its edges are measured; 0 leaves edges out.")
    ] = FaithfulnessConfig.edge_images
    effect_images: Annotated[
        int, typer.Option(help="Images of each class on which the effects of channels are estimated, the first ones.")
    ] = FaithfulnessConfig.effect_images
    keep_accuracy: Annotated[
        float | None,
        typer.Option(
            help="Find how many channels keep this share of a class's accuracy, such as 0.9, when all others go.",
            show_default=False,
        ),
    ] = None
    single: Annotated[bool, typer.Option("--single", help="Also remove every channel of the class's graphs alone.")] = (
        FaithfulnessConfig.single
    )
    seed: Seed = FaithfulnessConfig.seed
    device: Device = "auto"
    workers: Annotated[int, typer.Option(help="Threads that decode images.", min=0)] = 2
    images: Annotated[
        str | None, typer.Option(help="Where the run's images are now, if they have moved.", show_default=False)
    ] = None
    model: MovedModel = None
    weights: MovedWeights = None
    model_path: ModelPath = None


def run_faithfulness(
    options: FaithfulnessOptions, class_ids: tuple[int, ...] | None, console: Console = CONSOLE
) -> None:
    """Proves the graphs of classes and prints the outcome.

    Args:
        class_ids: the classes that the option names; None: all that can be proven.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    require_names(options.model, options.weights)
    from precompute.contract.progress import ConsoleProgress
    from precompute.devices.choice import choose_device
    from precompute.faithfulness.measure import FaithfulnessRequest, measure_faithfulness
    from precompute.models.sources.reloading import Whereabouts

    for name in ("images_per_class", "repeats", "effect_images"):
        require_positive(name, getattr(options, name))
    config = FaithfulnessConfig(
        images_per_class=options.images_per_class,
        n_repeats=options.repeats,
        replacement=options.replace,
        factors=_read_factors("--sizes", options.sizes),
        layer_factors=_read_factors("--layer-sizes", options.layer_sizes),
        selections=split_names(options.selection),
        edge_images=options.edge_images,
        effect_images=options.effect_images,
        keep_accuracy=options.keep_accuracy,
        seed=options.seed,
        single=options.single,
    )
    where = Whereabouts(options.model, options.weights, tuple(options.model_path or ()))
    device = choose_device(options.device)
    request = FaithfulnessRequest(options.run, class_ids, where, options.images, config, device, options.workers)
    _print_report(measure_faithfulness(request, ConsoleProgress(console)), console)
    console.print(f"Run: {options.run}\nOpen it: summit-dash serve {options.run}", highlight=False)


def _read_factors(option: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in split_names(text))
    except ValueError as problem:
        raise InputError(f"{option} are numbers, such as 0,1,8.", f"Found {text}.", "Correct it.") from problem


def _print_report(report: FaithfulnessReport, console: Console) -> None:
    there = f"; {report.n_there:,} were there" if report.n_there else ""
    console.print(f"Proved the graphs of {format_count(report.n_measured, 'classes')}{there}.", highlight=False)
    if report.n_single:
        console.print(
            f"Removed the channels of {format_count(report.n_single, 'classes')} one at a time.", highlight=False
        )
    graph = "the graph's" if report.selection == PAGERANK else "the graph by effect's"
    names = {"untouched": "untouched", "remove": f"without {graph} channels", "random": "without as many at random"}
    shares = [f"{name} {report.accuracies[key]:.1%}" for key, name in names.items() if key in report.accuracies]
    if "keep" in report.accuracies:
        shares.append(f"with {graph} alone {report.accuracies['keep']:.1%}")
    over = f"the {report.n_averaged:,} proven classes" if report.n_averaged > 1 else "the proven class"
    console.print(f"Accuracy, mean over {over}: {', '.join(shares)}.", highlight=False, soft_wrap=True)
    if report.without:
        verb = "has" if len(report.without) == 1 else "have"
        found = f"{format_count(len(report.without), 'classes')} {verb} no output, no graph or no image."
        console.print(found, highlight=False, soft_wrap=True)
