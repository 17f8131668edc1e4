"""`summit-dash models`: which models are known, and what is known of them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from precompute.commands.building import build_command
from precompute.commands.options import build_wide_console
from precompute.commands.shared import require_precompute
from precompute.contract.errors import InputError

if TYPE_CHECKING:
    from precompute.models.sources.catalogue import ModelFacts

__all__ = ["ModelsOptions", "models", "run_models"]


@dataclass(frozen=True)
class ModelsOptions:
    """List known models with input size, recorded layers, channels and published accuracy.

    Without a pattern: a selection of well-known architectures. With one: all names of torchvision and timm that match.

    Examples:

    `summit-dash models resnet50`

    `summit-dash models 'timm:*vgg*' --details`

    `summit-dash models 'timm:resnet50.*'` finds the tags of published weights.
    """

    pattern: Annotated[
        str, typer.Argument(help="Part of a name, or a pattern with `*` and `?`.", show_default=False)
    ] = ""
    details: Annotated[
        bool, typer.Option(help="List every layer; models of which nothing is known are built, without weights.")
    ] = False
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON: one object per model.")] = False


def run_models(options: ModelsOptions, console: Console | None = None) -> None:
    """Lists the selection of known models, or all names that match a pattern.

    Raises:
        InputError: nothing matches, or a library is not installed.
    """
    console, pattern = console or build_wide_console(), options.pattern
    require_precompute()
    from precompute.models.sources.catalogue import FAMILIES, find_matching, list_sources, read_catalogue

    known = list_sources(tagged="." in pattern)
    chosen = find_matching(pattern, known) if pattern else [s for family in FAMILIES for s in family.sources]
    if not chosen:
        nearest = difflib.get_close_matches(pattern, [s.partition(":")[2] for s in known], n=5, cutoff=0.5)
        raise InputError(
            "A pattern is part of a model's name, or matches it with * and ?.",
            f"Nothing matches {pattern}.",
            f"Near it: {', '.join(nearest)}." if nearest else "`summit-dash models` lists well-known ones.",
        )
    catalogue = read_catalogue()
    facts = [_find_facts(source, catalogue, options.details) for source in chosen]
    if options.as_json:
        console.file.write(json.dumps([fact.to_dict() for fact in facts], indent=1) + "\n")
        return
    _print_models(facts, console)
    if options.details:
        for fact in facts:
            listed = "  ".join(f"{layer.name} {layer.n_channels}" for layer in fact.layers or ())
            console.print(f"[bold]{escape(fact.source)}[/]  {escape(listed)}", highlight=False, soft_wrap=True)
            console.print(f"  output layer {fact.output_layer}, {fact.n_outputs:,} outputs", highlight=False)
    if not pattern:
        n_more = len(set(known) - set(chosen))
        console.print(f"{n_more:,} more names: summit-dash models PATTERN, such as 'timm:*vgg*'.", highlight=False)


def _find_facts(source: str, catalogue: Mapping[str, ModelFacts], details: bool) -> ModelFacts:
    from precompute.models.sources.catalogue import ModelFacts, describe, look_up_facts

    quick = look_up_facts(source, catalogue)
    return ModelFacts.from_dict(describe(source)) if details and quick.layers is None else quick


def _print_models(facts: Sequence[ModelFacts], console: Console) -> None:
    from precompute.models.sources.catalogue import find_family

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model", no_wrap=True)
    table.add_column("family", no_wrap=True)
    for heading in ("input px", "layers", "channels", "top-1"):
        table.add_column(heading, justify="right", no_wrap=True)
    for fact in facts:
        layers = fact.layers or ()
        table.add_row(
            escape(fact.source),
            find_family(fact.source),
            " x ".join(str(n) for n in fact.input_size[1:]) if fact.input_size else "",
            str(len(layers)) if layers else "",
            f"{sum(layer.n_channels for layer in layers):,}" if layers else "",
            f"{fact.published_top1:.3f}" if fact.published_top1 is not None else "",
        )
    console.print(table)


models = build_command(ModelsOptions, run_models)
