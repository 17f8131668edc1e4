"""The documents name what exists, and everything that exists is documented."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from precompute.contract.schema import TABLES
from tests.docs.write import (
    COMMANDS_FILE,
    HOSTING_FILE,
    RUN_FILE,
    build_commands,
    build_hosting,
    build_run,
    list_commands,
)  # fmt: skip

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "benchmarks/*.md", "precompute/demo/*.md")
    for path in ROOT.glob(pattern)
)
FOR_USERS = [name for name in DOCUMENTS if name == "README.md" or name.startswith("docs/")]
ROOMS = ("precompute", "summit_dash", "assets", "tests", "benchmarks", "docs", ".ci")
COMMANDS = dict(list_commands())
OTHER_FLAGS = {"--help", "--version", "--system", "--no-create-home", "--now", "--threads"}
"""Options of the command line itself, and of the programs around a hosted dashboard."""


def read_document(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def list_flags() -> set[str]:
    """Returns the options of all commands, both forms of switches."""
    parameters = [each for command in COMMANDS.values() for each in command.params]
    return {flag for each in parameters for flag in (*each.opts, *each.secondary_opts) if flag.startswith("--")}


def list_blocks(name: str, language: str = "") -> list[str]:
    """Returns the code blocks of a document in a language."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", read_document(name), re.MULTILINE | re.DOTALL)
    return [text for found, text in blocks if found == language]


def list_lines(name: str) -> list[str]:
    """Returns the command lines of a document's code blocks, without comments."""
    lines = [line for block in list_blocks(name) for line in block.splitlines()]
    return [line.partition("  #")[0].strip() for line in lines if line.startswith("summit-dash ")]


# --- options ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FOR_USERS)
def test_every_option_in_a_document_exists(name: str) -> None:
    found = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", read_document(name)))
    assert found <= list_flags() | OTHER_FLAGS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_of_a_command_is_documented(command: str) -> None:
    text = "\n".join(read_document(name) for name in FOR_USERS)
    flags = {flag for each in COMMANDS[command].params for flag in each.opts if flag.startswith("--")}
    assert {flag for flag in flags if not re.search(rf"{flag}(?![\w-])", text)} == set()


def test_every_command_is_in_the_list_of_commands() -> None:
    assert COMMANDS_FILE.read_text(encoding="utf-8") == build_commands(), "run `python -m tests.docs.write`"


def test_every_setting_is_in_the_list_of_settings() -> None:
    present = HOSTING_FILE.read_text(encoding="utf-8")
    assert present == build_hosting(present), "run `python -m tests.docs.write`"


LINES = sorted({(name, line) for name in FOR_USERS for line in list_lines(name)})


@pytest.mark.parametrize(("name", "line"), LINES)
def test_every_command_line_is_accepted(name: str, line: str) -> None:
    words = shlex.split(re.sub(r"\[options\]|\[PATTERN\]|\.\.\.", "", re.sub(r"\[(--[^\]]*)\]", r"\1", line)))[1:]
    command = next(known for known in (" ".join(words[:2]), words[0]) if known in COMMANDS)
    rest = words[len(command.split()) :]
    COMMANDS[command].make_context(command, rest)  # raises on an unknown option or a missing argument


# --- paths ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", read_document(name))
    for target in targets:
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / name).parent / path if path else ROOT / name
        assert found.exists(), target
        assert not anchor or anchor in list_anchors(found), target


def list_anchors(path: Path) -> set[str]:
    """Returns the anchors of a document's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_in_backticks_exists(name: str) -> None:
    missing = [word for word in re.findall(r"`([^`\n]+)`", read_document(name)) if is_missing_path(word)]
    assert missing == []


def test_every_file_and_folder_of_the_architecture_exists() -> None:
    """ARCHITECTURE.md names files and folders from the packages."""
    words = re.findall(r"`([\w./]+(?:/|\.py|\.js))`", read_document("ARCHITECTURE.md"))
    bases = (ROOT, ROOT / "assets" / "src", *(ROOT / room for room in ROOMS[:3]))
    assert [word for word in words if not any((base / word).exists() for base in bases)] == []


def is_missing_path(word: str) -> bool:
    """Returns whether a word names a file, folder or module of the repository that is not there."""
    if not re.fullmatch(r"[\w.{},*/-]+", word):
        return False
    if re.fullmatch(rf"({'|'.join(ROOMS[:2])})(\.\w+)+", word):
        return not is_module(word)
    first = word.split("/")[0]
    return first in ROOMS and "/" in word and not any(list(ROOT.glob(each)) for each in expand_braces(word.rstrip("/")))


def is_module(word: str) -> bool:
    """Returns whether a dotted name is a module, or a name in one or of a package."""
    parts = word.split(".")
    own = ROOT.joinpath(*parts)
    above = ROOT.joinpath(*parts[:-1])
    if own.is_dir() or own.with_suffix(".py").is_file() or above.with_suffix(".py").is_file():
        return True
    package = above / "__init__.py"
    return package.is_file() and f'"{parts[-1]}"' in package.read_text(encoding="utf-8")


def expand_braces(word: str) -> list[str]:
    """Returns `a/b.py` and `a/c.py` for `a/{b,c}.py`."""
    found = re.fullmatch(r"(.*)\{([^}]*)\}(.*)", word)
    return [found[1] + each + found[3] for each in found[2].split(",")] if found else [word]


# --- tables ----------------------------------------------------------------------------------------------------


def test_every_table_and_column_is_in_the_description_of_a_run() -> None:
    present = RUN_FILE.read_text(encoding="utf-8")
    assert present == build_run(present), "run `python -m tests.docs.write`"
    for table in TABLES.values():
        section = present.partition(f"\n## `{table.name}`\n")[2].partition("\n## ")[0]
        assert [column.name for column in table.columns if f"`{column.name}`" not in section] == []


def test_every_key_of_the_manifest_is_in_the_description_of_a_run(synthetic_run: Path) -> None:
    from precompute.contract.schema import read_manifest

    text = RUN_FILE.read_text(encoding="utf-8")
    assert [key for key in read_manifest(synthetic_run) if f"`{key}`" not in text] == []


# --- words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *FOR_USERS])
def test_levels_of_headings_do_not_jump(name: str) -> None:
    text = re.sub(r"^```.*?^```$", "", read_document(name), flags=re.MULTILINE | re.DOTALL)
    levels = [len(marks) for marks in re.findall(r"^(#+) \S", text, re.MULTILINE)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
