"""`summit-dash prototypes`: pictures that the model gives each class to, into a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from precompute.commands.options import CONSOLE, BatchSize, Device, ModelPath, MovedModel, MovedWeights, Run, Seed
from precompute.commands.shared import (
    choose_batch_size,
    require_names,
    require_positive,
    require_precompute,
    split_names,
)
from precompute.feature_visualization.prototypes.config import PrototypeConfig

if TYPE_CHECKING:
    from precompute.feature_visualization.prototypes.draw_prototypes import PrototypeReport

__all__ = ["PrototypeOptions", "run_prototypes"]


@dataclass(frozen=True)
class PrototypeOptions:
    """Draw what the model takes for each class: pictures optimised for the class's probability, into the run.

    In the code space of a generator, which draws pictures of the kind that it was trained on, and in pictures alone. A
    generator is a Python file with a function that takes nothing and returns an nn.Module, which turns codes
    `(batch, code size)` into pictures `(batch, 3, height, width)` with values in [0, 1].

    Interrupt it when you like: the same command goes on where it stopped.

    Examples:

    `summit-dash prototypes runs/photos --classes '0-9;timber wolf'`

    `summit-dash prototypes runs/photos --generator decoder.py:build --code-size 100`
    """

    run: Run
    classes: Annotated[
        str | None,
        typer.Option(help="Classes and ranges of ids, parted by `;`: `1-20;bear`; all by default.", show_default=False),
    ] = None
    methods: Annotated[
        str,
        typer.Option(help="`auto`, or some of `code-space,picture-space`; `auto` is both where there is a generator."),
    ] = "auto"
    generator: Annotated[
        str | None,
        typer.Option(
            help="`FILE.py:CALLABLE`, or `demo`; runs of the demo model have the demo's by default.", show_default=False
        ),
    ] = None
    code_size: Annotated[int | None, typer.Option(help="Numbers of a code of that generator.", show_default=False)] = (
        None
    )
    steps: Annotated[int, typer.Option(help="Optimisation steps.")] = PrototypeConfig.n_steps
    seed: Seed = PrototypeConfig.seed
    batch_size: BatchSize = None
    device: Device = "auto"
    model: MovedModel = None
    weights: MovedWeights = None
    model_path: ModelPath = None


def run_prototypes(options: PrototypeOptions, class_ids: tuple[int, ...] | None, console: Console = CONSOLE) -> None:
    """Draws prototypes into a run and prints the outcome.

    Args:
        class_ids: the classes that the option names; None: all that have outputs.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    require_names(options.model, options.weights)
    from precompute.contract.progress import ConsoleProgress
    from precompute.devices.choice import choose_device
    from precompute.feature_visualization.prototypes.draw_prototypes import PrototypeRequest, draw_prototypes
    from precompute.models.sources.reloading import Whereabouts

    require_positive("steps", options.steps)
    device = choose_device(options.device)
    config = PrototypeConfig(
        n_steps=options.steps,
        seed=options.seed,
        batch_size=choose_batch_size(options.batch_size, device, PrototypeConfig.batch_size),
        device=str(device),
    )
    request = PrototypeRequest(
        options.run,
        class_ids,
        None if options.methods == "auto" else split_names(options.methods),
        options.generator,
        options.code_size,
        Whereabouts(options.model, options.weights, tuple(options.model_path or ())),
        config,
    )
    _print_report(draw_prototypes(request, ConsoleProgress(console)), console)
    console.print(f"Run: {options.run}\nOpen it: summit-dash serve {options.run}", highlight=False)


def _print_report(report: PrototypeReport, console: Console) -> None:
    there = f"; {report.n_there:,} were there" if report.n_there else ""
    console.print(f"Drew {report.n_drawn:,} prototypes{there}.", highlight=False)
    for method in dict.fromkeys(method for method, _ in report.reached):
        console.print(f"{method}: {_summarize(method, report.reached)}.", highlight=False, soft_wrap=True)
    if report.without_outputs:
        n = len(report.without_outputs)
        console.print(f"None for {n:,} classes that no output of the model means.", highlight=False, soft_wrap=True)
    if report.without_generator:
        found = "In pictures alone, because there is no generator: --generator FILE.py:CALLABLE --code-size N."
        console.print(found, highlight=False, markup=False, soft_wrap=True)


def _summarize(method: str, reached: Mapping[tuple[str, int], float]) -> str:
    probabilities = sorted(math.exp(value) for (of, _), value in reached.items() if of == method)
    n, n_high = len(probabilities), sum(p >= 0.9 for p in probabilities)
    return (
        f"{n_high:,} of {n:,} reach p(class) of 0.9; lowest {probabilities[0]:.2f}, median {probabilities[n // 2]:.2f}"
    )
