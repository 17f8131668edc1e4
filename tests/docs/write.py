"""`python -m tests.docs.write` writes the parts of docs/ that follow from the code: tables, commands, settings.

A test holds the files equal to what this module writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pyarrow as pa
import typer

from precompute.contract.schema import TABLES
from precompute.contract.tables import Column, Table
from summit_dash.cli import app
from summit_dash.server.settings import Settings

__all__ = [
    "COMMANDS_FILE", "HOSTING_FILE", "RUN_FILE", "build_commands", "build_hosting", "build_run", "list_commands",
]  # fmt: skip

DOCS = Path(__file__).parents[2] / "docs"
RUN_FILE = DOCS / "run.md"
COMMANDS_FILE = DOCS / "commands.md"
HOSTING_FILE = DOCS / "hosting.md"
MARKER = "<!-- The tables are written by"
SETTINGS_BEGIN, SETTINGS_END = "<!-- The settings are written by", "<!-- End of the settings. -->"
COMMANDS_HEAD = """# Commands

Every command with its arguments and options, as `summit-dash COMMAND --help` shows them. `-h` is short for `--help`;
`summit-dash --version` prints the version.

Exit codes: 0 done, 1 failed, 2 wrong arguments or bad input, 130 interrupted. Bad input ends in one message: the rule,
what was found, what to do.

<!-- Written by `python -m tests.docs.write` from summit_dash/commands. -->
"""


def build_run(present: str) -> str:
    """Returns docs/run.md: the text of the present file up to the marker, then a section for every table."""
    head, marker, rest = present.partition(MARKER)
    return head + marker + rest.partition("\n")[0] + "\n" + "".join(_describe_table(each) for each in TABLES.values())


def _describe_table(table: Table) -> str:
    rows = [
        f"| {_name_column(table, column)} | {_name_type(column.type)} | {_explain(column)} |"
        for column in table.columns
    ]
    heading = f"\n## `{table.name}`\n\n{table.meaning}\n\n| column | type | meaning |\n|---|---|---|\n"
    return heading + "\n".join(rows) + "\n"


def _name_column(table: Table, column: Column) -> str:
    return f"**`{column.name}`**" if column.name in table.key else f"`{column.name}`"


def _name_type(kind: pa.DataType) -> str:
    if pa.types.is_fixed_size_list(kind):
        return f"{kind.list_size} × {kind.value_type}"
    return (
        "string"
        if pa.types.is_dictionary(kind)
        else {"float": "float32", "double": "float64"}.get(str(kind), str(kind))
    )


def _explain(column: Column) -> str:
    notes = {
        "null in an imported run": column.may_be_unknown,
        "may be null": column.nullable,
        "absent in runs of earlier versions": column.may_be_absent,
    }
    added = "; ".join(note for note, holds in notes.items() if holds)
    text = column.meaning.replace("|", "\\|")
    return f"{text} *({added})*" if added else text


def list_commands() -> Iterator[tuple[str, click.Command]]:
    """Yields every command with its name, such as `spritemaps export`."""
    yield from _walk(typer.main.get_command(app), "")


def _walk(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if hasattr(command, "commands"):
        for word, each in command.commands.items():
            yield from _walk(each, f"{name} {word}".strip())
    else:
        yield name, command


def build_commands() -> str:
    """Returns docs/commands.md: a section for every command with its arguments and options."""
    return COMMANDS_HEAD + "".join(_describe_command(name, command) for name, command in list_commands())


def _describe_command(name: str, command: click.Command) -> str:
    summary = (command.help or "").strip().split("\n\n")[0].replace("\n", " ")
    rows = [f"| {_name_parameter(each)} | {_find_help(each)} | {_find_default(each)} |" for each in command.params]
    heading = f"\n## `summit-dash {name}`\n\n{summary}\n\n| argument or option | meaning | default |\n|---|---|---|\n"
    return heading + "\n".join(rows) + "\n"


def _name_parameter(parameter: click.Parameter) -> str:
    if parameter.param_type_name == "argument":
        return f"`{(parameter.metavar or parameter.name or '').upper()}`"
    return ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))


def _find_help(parameter: click.Parameter) -> str:
    return str(getattr(parameter, "help", "") or "").replace("|", "\\|")


def _find_default(parameter: click.Parameter) -> str:
    if parameter.required:
        return "required"
    if parameter.default is None or isinstance(parameter.default, bool | list) or parameter.default == ():
        return ""
    return f"`{parameter.default}`"


def build_hosting(present: str) -> str:
    """Returns docs/hosting.md: the present text, with the table of the settings between its two marks."""
    head, begin, rest = present.partition(SETTINGS_BEGIN)
    _, end, tail = rest.partition(SETTINGS_END)
    rows = [
        f"| `{name}` | {str(field.description).replace('|', chr(92) + '|')} | {_show_default(field.default)} |"
        for name, field in Settings.model_fields.items()
    ]
    table = "\n".join(["| setting | meaning | default |", "|---|---|---|", *rows])
    return f"{head}{begin}{rest.partition(chr(10))[0]}\n\n{table}\n\n{end}{tail}"


def _show_default(default: object) -> str:
    return "" if default in ("", ()) else f"`{default}`"


def main() -> None:
    """Writes the files."""
    HOSTING_FILE.write_text(build_hosting(HOSTING_FILE.read_text(encoding="utf-8")), encoding="utf-8")
    RUN_FILE.write_text(build_run(RUN_FILE.read_text(encoding="utf-8")), encoding="utf-8")
    COMMANDS_FILE.write_text(build_commands(), encoding="utf-8")


if __name__ == "__main__":
    main()
