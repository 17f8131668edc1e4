"""The Python interface to runs, for notebooks and scripts: tables of pandas, graphs of networkx, pictures of Pillow.

It needs neither torch nor the images. Plotly, networkx and Dash are imported when a function needs them.
"""

from __future__ import annotations

from precompute.contract.errors import InputError
from summit_dash.api.dashboard import Dashboard, show
from summit_dash.api.graphs import ClassComparison, ClassGraph, Frames
from summit_dash.api.pictures import Examples
from summit_dash.api.run import Run, open_run

__all__ = ["ClassComparison", "ClassGraph", "Dashboard", "Examples", "Frames", "InputError", "Run", "open_run", "show"]
