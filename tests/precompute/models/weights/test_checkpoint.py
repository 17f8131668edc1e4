"""Files of weights in every format under every name; code in them is never run."""

from __future__ import annotations

import collections
import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from precompute.contract.errors import InputError
from precompute.models.weights.checkpoint import read_checkpoint
from precompute.models.weights.weights_file import WeightsFile
from tests.support.checkpoint_files import State, make_hyper_parameters, make_lightning, make_training

STATE: State = {"conv.weight": torch.arange(6.0).view(2, 3), "conv.bias": torch.tensor([1.0, 2.0])}

Save = Callable[[Any, Path], None]
FORMATS: dict[str, Save] = {
    "zip": torch.save,
    "legacy": partial(torch.save, _use_new_zipfile_serialization=False),
    "safetensors": save_file,
}
NAMES = (
    "a.pt",
    "a.pth",
    "a.th",
    "a.ckpt",
    "a.pth.tar",
    "a.bin",
    "a.model",
    "a.weights",
    "a.safetensors",
    "A.PTH",
    "a",
    "a.v1.2",
)


@pytest.mark.parametrize("written", FORMATS)
def test_a_name_decides_nothing(written: str, tmp_path: Path) -> None:
    for name in NAMES:
        FORMATS[written](STATE, tmp_path / name)

        (found,) = read_checkpoint(WeightsFile(tmp_path / name)).candidates

        assert found.name == "" and found.others == {} and found.state.keys() == STATE.keys()
        assert all(torch.equal(found.state[key], STATE[key]) for key in STATE)


@pytest.mark.parametrize("written", ["zip", "legacy"])
@pytest.mark.parametrize(
    "whole", [make_lightning, make_training, lambda state: make_training(state, args=make_hyper_parameters())]
)
def test_objects_beside_the_weights_do_not_matter(written: str, whole: Callable[[State], Any], tmp_path: Path) -> None:
    FORMATS[written](whole(STATE), tmp_path / "a.ckpt")

    candidates = {c.name: c for c in read_checkpoint(WeightsFile(tmp_path / "a.ckpt")).candidates}

    found = candidates["state_dict"].state
    assert {key.removeprefix("model."): value.tolist() for key, value in found.items()}.items() >= {
        key: value.tolist() for key, value in STATE.items()
    }.items()


@pytest.mark.parametrize("value", make_hyper_parameters().items(), ids=lambda item: item[0])
def test_each_kind_of_object(value: tuple[str, Any], tmp_path: Path) -> None:
    torch.save({"state_dict": STATE, "hyper_parameters": value[1], "more": [value[1]]}, tmp_path / "a.ckpt")

    assert read_checkpoint(WeightsFile(tmp_path / "a.ckpt")).candidates[-1].state.keys() == STATE.keys()


def test_types_that_are_not_installed_are_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Types of a project's own code cannot be imported here."""
    (tmp_path / "their_project.py").write_text("class Trainer:\n    def __init__(self): self.state = {'a': 1}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    theirs = importlib.import_module("their_project")
    torch.save({"model": {"a.b": torch.ones(2)}, "trainer": theirs.Trainer()}, tmp_path / "x.ckpt")
    monkeypatch.undo()
    del sys.modules["their_project"]

    (found,) = read_checkpoint(WeightsFile(tmp_path / "x.ckpt")).candidates
    assert found.name == "model" and found.state["a.b"].tolist() == [1, 1]
    assert "their_project" not in sys.modules


# --- code is never run ----------------------------------------------------------------------------------------------


class _Calls:
    """An object whose pickle calls a function on a path when it is opened."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._call = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self._call


@pytest.mark.parametrize("written", ["zip", "legacy"])
@pytest.mark.parametrize(
    "function", [os.system, eval, exec, subprocess.run, print, getattr, os.mkdir], ids=lambda one: one.__name__
)
def test_what_a_pickle_would_call_is_not_called(written: str, function: Any, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    arguments: dict[Any, tuple[Any, ...]] = {
        os.system: (f"touch {marker}",),
        subprocess.run: (["touch", str(marker)],),
        os.mkdir: (str(marker),),
        getattr: (os, "sep"),
    }
    code = f"__import__('pathlib').Path({str(marker)!r}).touch()"
    harm = (
        _Calls(function, *arguments.get(function, (code,))) if function is not getattr else _Calls(getattr, {}, "get")
    )
    FORMATS[written]({"state_dict": STATE, "harm": harm}, tmp_path / "a.pth")
    try:
        (found,) = read_checkpoint(WeightsFile(tmp_path / "a.pth")).candidates
        assert found.state.keys() == STATE.keys()
    except InputError as refusal:  # of torch's own blocked modules
        assert "would run code" in str(refusal) and "blocked" in refusal.found
    assert not marker.exists()


def test_weights_are_never_made_of_unknown_objects(tmp_path: Path) -> None:
    torch.save({"conv.weight": np.ones(3), "conv.bias": torch.ones(2)}, tmp_path / "a.pth")

    (found,) = read_checkpoint(WeightsFile(tmp_path / "a.pth")).candidates

    assert found.state.keys() == {"conv.bias"}
    assert found.others == {"conv.weight": "array or number of numpy"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a.weight": np.ones(3), "a.bias": np.ones(3)}, r"a\.weight \(array or number of numpy\).*torch\.as_tensor"),
        (nn.Sequential(nn.Linear(2, 2)), r"pickle of torch\.nn\.modules\.container\.Sequential.*weights_only=False"),
        (
            {"model": nn.Linear(2, 2), "epoch": 3},
            r"model \(torch\.nn\.modules\.linear\.Linear\).*\['model'\]\.state_dict",
        ),
        (collections.Counter("a"), r"a \(int\), which are no tensors"),
        ([STATE], r"holds a list"),
        (torch.ones(3), r"holds a Tensor"),
    ],
)
def test_what_is_there_instead_of_a_state_dict_is_named(content: Any, message: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "a.pth")

    with pytest.raises(InputError, match=message):
        read_checkpoint(WeightsFile(tmp_path / "a.pth"))
