"""Names the place of an operator for a person: its module, and the line of the forward that calls it."""

from __future__ import annotations

import linecache
import re
from pathlib import Path

import torch
from torch import fx

from precompute.models.graph.operators import module_path

__all__ = ["find_line", "is_own_code", "name_place", "quote_line"]

_OTHERS = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]))
"""Folders of code that no reader of a message has written: torch, and what reads a model here."""
_FRAME = re.compile(r'File "(.+)", line (\d+)')


def name_place(node: fx.Node) -> str:
    """Returns the path of the innermost module that a node belongs to, or else the model's own forward."""
    return module_path(node) or "The model's forward"


def find_line(node: fx.Node) -> str:
    """Finds the innermost line outside torch that called an operator, as `quote_line` gives it; may be empty."""
    frames = [(file, int(line)) for file, line in _FRAME.findall(node.meta.get("stack_trace") or "")]
    own = [frame for frame in frames if is_own_code(frame[0])]
    return quote_line(*own[-1]) if own else ""


def quote_line(file: str, line: int) -> str:
    """Quotes a line of code by file name, number and text, as in ``net.py, line 12: y = x - x.mean(0)``."""
    text = linecache.getline(file, line).strip()
    return f"{Path(file).name}, line {line}{f': {text}' if text else ''}"


def is_own_code(file: str) -> bool:
    """Says whether a file is a part of a person's model, or of a library of models, and not of torch."""
    return not file.startswith((*_OTHERS, "<"))
