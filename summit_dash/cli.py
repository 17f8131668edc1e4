"""One command line for everything; a file per command is in `commands`, and what is heavy is imported inside them."""

from __future__ import annotations

import errno
import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer
from rich.markup import escape

from precompute.commands.explain import explain
from precompute.commands.import_summit import import_summit
from precompute.commands.inspect import inspect
from precompute.commands.models import models
from precompute.commands.options import CONSOLE
from precompute.commands.precompute import precompute
from precompute.commands.spritemaps import spritemaps
from precompute.commands.transfer import transfer
from precompute.commands.validate import validate
from precompute.commands.visualize import visualize
from precompute.contract.errors import InputError
from summit_dash.commands.demo import demo
from summit_dash.commands.export import export
from summit_dash.commands.faithfulness import faithfulness
from summit_dash.commands.prototypes import prototypes
from summit_dash.commands.serve import serve
from summit_dash.commands.users import users

app = typer.Typer(
    name="summit-dash",
    help="What did my image classifier learn? Make a run from a model and labelled images, then open it in a browser.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)

_COMMANDS: Mapping[str, Callable[..., None]] = {
    "demo": demo,
    "precompute": precompute,
    "visualize": visualize,
    "prototypes": prototypes,
    "faithfulness": faithfulness,
    "explain": explain,
    "transfer": transfer,
    "inspect": inspect,
    "models": models,
    "import-summit": import_summit,
    "validate": validate,
    "serve": serve,
    "export": export,
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)
app.add_typer(spritemaps, name="spritemaps")
app.add_typer(users, name="users")


@app.callback(invoke_without_command=True)
def _print_version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(importlib.metadata.version("summit-dash"))
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and exits: 0 done, 1 failed, 2 wrong arguments or bad input, 130 interrupted."""
    try:
        app(list(arguments) if arguments is not None else None)
    except InputError as problem:
        for heading, text in (("Error: ", problem.rule), ("       ", problem.found), ("       ", problem.fix)):
            CONSOLE.print(f"[bold]{heading}[/]{escape(text)}", highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
    except OSError as problem:
        if problem.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        full = "The disk is full" if problem.errno == errno.ENOSPC else "The disk quota is used up"
        CONSOLE.print(f"[bold]Error:[/] {full}. Make space; the same command goes on where it stopped.")
        raise SystemExit(1) from None
    except RuntimeError as problem:
        told = _describe_device_fault(problem)
        if told is None:
            raise
        CONSOLE.print(f"[bold]Error:[/] {escape(told)}", highlight=False, soft_wrap=True)
        raise SystemExit(1) from None
    except SystemExit as ended:
        if ended.code == 130:
            CONSOLE.print("Interrupted. The same command goes on where it stopped.", highlight=False)
        raise


def _describe_device_fault(problem: RuntimeError) -> str | None:
    """Describes what a device cannot do, by the words of torch, which is not imported here; None for other errors."""
    said = str(problem).split(". ")[0].removesuffix(".").splitlines()[0] if str(problem) else ""
    if "is not currently implemented for the" in said or "Could not run 'aten::" in said:
        return f"{said}. Use --device cpu; the same command goes on."
    if "out of memory" in said:
        fix = "Close other programs that use the device, or use --device cpu; the same command goes on."
        return f"{said}, and batches cannot be smaller. {fix}"
    return None


if __name__ == "__main__":
    main()
