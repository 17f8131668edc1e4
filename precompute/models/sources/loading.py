"""Loading of a model by its name on the command line: `demo`, `torchvision:NAME`, `timm:NAME` or `FILE.py:CALLABLE`."""

from __future__ import annotations

import difflib

from precompute.contract.errors import InputError
from precompute.models.sources.loaded import LoadedModel, ModelConfig
from precompute.models.sources.registry import MODEL_FILE, find_key, find_sources
from precompute.models.sources.soundness import make_ready
from precompute.models.weights.weights_file import require_code, require_weights

__all__ = ["LoadedModel", "ModelConfig", "load_model"]


def load_model(config: ModelConfig) -> LoadedModel:
    """Loads the model that `config` names.

    Raises:
        InputError: the source is unknown, the weights do not fit, cannot be had or are not finite, the module cannot
            be read (TorchScript, quantized), or the preprocessing is not known.
    """
    key = find_key(config.source)
    require_weights(config.weights)
    if config.model_path and key != MODEL_FILE:
        raise InputError(
            "--model-path is for a model file, FILE.py:CALLABLE.", f"Found {config.source}.", "Leave it out."
        )
    sources = find_sources()
    if key not in sources:
        require_code(config.source)
        nearest = difflib.get_close_matches(key, sources, n=1)
        raise InputError(
            f"A model is one of {', '.join(source.usage for source in sources.values())}.",
            f"Found {config.source}.",
            f"Did you mean {sources[nearest[0]].usage}?" if nearest else "Name one of these.",
        )
    return make_ready(sources[key].load(config))
