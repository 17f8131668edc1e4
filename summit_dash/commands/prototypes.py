"""`summit-dash prototypes`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summit_dash.commands.options import Device, ModelPath, MovedModel, MovedWeights, Run, Seed, console

__all__ = ["prototypes"]


def prototypes(
    run: Run,
    classes: Annotated[
        str | None,
        typer.Option(help="Classes and ranges of ids, parted by `;`: `1-20;bear`; all by default.", show_default=False),
    ] = None,
    methods: Annotated[
        str,
        typer.Option(help="`auto`, or some of `code-space,picture-space`; `auto` is both where there is a generator."),
    ] = "auto",
    generator: Annotated[
        str | None,
        typer.Option(
            help="`FILE.py:CALLABLE`, or `demo`; runs of the demo model have the demo's by default.", show_default=False
        ),
    ] = None,
    code_size: Annotated[
        int | None, typer.Option(help="Numbers of a code of that generator.", show_default=False)
    ] = None,
    steps: Annotated[int, typer.Option(help="Optimisation steps.")] = 36,
    seed: Seed = 0,
    batch_size: Annotated[int, typer.Option(help="Classes optimised together.")] = 8,
    device: Device = "auto",
    model: MovedModel = None,
    weights: MovedWeights = None,
    model_path: ModelPath = None,
) -> None:
    """Draw what the model takes for each class: pictures optimised for the class's probability, into the run.

    In the code space of a generator, which draws pictures of the kind that it was trained on, and in pictures alone. A
    generator is a Python file with a function that takes nothing and returns an nn.Module, which turns codes
    `(batch, code size)` into pictures `(batch, 3, height, width)` with values in [0, 1].

    Interrupt it when you like: the same command goes on where it stopped.

    Examples:

    `summit-dash prototypes runs/photos --classes '0-9;timber wolf'`

    `summit-dash prototypes runs/photos --generator decoder.py:build --code-size 100`
    """
    from precompute.commands.prototypes import PrototypeOptions, run_prototypes

    options = {name: value for name, value in locals().items() if name in PrototypeOptions.__dataclass_fields__}
    options["model_path"] = tuple(model_path or ())
    class_ids = None if classes is None else _class_ids(run, classes)
    run_prototypes(PrototypeOptions(**options, class_ids=class_ids), console)


def _class_ids(run: Path, text: str) -> tuple[int, ...]:
    from summit_dash.run.find_class import find_classes, tell_numbers
    from summit_dash.run.store import RunStore

    known = RunStore(run).classes
    found = find_classes(known, text)
    for told in tell_numbers(known, text):
        console.print(told, highlight=False, markup=False, soft_wrap=True)
    return tuple(info.class_id for info in found)
