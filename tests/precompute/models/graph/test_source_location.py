"""Modules and lines of code named in messages."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import fx

import precompute.models.sources.soundness as own_package
from precompute.models.graph.source_location import find_line, is_own_code, name_module, quote_line

FRAME = '  File "{}", line {}, in forward\n    x = x.relu()\n'


def build_node(**meta: object) -> fx.Node:
    """Builds a node with these entries in `meta`."""
    node = fx.Graph().placeholder("x")
    node.meta = meta
    return node


def test_the_innermost_module_is_named() -> None:
    stack = {"L": ("", "Net"), "L.a": ("a", "Sequential"), "L.a.0": ("a.0", "ReLU")}
    assert name_module(build_node(nn_module_stack=stack)) == "a.0"
    assert name_module(build_node(nn_module_stack={"L": ("", "Net")})) == "The model's forward"
    assert name_module(build_node()) == "The model's forward"


def test_a_line_is_quoted_with_its_text_where_the_file_exists(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import torch\n    y = x - x.mean(0)  \n")
    assert quote_line(str(tmp_path / "net.py"), 2) == "net.py, line 2: y = x - x.mean(0)"
    assert quote_line(str(tmp_path / "missing.py"), 3) == "missing.py, line 3"


def test_the_innermost_line_outside_torch_is_found() -> None:
    in_torch = FRAME.format(Path(torch.__file__).parent / "functional.py", 9)
    trace = FRAME.format("/models/net.py", 4) + FRAME.format("/models/block.py", 7) + in_torch
    assert find_line(build_node(stack_trace=trace)) == "block.py, line 7"


def test_no_line_is_found_where_only_torch_called() -> None:
    assert find_line(build_node(stack_trace=FRAME.format(Path(torch.__file__).parent / "nn/modules/conv.py", 5))) == ""
    assert find_line(build_node(stack_trace=None)) == ""
    assert find_line(build_node()) == ""


def test_code_of_torch_of_this_package_and_of_strings_is_not_that_of_a_model() -> None:
    assert is_own_code("/home/me/net.py")
    assert not is_own_code(str(Path(torch.__file__).parent / "functional.py"))
    assert not is_own_code(str(own_package.__file__))
    assert not is_own_code("<eval_with_key>.3")
