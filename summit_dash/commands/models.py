"""`summit-dash models`."""

from __future__ import annotations

from typing import Annotated

import typer

from summit_dash.commands.options import wide_console

__all__ = ["models"]


def models(
    pattern: Annotated[
        str, typer.Argument(help="Part of a name, or a pattern with `*` and `?`.", show_default=False)
    ] = "",
    details: Annotated[
        bool, typer.Option(help="List every layer; models of which nothing is known are built, without weights.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON: one object per model.")] = False,
) -> None:
    """List known models with input size, recorded layers, channels and published accuracy.

    Without a pattern: a selection of well-known architectures. With one: all names of torchvision and timm that match.

    Examples:

    `summit-dash models resnet50`

    `summit-dash models 'timm:*vgg*' --details`

    `summit-dash models 'timm:resnet50.*'` finds the tags of published weights.
    """
    from precompute.commands.models import run_models

    run_models(pattern, details, as_json, wide_console())
