"""The formats of an exported graph, a module each: every module here with a `FORMAT` is one.

Importing this package loads no drawing or graph library: `write` of each format imports what it needs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from precompute.contract.folder_modules import import_modules
from summit_dash.export.formats.export_format import ExportFormat

__all__ = ["FORMATS", "ExportFormat"]


def _find_formats() -> Mapping[str, ExportFormat]:
    modules = import_modules(sys.modules[__name__])
    found = sorted((module.FORMAT for module in modules if hasattr(module, "FORMAT")), key=lambda f: (f.rank, f.name))
    return {one.name: one for one in found}


FORMATS = _find_formats()
"""The formats by name, in the order in which messages list them."""
