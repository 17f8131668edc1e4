"""Precompute: from a model and labelled images to a run.

`precompute.explain` asks a run's model about images, and `precompute.ablate` removes channels from it. They are
imported when they are used, since they need torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from precompute.explanations.asking import explain
    from precompute.faithfulness.asking import ablate

__all__ = ["ablate", "explain"]

_MODULES = {"ablate": "precompute.faithfulness.asking", "explain": "precompute.explanations.asking"}


def __getattr__(name: str) -> Any:
    """Imports a public function when it is asked for.

    Raises:
        AttributeError: there is none of that name.
    """
    if name not in _MODULES:
        raise AttributeError(f"module 'precompute' has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
