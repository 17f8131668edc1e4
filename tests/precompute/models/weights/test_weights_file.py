"""Files of weights, and of other things, recognised by their content."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save

from precompute.contract.errors import InputError
from precompute.models.weights.checkpoint import read_checkpoint
from precompute.models.weights.weights_file import WeightsFile, require_code, require_weights, split_weights

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


def make_zip(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return file.getvalue()


def make_tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pth"))
    return file.getvalue()


def make_npz() -> bytes:
    np.savez(file := io.BytesIO(), a=np.ones(2))
    return file.getvalue()


def make_torch(**options: Any) -> bytes:
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
    "tar": (make_tar(), r"tar archive.*Unpack it"),
    "numpy": (make_npz(), "numpy's arrays"),
    "Keras": (make_zip("config.json", "model.weights.h5"), "Keras"),
    "zip": (make_zip("a.pth", "b.txt"), r"zip archive of a\.pth, b\.txt"),
    "TorchScript": (make_zip("m/data.pkl", "m/constants.pkl", "m/code/x.py"), r"TorchScript archive.*state_dict"),
    "exported": (make_zip("m/archive_format", "m/models/model.json"), "torch.export"),
    "pickle": (pickle.dumps({"a": 1}), "torch.save did not write"),
    "JSON": (b'{"a": 1}', r'text: \'{"a": 1}\''),
    "another protocol": (make_torch(pickle_protocol=4), "of another protocol"),
    "another old protocol": (
        make_torch(pickle_protocol=4, _use_new_zipfile_serialization=False),
        "of another protocol",
    ),
    "cut zip": (make_torch()[:-200], "complete file of tensors"),
    "cut pickle": (make_torch(_use_new_zipfile_serialization=False)[:-10], "complete file of tensors"),
    "cut in the middle": (make_torch(_use_new_zipfile_serialization=False)[:60], "complete file of tensors"),
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
    def read_message(*names: str) -> str:
        folder = tmp_path / names[-1].replace("/", "_")
        folder.mkdir()
        for name in names:
            (folder / name).write_text(json.dumps({"weight_map": {"a": "1", "b": "2"}}))
        with pytest.raises(InputError) as caught:
            require_weights(str(folder))
        return caught.value.found + caught.value.fix

    assert "--weights" in read_message("config.json", "model.safetensors")
    assert "pytorch_model.bin." in read_message("config.json", "pytorch_model.bin")
    assert "best.ckpt." in read_message("best.ckpt", "log.txt")
    assert "weights in 2 files" in read_message("1.safetensors", "2.safetensors", "model.safetensors.index.json")
    assert "dcp_to_torch" in read_message("__0_0.distcp", ".metadata")
    assert "zip -0 -r" in read_message("data", "data.pkl")
    assert "SavedModel" in read_message("variables", "saved_model.pb")
    assert "a folder of a, b." in read_message("a", "b")


def test_files_and_keys(tmp_path: Path) -> None:
    for name in ("a.pth", "b:c"):
        (tmp_path / name).touch()

    assert split_weights(f"{tmp_path}/a.pth:ema.model") == (tmp_path / "a.pth", "ema.model")
    assert split_weights(f"{tmp_path}/b:c") == (tmp_path / "b:c", None)
    assert split_weights(f"{tmp_path}/none:c") == (Path(f"{tmp_path}/none:c"), None)


def test_a_file_of_weights_is_no_model(tmp_path: Path) -> None:
    def refuse(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="A model is its code and its weights") as caught:
            require_code(str(tmp_path / name))
        return caught.value.found + caught.value.fix

    for name in ("a", "a.ckpt", "a.pth.tar"):
        assert f"FILE.py:CALLABLE --weights {tmp_path}/{name}," in refuse(name, make_torch())
    assert "TorchScript" in refuse("b.pt", FOREIGN["TorchScript"][0])
    assert "ONNX" in refuse("b.onnx", FOREIGN["ONNX"][0])
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
