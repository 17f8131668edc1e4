"""`summit-dash prototypes`: pictures that the model gives each class to, into a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from precompute.commands.shared import names_in, require_names, require_positive, require_precompute

if TYPE_CHECKING:
    from precompute.feature_visualization.prototypes.draw_prototypes import PrototypeReport

__all__ = ["PrototypeOptions", "run_prototypes"]


@dataclass(frozen=True)
class PrototypeOptions:
    """The options of `summit-dash prototypes`, as given, but for the classes, which are ids by now; see its --help."""

    run: Path
    class_ids: tuple[int, ...] | None = None
    methods: str = "auto"
    generator: str | None = None
    code_size: int | None = None
    steps: int = 36
    seed: int = 0
    batch_size: int = 8
    device: str = "auto"
    model: str | None = None
    weights: str | None = None
    model_path: tuple[str, ...] = ()


def run_prototypes(options: PrototypeOptions, console: Console) -> None:
    """Draws prototypes into a run and says what came of it.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    require_names(options.model, options.weights)
    from precompute.contract.progress import ConsoleProgress
    from precompute.feature_visualization.prototypes.draw_prototypes import PrototypeRequest, draw_prototypes
    from precompute.feature_visualization.prototypes.optimize_classes import PrototypeConfig
    from precompute.models.sources.reloading import Whereabouts
    from precompute.pipeline.run import device_of

    for name in ("steps", "batch_size"):
        require_positive(name, getattr(options, name))
    config = PrototypeConfig(
        n_steps=options.steps,
        seed=options.seed,
        batch_size=options.batch_size,
        device=str(device_of(options.device)),
    )
    request = PrototypeRequest(
        options.run,
        options.class_ids,
        None if options.methods == "auto" else names_in(options.methods),
        options.generator,
        options.code_size,
        Whereabouts(options.model, options.weights, options.model_path),
        config,
    )
    _print_report(draw_prototypes(request, ConsoleProgress(console)), console)
    console.print(f"Run: {options.run}\nOpen it: summit-dash serve {options.run}", highlight=False)


def _print_report(report: PrototypeReport, console: Console) -> None:
    there = f"; {report.n_there:,} were there" if report.n_there else ""
    console.print(f"Drew {report.n_drawn:,} prototypes{there}.", highlight=False)
    for method in dict.fromkeys(method for method, _ in report.reached):
        console.print(f"{method}: {_summary(method, report.reached)}.", highlight=False, soft_wrap=True)
    if report.without_outputs:
        n = len(report.without_outputs)
        console.print(f"None for {n:,} classes that no output of the model means.", highlight=False, soft_wrap=True)
    if report.without_generator:
        found = "In pictures alone, because there is no generator: --generator FILE.py:CALLABLE --code-size N."
        console.print(found, highlight=False, markup=False, soft_wrap=True)


def _summary(method: str, reached: Mapping[tuple[str, int], float]) -> str:
    probabilities = sorted(math.exp(value) for (of, _), value in reached.items() if of == method)
    n, n_high = len(probabilities), sum(p >= 0.9 for p in probabilities)
    return (
        f"{n_high:,} of {n:,} reach p(class) of 0.9; lowest {probabilities[0]:.2f}, median {probabilities[n // 2]:.2f}"
    )
