"""The module and the line of code that call an operator, for messages."""

from __future__ import annotations

import linecache
import re
from pathlib import Path

import torch
from torch import fx

from precompute.models.graph.operators import get_module_path

__all__ = ["find_line", "is_own_code", "name_module", "quote_line"]

_OTHERS = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]))
"""Folders of code that no reader of a message has written: torch, and the package that reads models."""
_FRAME = re.compile(r'File "(.+)", line (\d+)')


def name_module(node: fx.Node) -> str:
    """Returns the path of the innermost module of a node; "The model's forward" where it belongs to none."""
    return get_module_path(node) or "The model's forward"


def find_line(node: fx.Node) -> str:
    """Finds the innermost line outside torch that called an operator, as `quote_line` writes it; "" for none."""
    frames = [(file, int(line)) for file, line in _FRAME.findall(node.meta.get("stack_trace") or "")]
    own = [frame for frame in frames if is_own_code(frame[0])]
    return quote_line(*own[-1]) if own else ""


def quote_line(file: str, line: int) -> str:
    """Writes a line of code with file name and number, as in ``net.py, line 12: y = x - x.mean(0)``."""
    text = linecache.getline(file, line).strip()
    return f"{Path(file).name}, line {line}{f': {text}' if text else ''}"


def is_own_code(file: str) -> bool:
    """Checks that a file is part of a model or a library of models, not of torch or of this package."""
    return not file.startswith((*_OTHERS, "<"))
