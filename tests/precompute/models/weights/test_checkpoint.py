"""Files of weights by their content: every format under every name, and what is none of them."""

from __future__ import annotations

import collections
import importlib
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save, save_file
from torch import nn

from precompute.contract.errors import InputError
from precompute.models.weights.checkpoint import read_checkpoint
from precompute.models.weights.weights_file import WeightsFile, require_code, require_weights, split_weights
from tests.support.checkpoint_files import State, hyper_parameters, lightning, training

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
@pytest.mark.parametrize("whole", [lightning, training, lambda state: training(state, args=hyper_parameters())])
def test_objects_beside_the_weights_do_not_matter(written: str, whole: Callable[[State], Any], tmp_path: Path) -> None:
    FORMATS[written](whole(STATE), tmp_path / "a.ckpt")

    candidates = {c.name: c for c in read_checkpoint(WeightsFile(tmp_path / "a.ckpt")).candidates}

    found = candidates["state_dict"].state
    assert {key.removeprefix("model."): value.tolist() for key, value in found.items()}.items() >= {
        key: value.tolist() for key, value in STATE.items()
    }.items()


@pytest.mark.parametrize("value", hyper_parameters().items(), ids=lambda item: item[0])
def test_each_kind_of_object(value: tuple[str, Any], tmp_path: Path) -> None:
    torch.save({"state_dict": STATE, "hyper_parameters": value[1], "more": [value[1]]}, tmp_path / "a.ckpt")

    assert read_checkpoint(WeightsFile(tmp_path / "a.ckpt")).candidates[-1].state.keys() == STATE.keys()


def test_types_that_are_not_installed_are_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a project's own code, which is nowhere here."""
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
    """A pickle of it calls a function on a path, which is then to be seen."""

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


# --- files of other kinds -------------------------------------------------------------------------------------------


def _zip(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return file.getvalue()


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"))
    return file.getvalue()


def _npz() -> bytes:
    np.savez(file := io.BytesIO(), a=np.ones(2))
    return file.getvalue()


def _torch(**options: Any) -> bytes:
    torch.save(STATE, file := io.BytesIO(), **options)
    return file.getvalue()


FOREIGN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is empty"),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n",
        r"pointer that git.*git lfs pull",
    ),
    "page": (b"\n<!DOCTYPE html><html>", "web page"),
    "refusal of a server": (b'<?xml version="1.0"?><Error>', "web page"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5, as Keras"),
    "ONNX": (b"\x08\x08\x12\x07pytorch\x1a\x052.1.0", "ONNX"),
    "TensorFlow Lite": (b"\x1c\x00\x00\x00TFL3" + bytes(99), "TensorFlow Lite"),
    "GGUF": (b"GGUF\x03" + bytes(99), "GGUF"),
    "gzip": (b"\x1f\x8b\x08" + bytes(99), r"gzip.*Unpack it"),
    "tar": (_tar(), r"tar archive.*Unpack it"),
    "numpy": (_npz(), "numpy's arrays"),
    "Keras": (_zip("config.json", "model.weights.h5"), "Keras"),
    "zip": (_zip("a.pth", "b.txt"), r"zip archive of a\.pth, b\.txt"),
    "TorchScript": (_zip("m/data.pkl", "m/constants.pkl", "m/code/x.py"), r"TorchScript archive.*state_dict"),
    "exported": (_zip("m/archive_format", "m/models/model.json"), "torch.export"),
    "pickle": (pickle.dumps({"a": 1}), "torch.save did not write"),
    "JSON": (b'{"a": 1}', r'text: \'{"a": 1}\''),
    "another protocol": (_torch(pickle_protocol=4), "of another protocol"),
    "another old protocol": (_torch(pickle_protocol=4, _use_new_zipfile_serialization=False), "of another protocol"),
    "cut zip": (_torch()[:-200], "complete file of tensors"),
    "cut pickle": (_torch(_use_new_zipfile_serialization=False)[:-10], "complete file of tensors"),
    "cut in the middle": (_torch(_use_new_zipfile_serialization=False)[:60], "complete file of tensors"),
    "cut safetensors": (save(STATE)[:-8], "complete file of tensors"),
    "cut header": (save(STATE)[:40], "complete file of tensors"),
    "noise": (bytes(range(129, 256)), "begins with 81 82"),
    "a length and no header": (struct.pack("<Q", 10) + b"0123456789", "begins with"),
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("ending", ["", ".pth", ".safetensors"])
def test_files_of_other_kinds_are_named(name: str, ending: str, tmp_path: Path) -> None:
    content, message = FOREIGN[name]
    path = tmp_path / f"file{ending}"
    path.write_bytes(content)

    with pytest.raises(InputError, match=message):
        read_checkpoint(WeightsFile(path))


def test_folders_name_the_file_in_them(tmp_path: Path) -> None:
    def found(*names: str) -> str:
        folder = tmp_path / names[-1].replace("/", "_")
        folder.mkdir()
        for name in names:
            (folder / name).write_text(json.dumps({"weight_map": {"a": "1", "b": "2"}}))
        with pytest.raises(InputError) as caught:
            require_weights(str(folder))
        return caught.value.found + caught.value.fix

    assert "--weights" in found("config.json", "model.safetensors")
    assert "pytorch_model.bin." in found("config.json", "pytorch_model.bin")
    assert "best.ckpt." in found("best.ckpt", "log.txt")
    assert "weights in 2 files" in found("1.safetensors", "2.safetensors", "model.safetensors.index.json")
    assert "dcp_to_torch" in found("__0_0.distcp", ".metadata")
    assert "zip -0 -r" in found("data", "data.pkl")
    assert "SavedModel" in found("variables", "saved_model.pb")
    assert "a folder of a, b." in found("a", "b")


def test_files_and_keys(tmp_path: Path) -> None:
    for name in ("a.pth", "b:c"):
        (tmp_path / name).touch()

    assert split_weights(f"{tmp_path}/a.pth:ema.model") == (tmp_path / "a.pth", "ema.model")
    assert split_weights(f"{tmp_path}/b:c") == (tmp_path / "b:c", None)
    assert split_weights(f"{tmp_path}/none:c") == (Path(f"{tmp_path}/none:c"), None)


def test_a_file_of_weights_is_no_model(tmp_path: Path) -> None:
    def message(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="A model is its code and its weights") as caught:
            require_code(str(tmp_path / name))
        return caught.value.found + caught.value.fix

    for name in ("a", "a.ckpt", "a.pth.tar"):
        assert f"FILE.py:CALLABLE --weights {tmp_path}/{name}," in message(name, _torch())
    assert "TorchScript" in message("b.pt", FOREIGN["TorchScript"][0])
    assert "ONNX" in message("b.onnx", FOREIGN["ONNX"][0])
    for name in ("demo", "torchvision:resnet18", f"{tmp_path}/model.py:build", "model.py", str(tmp_path / "nothing")):
        require_code(name)


def test_a_file_of_another_kind_is_refused_before_torch_is_imported(tmp_path: Path) -> None:
    (tmp_path / "a.ckpt").write_bytes(FOREIGN["page"][0])
    script = (
        "import sys\nfrom summit_dash.cli import main\ntry: main(sys.argv[1:])\nfinally: print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", script, "inspect", "model.py:build", "--weights", str(tmp_path / "a.ckpt")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())})

    assert done.returncode == 2 and "web page" in done.stderr, done.stderr
    assert done.stdout == "False\n"
