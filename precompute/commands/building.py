"""Commands built from options: an option is declared once, as a field of a dataclass."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

__all__ = ["build_command"]

Options = TypeVar("Options")


def build_command(options: type[Options], run: Callable[[Options], object]) -> Callable[..., None]:
    """Builds the function that typer mounts as a command.

    Args:
        options: dataclass with a field per option or argument: its annotation holds what typer needs, its default is
            the option's; its docstring is the command's help.
        run: does the work, given the options by name.
    """

    def command(**given: Any) -> None:
        run(options(**given))

    hints = get_type_hints(options, include_extras=True)
    parameters = [_build_parameter(field, hints[field.name]) for field in dataclasses.fields(options)]  # type: ignore[arg-type]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {**hints, "return": None}
    command.__doc__ = inspect.getdoc(options)
    return command


def _build_parameter(field: dataclasses.Field[Any], hint: Any) -> inspect.Parameter:
    default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
    return inspect.Parameter(field.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=hint)
