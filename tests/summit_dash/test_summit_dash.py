"""The package names its interface, and imports only what is needed, and never torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import summit_dash

PROGRAM = """
import sys
import summit_dash
heavy = {"torch", "dash", "plotly", "networkx", "pandas", "numpy"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
run = summit_dash.open_run(sys.argv[1])
assert not {"torch", "dash", "plotly", "networkx"} & set(sys.modules)
layer = run.layers.index[-1]
run.classes, run.channels(layer), run.activations(layer), run.influences(0)
graph, both = run.graph("white wolf"), run.compare(0, 1)
for each in (graph, both):
    each.to_networkx(), each.to_pandas(), each.to_cytoscape(), each._repr_html_()
channel = int(graph.to_pandas().nodes["channel"].iloc[-1])
run.picture(layer, channel), run.examples(layer, channel)
assert "dash" not in sys.modules
run.embedding(layer)
with summit_dash.show(run):
    assert "dash" in sys.modules
assert not {"torch", "torchvision", "numba", "umap"} & set(sys.modules)
"""


def test_the_interface_never_imports_torch_and_dash_only_to_show(synthetic_run: Path) -> None:
    subprocess.run([sys.executable, "-c", PROGRAM, str(synthetic_run)], check=True, timeout=120)


def test_the_public_names_are_listed_and_others_are_refused() -> None:
    assert set(summit_dash.__all__) <= set(dir(summit_dash))
    assert all(hasattr(summit_dash, name) for name in summit_dash.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'open_runs'"):
        summit_dash.open_runs  # noqa: B018
