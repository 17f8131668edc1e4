"""The model of a run, loaded again from the run's manifest, and every way in which it may have changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from precompute.contract.errors import InputError
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.models.sources.model_file import hash_code
from precompute.models.sources.preprocess import Preprocess
from precompute.models.sources.reloading import Whereabouts, load_again, record_places
from precompute.models.weights.loading import hash_parameters
from tests.support.model_files import NETWORK

PREPROCESS = Preprocess(resize=32, crop=24)


def make_manifest(folder: Path, weights: Path | None = None) -> dict[str, Any]:
    """Writes a model file, and makes the part of a manifest that is about its model."""
    (folder / "model.py").write_text(NETWORK)
    config = ModelConfig(f"{folder}/model.py:build", str(weights) if weights else None, PREPROCESS)
    loaded = load_model(config)
    model = {
        "source": config.source,
        "preprocess": PREPROCESS.to_dict(),
        "code_sha256": loaded.code_sha256,
        "weights_sha256": loaded.weights_sha256,
        "parameters_sha256": hash_parameters(loaded.module),
        **record_places(config),
    }
    return {"model": model}


def write_weights(folder: Path, value: float) -> Path:
    """Writes weights of the network of `NETWORK` that all have one value."""
    (folder / "model.py").write_text(NETWORK)
    module = load_model(ModelConfig(f"{folder}/model.py:build", preprocess=PREPROCESS)).module
    path = folder / f"{value}.safetensors"
    save_file({key: torch.full_like(one, value) for key, one in module.state_dict().items()}, path)
    return path


def test_the_same_model_comes_back_with_its_preprocessing(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, write_weights(tmp_path, 2.0))

    loaded = load_again(manifest)

    assert hash_parameters(loaded.module) == manifest["model"]["parameters_sha256"]
    assert loaded.preprocess == PREPROCESS


def test_files_that_moved_are_named_by_the_person(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, write_weights(tmp_path, 2.0))
    (tmp_path / "moved").mkdir()
    for name in ("model.py", "2.0.safetensors"):
        (tmp_path / name).rename(tmp_path / "moved" / name)

    with pytest.raises(InputError, match=r"model\.py is gone\..*--model FILE\.py:FUNCTION"):
        load_again(manifest)
    code = f"{tmp_path}/moved/model.py:build"
    with pytest.raises(InputError, match=r"2\.0\.safetensors are gone\..*--weights FILE"):
        load_again(manifest, Whereabouts(code))
    assert load_again(manifest, Whereabouts(code, f"{tmp_path}/moved/2.0.safetensors")).source == code


def test_other_parameters_are_another_model(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, write_weights(tmp_path, 2.0))

    with pytest.raises(InputError, match=r"is another one by now: its parameters are others"):
        load_again(manifest, Whereabouts(weights=str(write_weights(tmp_path, 3.0))))


def test_other_code_is_another_model_but_a_comment_is_not(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path)
    (tmp_path / "model.py").write_text(f"# a comment\n{NETWORK}")
    assert load_again(manifest).name == "Tiny (weights as built)"

    (tmp_path / "model.py").write_text(NETWORK.replace(".mean(", ".amax("))
    with pytest.raises(InputError) as caught:
        load_again(manifest)
    assert caught.value.found.endswith("is another one by now: its code has changed.")


def test_runs_of_earlier_versions_have_other_hashes(tmp_path: Path) -> None:
    (tmp_path / "width.py").write_text("WIDTH = 4\n")
    manifest = make_manifest(tmp_path, write_weights(tmp_path, 2.0))
    model = manifest["model"]

    model["code_sha256"] = hash_code(model["source"])  # without what the file imports
    assert load_again(manifest).code_sha256 == model["code_sha256"]
    del model["parameters_sha256"]  # the hash of the weights' file counts instead
    assert load_again(manifest).weights_sha256 == model["weights_sha256"]
    model["weights_sha256"] = "0" * 64
    with pytest.raises(InputError, match="its file of weights is another"):
        load_again(manifest)


@pytest.mark.parametrize("manifest", [{}, {"imported": {}, "model": {"preprocess": {}}}, {"model": {"source": "demo"}}])
def test_an_imported_run_has_no_model(manifest: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="This run was imported, and holds no model"):
        load_again(manifest)


def test_places_are_recorded_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pth").touch()

    assert record_places(ModelConfig("demo")) == {"weights": None}
    assert record_places(ModelConfig("timm:resnet18", "random")) == {"weights": "random"}
    assert record_places(ModelConfig("m.py:f", "a.pth:ema", model_path=("lib",))) == {
        "weights": f"{tmp_path}/a.pth:ema",
        "model_path": [f"{tmp_path}/lib"],
    }
