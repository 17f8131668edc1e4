"""`summit-dash transfer`: the cut of a model whose features classify a person's own images best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE, Device, Gpus, ModelPath, build_wide_console
from precompute.commands.shared import (
    choose_batch_size,
    print_notes,
    require_names,
    require_positive,
    require_precompute,
    split_names,
)
from precompute.contract.errors import InputError
from precompute.contract.transfer_tables import is_transfer
from precompute.pipeline.config import ENGINES
from precompute.transfer.config import ADVISED, COSTS, HEADS, POOLINGS, HeadConfig, TransferConfig

if TYPE_CHECKING:
    from precompute.transfer.compare import TransferReport
    from precompute.transfer.request import FeatureEngine

__all__ = ["TransferOptions", "run_transfer", "transfer"]

_OF_A_STEP = 16
"""Images of a step of training by default."""


@dataclass(frozen=True)
class TransferOptions:
    """Find the model and the layer whose features classify your images best, and what that costs.

    Stores the features of every recorded layer of each model in one pass, trains a linear head on each, tests it on
    images held out, and names the cheapest cut that is within one standard error of the best.

    Interrupt it when you like: the same command goes on where it stopped. Called again with other models, it adds them.

    Examples:

    `summit-dash transfer photos/ --models torchvision:resnet18,timm:convnext_atto --out results/photos`

    `summit-dash transfer labels.csv --models mine=model.py:build --weights mine=best.pth --preprocess mine=input.toml
    --out results/mine`

    `summit-dash transfer results/photos --save resnet18@layer3.1 --head conv3x3`
    """

    images: Annotated[
        str,
        typer.Argument(
            help="Labelled images, as `precompute` takes them; `demo`; or a result that gets more heads.",
            show_default=False,
        ),
    ]
    models: Annotated[
        str | None,
        typer.Option(help="`MODEL,MODEL` as `precompute` takes them; `NAME=MODEL` names one.", show_default=False),
    ] = None
    out: Annotated[
        Path | None, typer.Option(help="Folder of the result; an unfinished one is resumed.", show_default=False)
    ] = None
    weights: Annotated[
        list[str] | None,
        typer.Option(help="`MODEL=FILE`, as `precompute` takes them; may be repeated.", show_default=False),
    ] = None
    preprocess: Annotated[
        list[str] | None, typer.Option(help="`MODEL=FILE.toml`; may be repeated.", show_default=False)
    ] = None
    cuts: Annotated[
        list[str] | None,
        typer.Option(
            help="Layers to cut after: `LAYER,LAYER` for all models, or `MODEL=LAYER,LAYER`; those that `precompute` "
            "records by default.",
            show_default=False,
        ),
    ] = None
    model_path: ModelPath = None
    folds: Annotated[int, typer.Option(help="Parts of the images, each held out once.")] = TransferConfig.n_folds
    pooling: Annotated[
        str, typer.Option(help=f"Of a channel's positions: {', '.join(f'`{each}`' for each in POOLINGS)}.")
    ] = TransferConfig.pooling
    cost: Annotated[
        str, typer.Option(help=f"By which the advised cut is cheap: {', '.join(f'`{each}`' for each in COSTS)}.")
    ] = COSTS[0]
    save: Annotated[
        str, typer.Option(help="Cuts whose heads are saved as models: `advised`, `MODEL@LAYER,MODEL@LAYER`, or `none`.")
    ] = ADVISED
    head: Annotated[
        str, typer.Option(help=f"Trained on the saved cuts: {', '.join(f'`{each}`' for each in HEADS)}.")
    ] = HeadConfig.kind
    unfreeze: Annotated[
        int, typer.Option(help="Recorded layers before these cuts that are trained with the head.", min=0)
    ] = HeadConfig.n_unfrozen
    epochs: Annotated[int, typer.Option(help="Of a head that is not linear, at most.")] = HeadConfig.n_epochs
    learning_rate: Annotated[float, typer.Option(help="Of such a head; the backbone's is a tenth of it.")] = (
        HeadConfig.learning_rate
    )
    seed: Annotated[int, typer.Option(help="Of the folds and of trainings.", min=0)] = TransferConfig.seed
    limit_per_class: Annotated[
        int | None, typer.Option(help="Take the first so many images of each class.", show_default=False)
    ] = None
    device: Device = "auto"
    batch_size: Annotated[
        int | None,
        typer.Option(
            help="Images per forward pass, at most, and of a step of training: 16, or per pass what a GPU holds.",
            show_default=False,
        ),
    ] = None
    workers: Annotated[int, typer.Option(help="Threads that decode images.", min=0)] = 2
    engine: Annotated[
        str,
        typer.Option(
            help="Of the features: `local`, or `ray`: the cluster of RAY_ADDRESS, or this machine's cores as workers."
        ),
    ] = ENGINES[0]
    actors: Annotated[
        int | None,
        typer.Option(help="Workers of the engine `ray`; as many as there is room for.", min=1, show_default=False),
    ] = None
    gpus: Gpus = None
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Accept paths in a manifest that lead out of its folder.")
    ] = False
    overwrite: Annotated[bool, typer.Option(help="Replace another result in the folder.")] = False


def run_transfer(options: TransferOptions, console: Console = CONSOLE) -> TransferReport:
    """Compares the cuts of models and prints the outcome.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    _require_scikit_learn()
    require_positive("batch_size", 1 if options.batch_size is None else options.batch_size)
    if is_transfer(Path(options.images)):
        return _add_heads(options, console)
    if options.models is None or options.out is None:
        raise InputError(
            "A comparison names models and a folder, unless it adds heads to a result.",
            f"{options.images} holds no result, and {'--models' if options.models is None else '--out'} is missing.",
            "Name them: --models A,B --out RESULT.",
        )
    from precompute.transfer.naming import name_models

    given = [options.weights or (), options.preprocess or (), options.cuts or ()]
    models = name_models(split_names(options.models), *given)
    for each in models:
        require_names(each.source, each.weights)
    from precompute.contract.progress import ConsoleProgress
    from precompute.devices.choice import choose_device
    from precompute.transfer.compare import compare_cuts
    from precompute.transfer.request import TransferRequest

    device = choose_device(options.device)
    config = TransferConfig(pooling=options.pooling, n_folds=options.folds, seed=options.seed)
    request = TransferRequest(
        images=options.images,
        models=models,
        out=options.out,
        config=config,
        head=_build_head(options),
        limit_per_class=options.limit_per_class,
        cost=options.cost,
        save=() if options.save == "none" else split_names(options.save),
        device=device,
        engine=_choose_engine(options),
        workers=options.workers,
        batch_size=choose_batch_size(options.batch_size, device, TransferRequest.batch_size),
        model_path=tuple(options.model_path or ()),
        allow_outside=options.allow_outside,
        overwrite=options.overwrite,
    )
    report = compare_cuts(request, ConsoleProgress(console))
    _print_report(report, options.out, console)
    return report


def _choose_engine(options: TransferOptions) -> FeatureEngine | None:
    if options.engine not in ENGINES:
        raise InputError(f"The engines are {', '.join(ENGINES)}.", f"Found {options.engine}.", "Correct --engine.")
    from precompute.engines.ray import choose_options
    from precompute.engines.ray_features import RayFeatures

    chosen = choose_options(options.engine, options.actors, options.gpus, options.device)
    return RayFeatures(chosen) if options.engine == "ray" else None


def _build_head(options: TransferOptions) -> HeadConfig:
    n_together = _OF_A_STEP if options.batch_size is None else options.batch_size
    return HeadConfig(
        options.head, options.unfreeze, options.epochs, options.learning_rate, n_together, seed=options.seed
    )


def _add_heads(options: TransferOptions, console: Console) -> TransferReport:
    """Trains heads on cuts of a result that is there, and prints the outcome."""
    out = Path(options.images)
    for name in ("models", "out", "weights", "preprocess", "cuts", "limit_per_class", "engine", "actors", "gpus"):
        if getattr(options, name) != getattr(TransferOptions, name):
            raise InputError(
                "A result that gets more heads keeps its images, models and cuts.",
                f"{out} is one, and --{name.replace('_', '-')} is given.",
                "Leave it out, or name the images to add a model to the result.",
            )
    from precompute.contract.progress import ConsoleProgress
    from precompute.devices.choice import choose_device
    from precompute.transfer.again import MoreHeads, add_heads

    save = () if options.save == "none" else split_names(options.save)
    asked = MoreHeads(out, save, _build_head(options), choose_device(options.device), options.workers)
    report = add_heads(asked, ConsoleProgress(console))
    _print_report(report, out, console)
    return report


def _require_scikit_learn() -> None:
    import importlib.util

    missing = [name for name in ("sklearn", "threadpoolctl") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            "Heads are trained by scikit-learn, which is part of the extra `precompute`.",
            f"Not installed here: {', '.join(missing)}.",
            "pip install 'summit-dash[precompute]'",
        )


def _print_report(report: TransferReport, out: Path, console: Console) -> None:
    print_notes(report.notes, console)
    build_wide_console().print(_build_table(report.cuts))
    for name, entry in report.manifest["models"].items():
        if entry["published_top1"] is not None:
            console.print(f"{name}: published top-1 on ImageNet {entry['published_top1']:.1%}", highlight=False)
    estimate = report.manifest["estimate"]
    if estimate["spearman"] is not None:
        told = f"{estimate['spearman']:.2f} over {estimate['n_cuts']} cuts"
        console.print(
            f"LogME, an estimate without training: rank correlation with the accuracy {told}.", highlight=False
        )
    console.print(f"[bold]{report.manifest['advice']['sentence']}[/]", highlight=False, soft_wrap=True)
    for name, head in report.manifest["heads"].items():
        told = f"Head {out / 'heads' / name}, a model as any other:\n  {head['command']}"
        console.print(told, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Result: {out}\nReport: {out / 'report.html'}", highlight=False, soft_wrap=True)


def _build_table(cuts: Sequence[dict[str, object]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("", "model", "cut after"):
        table.add_column(name, no_wrap=True)
    for name in ("accuracy", "95 % interval", "macro F1", "parameters", "multiply-adds", "ms"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in cuts:
        mark = "→" if row["is_advised"] else "*" if row["is_best"] else ""
        table.add_row(
            mark,
            str(row["model"]),
            str(row["cut"]),
            f"{row['accuracy']:.1%}",
            f"{row['ci_low']:.1%} to {row['ci_high']:.1%}",
            f"{row['macro_f1']:.3f}",
            f"{row['parameters']:,}",
            f"{row['multiply_adds']:,}",
            f"{row['milliseconds']:.1f}",
        )
    return table


transfer = build_command(TransferOptions, run_transfer)
