"""Loading of a run's model from the run's manifest, with checks that it is still the same model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from precompute.contract.errors import InputError
from precompute.models.sources.loaded import DEFAULT, RANDOM, LoadedModel, ModelConfig
from precompute.models.sources.loading import load_model
from precompute.models.sources.model_file import hash_code
from precompute.models.sources.preprocess import Preprocess
from precompute.models.weights.loading import hash_parameters
from precompute.models.weights.weights_file import split_weights

__all__ = ["NOT_MOVED", "Whereabouts", "load_again", "record_places"]


@dataclass(frozen=True)
class Whereabouts:
    """The present files of a run's model; None or empty where the files that the manifest names are still there.

    Attributes:
        model: as `ModelConfig.source`.
        weights: as `ModelConfig.weights`.
        model_path: as `ModelConfig.model_path`.
    """

    model: str | None = None
    weights: str | None = None
    model_path: tuple[str, ...] = ()


NOT_MOVED = Whereabouts()
_RULE = "What is added to a run is computed by the model that made it."
_ON_PAGE = "Put it back where the run was made from, or make the run again."
"""The next step for the reader of a page, who cannot name another place."""


def record_places(config: ModelConfig) -> dict[str, Any]:
    """Returns the entries of the manifest on `--weights` and `--model-path`, with absolute paths."""
    weights = config.weights
    if weights not in (None, DEFAULT, RANDOM):
        path, key = split_weights(str(weights))
        weights = str(path.resolve()) if key is None else f"{path.resolve()}:{key}"
    folders = [str(Path(folder).resolve()) for folder in config.model_path]
    return {"weights": weights, "model_path": folders} if folders else {"weights": weights}


def load_again(manifest: Mapping[str, Any], where: Whereabouts = NOT_MOVED) -> LoadedModel:
    """Loads the model of a run, with the preprocessing that the run was made with.

    Args:
        manifest: of the run.
        where: the model's files, where they have moved.

    Raises:
        InputError: the run was imported, a file is gone, or the model has changed since.
    """
    model = manifest.get("model", {})
    if "imported" in manifest or not isinstance(model.get("preprocess"), dict):
        raise InputError(
            _RULE, "This run was imported, and holds no model.", "Make a run of a model with `summit-dash precompute`."
        )
    source, weights = where.model or str(model["source"]), where.weights or model.get("weights")
    model_path = where.model_path or tuple(model.get("model_path") or ())
    _require_files(source, weights)
    preprocess = Preprocess.from_dict(model["preprocess"])
    config = ModelConfig(source, weights, preprocess, model_path=model_path if ".py" in source else ())
    try:
        loaded = load_model(config)
    except InputError as problem:
        raise InputError(problem.rule, problem.found, problem.fix, on_page=_ON_PAGE) from problem
    changed = _list_changes(model, loaded)
    if changed:
        raise InputError(
            _RULE,
            f"{source} is another one by now: {' and '.join(changed)}.",
            "Name the one that made the run with --model and --weights, or make the run again with --overwrite.",
            on_page=_ON_PAGE,
        )
    return loaded


def _require_files(source: str, weights: str | None) -> None:
    code = Path(source.rpartition(":")[0] if ".py:" in source else source)
    if code.suffix == ".py" and not code.is_file():
        found = f"Its file {code} is gone."
        raise InputError(_RULE, found, "Name where it is now: --model FILE.py:FUNCTION.", on_page=_ON_PAGE)
    if weights not in (None, DEFAULT, RANDOM) and not split_weights(str(weights)).path.is_file():
        found = f"Its weights {weights} are gone."
        on_page = "Put them back there, or make the run again."
        raise InputError(_RULE, found, "Name where they are now: --weights FILE.", on_page)


def _list_changes(model: Mapping[str, Any], loaded: LoadedModel) -> list[str]:
    """Lists the differences from the manifest, in words.

    Manifests of earlier versions have no hash of the parameters, only that of the weights' file.
    """
    changed = []
    if "code_sha256" in model and model["code_sha256"] not in _hash_code_both_ways(loaded):
        changed.append("its code has changed")
    if "parameters_sha256" in model:
        if model["parameters_sha256"] != hash_parameters(loaded.module):
            changed.append("its parameters are others (are these its weights?)")
    elif model.get("weights_sha256") != loaded.weights_sha256:
        changed.append("its file of weights is another")
    return changed


def _hash_code_both_ways(loaded: LoadedModel) -> tuple[str | None, ...]:
    """Returns the hashes of the code with and without its imports; earlier versions kept the latter."""
    known = loaded.code_sha256
    return (known,) if known is None else (known, hash_code(loaded.source))
