"""The registry of model sources: each is a module of this package that exports a `ModelSource` named `SOURCE`.

A new source is one new module here. Importing the registry imports none of them.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from precompute.contract.folder_modules import import_modules

if TYPE_CHECKING:
    from precompute.models.sources.loaded import LoadedModel, ModelConfig

__all__ = ["MODEL_FILE", "ModelSource", "find_key", "find_sources"]

MODEL_FILE = ".py"
"""The key of the one source without a prefix: a model file, `FILE.py:CALLABLE`."""


@dataclass(frozen=True)
class ModelSource:
    """A kind of model that a person can name on the command line.

    Attributes:
        key: the part of a name before its colon, such as `timm`.
        usage: the form of a name, such as `timm:NAME`, for messages.
        load: builds the model that a config names, with its weights and preprocessing.
        rank: the order in messages, the least first; sources of one rank are in the order of their keys.
    """

    key: str
    usage: str
    load: Callable[[ModelConfig], LoadedModel]
    rank: int = 50


@functools.cache
def find_sources() -> Mapping[str, ModelSource]:
    """Imports the modules of this package and collects what they export as `SOURCE`.

    Returns:
        The sources by key, in the order of rank and key; the order of their files does not count.

    Raises:
        ValueError: two modules export sources of one key.
    """
    found: dict[str, ModelSource] = {}
    package = importlib.import_module(__name__.rpartition(".")[0])
    for module in import_modules(package):
        source = getattr(module, "SOURCE", None)
        if not isinstance(source, ModelSource):
            continue
        if source.key in found:
            raise ValueError(f"Two model sources have the key {source.key}.")
        found[source.key] = source
    return {source.key: source for source in sorted(found.values(), key=lambda one: (one.rank, one.key))}


def find_key(name: str) -> str:
    """Returns the key of the source that a name on the command line asks for, whether there is such a source or not.

    Args:
        name: e.g. `timm:resnet18`, with the key `timm`, or `nets/model.py:build`, with the key `.py`.
    """
    is_model_file = name.endswith(".py") or ".py:" in name
    return MODEL_FILE if is_model_file else name.partition(":")[0]
