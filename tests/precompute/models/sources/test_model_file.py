"""Model files: their callables, their neighbours, and every way in which they can fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from precompute.contract.errors import InputError
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.models.sources.preprocess import EXAMPLE_TOML, Preprocess
from tests.support.model_files import NETWORK, Load, make_load


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads `build` of a model file with the given text, and further fields of the config."""
    return make_load(tmp_path)


def test_a_model_file_is_loaded_as_built(load: Load) -> None:
    loaded = load()

    assert loaded.name == "Tiny (weights as built)"
    assert loaded.weights_sha256 is None
    assert loaded.input_size == (3, 224, 224)
    assert loaded.preprocess == Preprocess()
    assert not loaded.module.training
    assert not any(p.requires_grad for p in loaded.module.parameters())
    assert loaded.module(torch.zeros(1, 3, 8, 8)).shape == (1, 2)


def test_weights_as_built_are_reproducible_and_leave_the_generator_alone(load: Load) -> None:
    state = torch.random.get_rng_state()

    first, second = load().module.state_dict(), load().module.state_dict()

    assert all(torch.equal(first[key], second[key]) for key in first)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_two_files_of_one_name_and_their_neighbours_do_not_meet(tmp_path: Path) -> None:
    preprocess = tmp_path / "preprocess.toml"
    preprocess.write_text(EXAMPLE_TOML)
    for width in (5, 7):
        folder = tmp_path / str(width)
        folder.mkdir()
        (folder / "parts.py").write_text(f"WIDTH = {width}\n")
        (folder / "model.py").write_text(
            "from torch import nn\nfrom parts import WIDTH\ndef build(): return nn.Conv2d(3, WIDTH, 1)\n"
        )
    path = list(sys.path)

    widths = [
        load_model(ModelConfig(f"{tmp_path / str(w)}/model.py:build", preprocess=str(preprocess))).module.out_channels
        for w in (5, 7)
    ]

    assert widths == [5, 7]
    assert not {"model", "parts"} & set(sys.modules)
    assert sys.path == path


def test_a_model_file_may_hold_dataclasses_and_a_finished_module(load: Load) -> None:
    text = "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom torch import nn\n"
    text += "@dataclass\nclass Width:\n    n: int = 4\nnetwork = nn.Sequential(nn.Conv2d(3, Width().n, 1))\n"

    assert load(text, "network").name == "network (weights as built)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def build(:\n", r"SyntaxError: .*line 1"),
        ("\nimport no_such_package\n", r"ModuleNotFoundError: No module named 'no_such_package' \(line 2\)"),
        ("\nraise SystemExit(3)\n", r"SystemExit: 3 \(line 2\)"),
        ("def build():\n    return 1 / 0\n", r"ZeroDivisionError: division by zero \(line 2\)"),
        ("def build(width):\n    ...\n", r"called without arguments.*missing 1 required positional argument"),
        ("def build():\n    return 7\n", r"returned int"),
        ("def make():\n    ...\ndef other():\n    ...\n", r"has no callable build; it has make, other"),
        ("build = 3\n", r"has no callable build; it has none"),
    ],
)
def test_a_model_file_that_does_not_work(load: Load, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(text)


@pytest.mark.parametrize(
    ("returned", "found", "fix"),
    [
        ("Tiny", "returned the class Tiny itself", "Return an instance: Tiny() instead of Tiny."),
        (
            "Tiny().state_dict()",
            "returned a state dict of 9 tensors",
            "Build the module in make(), and load",
        ),
        ("Tiny().forward", "returned method", "A model file is plain Python with a function"),
        ("{}", "returned dict", "Build the module in make()"),
    ],
)
def test_a_result_that_is_no_module_gets_advice(load: Load, returned: str, found: str, fix: str) -> None:
    with pytest.raises(InputError) as caught:
        load(f"{NETWORK}\ndef make():\n    return {returned}\n", "make")

    assert found in caught.value.found
    assert caught.value.fix.startswith(fix)


def test_the_seed_decides_weights_as_built(tmp_path: Path) -> None:
    make_load(tmp_path)()

    def build(seed: int) -> torch.Tensor:
        config = ModelConfig(f"{tmp_path}/model.py:build", preprocess=Preprocess(), seed=seed)
        return load_model(config).module.state_dict()["conv.weight"]

    assert torch.equal(build(3), build(3))
    assert not torch.equal(build(3), build(4))


@pytest.mark.filterwarnings("ignore:can't resolve package:ImportWarning")
def test_a_relative_import_without_a_package_gets_advice(load: Load) -> None:
    with pytest.raises(InputError, match="ImportError: attempted relative import") as caught:
        load("from ....... import net\n")

    assert caught.value.fix == "Name the folder that holds the outermost package with --model-path FOLDER."


def test_a_missing_model_file(tmp_path: Path) -> None:
    preprocess = tmp_path / "preprocess.toml"
    preprocess.write_text(EXAMPLE_TOML)

    with pytest.raises(InputError, match=r"nothing\.py does not"):
        load_model(ModelConfig("nothing.py:build", preprocess=str(preprocess)))


def test_a_model_file_without_callable_names_those_it_has(load: Load, tmp_path: Path) -> None:
    load()

    with pytest.raises(InputError, match=r"was named without one; it has Tiny, build.*model\.py:build"):
        load_model(ModelConfig(str(tmp_path / "model.py"), preprocess=str(tmp_path / "preprocess.toml")))


def test_a_model_file_needs_its_preprocessing(load: Load) -> None:
    with pytest.raises(InputError, match=r"no --preprocess FILE\.toml(?s:.*)resize = 256"):
        load(preprocess="auto")


def test_a_model_file_has_no_default_weights(load: Load) -> None:
    with pytest.raises(InputError, match="torchvision and timm publish"):
        load(weights="default")
