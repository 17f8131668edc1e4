"""Loads the model of a run again, from what its manifest says, and makes sure that it is the same one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from precompute.errors import InputError
from precompute.models.loaded import DEFAULT, RANDOM, LoadedModel, ModelConfig
from precompute.models.loading import load_model
from precompute.models.preprocess import Preprocess
from precompute.models.weights import parameters_sha256

__all__ = ["load_again", "recorded_weights"]

_RULE = "Pictures are added to a run by the model that made it."


def recorded_weights(weights: str | None) -> str | None:
    """What the manifest keeps of `--weights`: a file by its whole path."""
    return weights if weights in (None, DEFAULT, RANDOM) else str(Path(str(weights)).resolve())


def load_again(manifest: Mapping[str, Any], source: str | None = None, weights: str | None = None) -> LoadedModel:
    """The model of a run, with the preprocessing that the run was made with.

    Args:
        manifest: of the run.
        source: where the model is now, if not where the manifest says.
        weights: likewise.

    Raises:
        InputError: the run was imported, a file is gone, or the model is another one by now.
    """
    model = manifest.get("model", {})
    if "imported" in manifest or not isinstance(model.get("preprocess"), dict):
        raise InputError(
            _RULE, "This run was imported, and holds no model.", "Make a run of a model with `summit-dash precompute`."
        )
    source, weights = source or str(model["source"]), weights or model.get("weights")
    _require_files(source, weights)
    loaded = load_model(ModelConfig(source, weights, Preprocess.from_dict(model["preprocess"])))
    changed = _changed(model, loaded)
    if changed:
        raise InputError(
            _RULE,
            f"{source} is another one by now: {' and '.join(changed)}.",
            "Name the one that made the run with --model and --weights, or make the run again with --overwrite.",
        )
    return loaded


def _require_files(source: str, weights: str | None) -> None:
    code = Path(source.rpartition(":")[0] if ".py:" in source else source)
    if code.suffix == ".py" and not code.is_file():
        found = f"Its file {code} is gone."
        raise InputError(_RULE, found, "Name where it is now: --model FILE.py:FUNCTION.")
    if weights not in (None, DEFAULT, RANDOM) and not Path(str(weights)).is_file():
        raise InputError(_RULE, f"Its weights {weights} are gone.", "Name where they are now: --weights FILE.")


def _changed(model: Mapping[str, Any], loaded: LoadedModel) -> list[str]:
    """What differs from the manifest, in words; runs of earlier versions know only their weights' file."""
    changed = []
    if model.get("code_sha256") != loaded.code_sha256 and "code_sha256" in model:
        changed.append("its code has changed")
    if "parameters_sha256" in model:
        if model["parameters_sha256"] != parameters_sha256(loaded.module):
            changed.append("its parameters are others (are these its --weights?)")
    elif model.get("weights_sha256") != loaded.weights_sha256:
        changed.append("its file of weights is another")
    return changed
