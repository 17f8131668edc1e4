"""`summit-dash inspect`: what would be recorded of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from precompute.commands.building import build_command
from precompute.commands.options import Layers, Model, ModelPath, PreprocessFile, Weights, build_wide_console
from precompute.commands.shared import print_notes, require_names, require_precompute, split_names
from precompute.contract.errors import InputError
from precompute.contract.output_meanings import describe_outputs

if TYPE_CHECKING:
    from precompute.models.graph.exported import ExportedModel
    from precompute.models.layers.selection import RecordedLayer

__all__ = ["InspectOptions", "inspect", "run_inspect"]


@dataclass(frozen=True)
class InspectOptions:
    """Show a model's input size, its recorded layers in order with their channels, and its output layer.

    Examples:

    `summit-dash inspect torchvision:resnet18 --weights random`

    `summit-dash inspect timm:resnet50.a1_in1k --weights random --input-size 288`

    `summit-dash inspect model.py:build --preprocess input.toml --check`
    """

    model: Model
    weights: Weights = None
    model_path: ModelPath = None
    preprocess: PreprocessFile = None
    layers: Layers = "auto"
    input_size: Annotated[
        int | None,
        typer.Option(help="Side of the square input in pixels, where it is another or not fixed.", min=1),
    ] = None
    check: Annotated[
        bool, typer.Option("--check", help="Change channels and see that the links between layers are as derived.")
    ] = False


def run_inspect(options: InspectOptions, console: Console | None = None) -> None:
    """Prints a model's input, its recorded layers in order, and its output layer.

    Raises:
        InputError: the model cannot be loaded or exported.
    """
    console = console or build_wide_console()
    require_precompute()
    require_names(options.model, options.weights)
    from precompute.models.graph.exported import ExportedModel
    from precompute.models.layers.selection import select_layers
    from precompute.models.provenance.inventory import describe_choice, take_inventory
    from precompute.models.sources.loading import ModelConfig, load_model

    config = ModelConfig(options.model, options.weights, options.preprocess, model_path=tuple(options.model_path or ()))
    loaded = load_model(config)
    input_size = (3, options.input_size, options.input_size) if options.input_size else loaded.input_size
    if input_size is None:
        raise InputError(
            "The size of the input must be known before there are images.",
            "The preprocessing leaves images at their own size (crop = 0).",
            "Name one with --input-size, or set crop in --preprocess FILE.toml.",
        )
    exported = ExportedModel(loaded.module, input_size)
    names = loaded.layers if options.layers == "auto" else split_names(options.layers)
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
    if said := describe_outputs(exported.outputs.to_dict()):
        console.print(said, highlight=False, soft_wrap=True)
    if loaded.published_top1 is not None:
        console.print(f"Published top-1 accuracy on ImageNet: {loaded.published_top1:.3f}", highlight=False)
    print_notes((*loaded.notes, *describe_choice(exported, recorded, names is None)), console)
    for name, reason in inventory.untraced.items():
        console.print(f"[yellow]Not traced: influence on {escape(name)}. {escape(reason)}[/]", highlight=False)
    if options.check:
        _check_links(exported, recorded, console)


def _check_links(exported: ExportedModel, layers: Sequence[RecordedLayer], console: Console) -> None:
    """Intervenes on the model and says whether the links that were derived are true.

    Raises:
        InputError: they are not.
    """
    from precompute.models.interventions.intervention import check_links
    from precompute.models.provenance.links import derive_links

    report = check_links(exported, derive_links(exported, layers))
    if report.failures:
        raise InputError(
            "An intervention on one channel changes the channels that are derived from it, in the derived direction, "
            "and no others.",
            f"{len(report.failures)} of {report.n_interventions} interventions did otherwise; {report.failures[0]}.",
            "Use --influence gradient for this model, and please report it.",
        )
    console.print(
        f"Checked: {report.n_interventions} interventions on {report.n_links} traced links changed the derived "
        "channels in the derived direction, and no others.",
        highlight=False,
    )


inspect = build_command(InspectOptions, run_inspect)
