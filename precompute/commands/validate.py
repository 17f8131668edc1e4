"""`summit-dash validate`: a run against the schema."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from precompute.commands.building import build_command
from precompute.commands.options import Run

__all__ = ["ValidateOptions", "validate"]


@dataclass(frozen=True)
class ValidateOptions:
    """Check a run against the schema; silent when all is well, exit code 1 with the findings otherwise."""

    run: Run


def _run(options: ValidateOptions) -> None:
    """Prints the findings; needs no torch."""
    from precompute.contract.validate import validate as find_faults
    from precompute.pipeline.registry import list_tables

    findings = find_faults(options.run, list_tables())
    for finding in findings:
        typer.echo(f"{finding.table}: {finding.found} Rule: {finding.rule}")
    if findings:
        raise typer.Exit(1)


validate = build_command(ValidateOptions, _run)
