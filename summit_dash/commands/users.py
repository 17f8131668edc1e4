"""`summit-dash users`: who may sign in to a served dashboard."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, get_args

import typer

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE
from precompute.contract.errors import InputError
from summit_dash.server.roles import Role

__all__ = ["AddOptions", "ListOptions", "RemoveOptions", "users"]

Name = Annotated[str, typer.Argument(help="Name of the user.", show_default=False)]
File = Annotated[Path, typer.Option("--auth", help="File of users, that `serve --auth` reads.", show_default=False)]


@dataclass(frozen=True)
class AddOptions:
    """Add a user who may sign in, or give one another password or role.

    Asks for the password; where the standard input is no terminal, reads it from its first line. The file is made if it
    is absent, and only its owner can read it. A dashboard that is served reads it again at once.

    Examples:

    `summit-dash users add ada --auth users.json --role editor`
    """

    name: Name
    auth: File
    role: Annotated[
        str,
        typer.Option(help="`viewer` reads, `editor` also saves labels, `runner` also uses the pages that compute."),
    ] = "viewer"


@dataclass(frozen=True)
class RemoveOptions:
    """Remove a user, whose sessions then end."""

    name: Name
    auth: File


@dataclass(frozen=True)
class ListOptions:
    """List the users of a file with their roles."""

    auth: File


def _add(options: AddOptions) -> None:
    from summit_dash.server.users_file import add_user

    role = next((each for each in get_args(Role) if each == options.role), None)
    if role is None:
        raise InputError("A role is viewer, editor or runner.", f"Found {options.role!r}.", "Correct --role.")
    is_new = add_user(options.auth, options.name, _ask_password(), role)
    CONSOLE.print(f"{'Added' if is_new else 'Replaced'} {options.name} ({role}) in {options.auth}.", highlight=False)


def _ask_password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _remove(options: RemoveOptions) -> None:
    from summit_dash.server.users_file import remove_user

    remove_user(options.auth, options.name)
    CONSOLE.print(f"Removed {options.name} from {options.auth}.", highlight=False)


def _list(options: ListOptions) -> None:
    from summit_dash.server.users_file import read_users

    for name, user in sorted(read_users(options.auth).users.items()):
        typer.echo(f"{name}\t{user.role}")


users = typer.Typer(help="Who may sign in to a served dashboard.", no_args_is_help=True)
users.command("add")(build_command(AddOptions, _add))
users.command("remove")(build_command(RemoveOptions, _remove))
users.command("list")(build_command(ListOptions, _list))
