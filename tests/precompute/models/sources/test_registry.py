"""The registry of model sources, which a new source joins by one file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import precompute.models.sources as package
from precompute.contract.errors import InputError
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.models.sources.registry import find_key, find_sources

SOURCE = """
from torch import nn

from precompute.models.sources.loaded import LoadedModel
from precompute.models.sources.preprocess import Preprocess
from precompute.models.sources.registry import ModelSource


def load(config):
    module = nn.Conv2d(3, int(config.source.partition(":")[2]), 1)
    return LoadedModel(module, "wide", config.source, None, Preprocess(), None)


SOURCE = ModelSource("{key}", "{key}:WIDTH", load)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Makes a folder whose modules belong to the package of sources, and forgets them afterwards."""
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    find_sources.cache_clear()
    yield tmp_path
    find_sources.cache_clear()
    for name in [f"{package.__name__}.{path.stem}" for path in tmp_path.glob("*.py")]:
        sys.modules.pop(name, None)
        vars(package).pop(name.rpartition(".")[2], None)


def test_messages_list_the_sources_in_this_order() -> None:
    assert [source.usage for source in find_sources().values()] == [
        "demo",
        "torchvision:NAME",
        "timm:NAME",
        "FILE.py:CALLABLE",
    ]


def test_a_new_file_is_a_new_source(folder: Path) -> None:
    (folder / "a_wide_model.py").write_text(SOURCE.replace("{key}", "wide"))

    module = load_model(ModelConfig("wide:5")).module

    assert isinstance(module, torch.nn.Conv2d) and module.out_channels == 5
    with pytest.raises(InputError, match=r"Did you mean wide:WIDTH\?") as caught:
        load_model(ModelConfig("widee:5"))
    assert caught.value.rule == "A model is one of demo, torchvision:NAME, timm:NAME, wide:WIDTH, FILE.py:CALLABLE."


def test_a_module_with_another_variable_of_the_name_is_no_source(folder: Path) -> None:
    (folder / "a_helper.py").write_text("SOURCE = 'https://example.org'\n")

    assert list(find_sources()) == ["demo", "torchvision", "timm", ".py"]


def test_two_sources_of_one_key_are_an_error(folder: Path) -> None:
    (folder / "another_timm.py").write_text(SOURCE.replace("{key}", "timm"))

    with pytest.raises(ValueError, match="Two model sources have the key timm"):
        find_sources()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("demo", "demo"),
        ("timm:resnet50.a1_in1k", "timm"),
        ("nets/model.py:build", ".py"),
        ("nets/model.py", ".py"),
        ("C:/nets/model.py:build", ".py"),
        ("resnet18", "resnet18"),
        ("", ""),
    ],
)
def test_the_key_of_a_name(name: str, key: str) -> None:
    assert find_key(name) == key


def test_the_registry_itself_imports_no_library_of_models() -> None:
    script = (
        "import sys, precompute.models.sources.registry; print({'torch', 'torchvision', 'timm'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        check=True,
    )

    assert done.stdout == "set()\n"
