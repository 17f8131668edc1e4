"""`summit-dash validate`."""

from __future__ import annotations

import typer

from summit_dash.commands.options import Run

__all__ = ["validate"]


def validate(run: Run) -> None:
    """Check a run against the schema; silent when all is well, exit code 1 with the findings otherwise."""
    from precompute.commands.validate import run_validate

    findings = run_validate(run)
    for finding in findings:
        typer.echo(f"{finding.table}: {finding.found} Rule: {finding.rule}")
    if findings:
        raise typer.Exit(1)
