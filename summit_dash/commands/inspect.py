"""`summit-dash inspect`."""

from __future__ import annotations

from typing import Annotated

import typer

from summit_dash.commands.options import Layers, Model, ModelPath, PreprocessFile, Weights, wide_console

__all__ = ["inspect"]


def inspect(
    model: Model,
    weights: Weights = None,
    model_path: ModelPath = None,
    preprocess: PreprocessFile = None,
    layers: Layers = "auto",
    input_size: Annotated[
        int | None,
        typer.Option(help="Side of the square input in pixels, where it is another or not fixed.", min=1),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change channels and see that the links between layers are as derived.")
    ] = False,
) -> None:
    """Show a model's input size, its recorded layers in order with their channels, and its output layer.

    Examples:

    `summit-dash inspect torchvision:resnet18 --weights random`

    `summit-dash inspect timm:resnet50.a1_in1k --weights random --input-size 288`

    `summit-dash inspect model.py:build --preprocess input.toml --check`
    """
    from precompute.commands.inspect import InspectOptions, run_inspect

    options = InspectOptions(model, weights, preprocess, layers, input_size, check, tuple(model_path or ()))
    run_inspect(options, wide_console())
