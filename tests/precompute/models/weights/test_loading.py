"""Weights of a file in a module: the formats, and every way in which they do not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from precompute.contract.errors import InputError
from precompute.models.weights.checkpoint import Checkpoint
from precompute.models.weights.loading import hash_file, hash_parameters, load_weights
from tests.support.model_files import Load, make_load


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads `build` of a model file with the given text, and further fields of the config."""
    return make_load(tmp_path)


@pytest.mark.parametrize(
    ("file", "wrap"),
    [
        ("weights.safetensors", lambda state: state),
        ("weights.pth", lambda state: state),
        ("weights.pt", lambda state: {"epoch": 3, "state_dict": state}),
        ("weights.pth", lambda state: {"state_dict": {f"module.{k}": v for k, v in state.items()}}),
        ("old.pth", lambda state: {k: v for k, v in state.items() if "num_batches" not in k}),
    ],
)
def test_weights_are_read(load: Load, tmp_path: Path, file: str, wrap: Callable[[dict], dict]) -> None:
    state = {key: torch.full_like(value, 3) for key, value in load().module.state_dict().items()}
    path = tmp_path / file
    (save_file if path.suffix == ".safetensors" else torch.save)(wrap(state), path)

    loaded = load(weights=str(path))

    assert torch.equal(loaded.module.state_dict()["conv.weight"], state["conv.weight"])
    assert loaded.weights_sha256 == hash_file(path)
    assert loaded.name == f"Tiny ({file})"


def test_half_precision_weights_become_float32(load: Load, tmp_path: Path) -> None:
    state = {key: value.half() for key, value in load().module.state_dict().items()}
    save_file(state, tmp_path / "half.safetensors")

    assert load(weights=str(tmp_path / "half.safetensors")).module(torch.zeros(1, 3, 8, 8)).dtype == torch.float32


def test_weights_that_do_not_fit_are_named_with_their_shapes(load: Load, tmp_path: Path) -> None:
    state = load().module.state_dict()
    state["linear.weight"] = torch.zeros(10, 4)
    del state["norm.bias"]
    state.update({f"head.{n}": torch.zeros(1) for n in range(7)})
    save_file(state, tmp_path / "other.safetensors")

    with pytest.raises(InputError) as caught:
        load(weights=str(tmp_path / "other.safetensors"))

    found = caught.value.found
    assert "1 missing: norm.bias;" in found
    assert "7 unexpected: head.0, head.1, head.2, head.3, head.4 and 2 more;" in found
    assert "1 of another shape: linear.weight (file (10, 4), model (2, 4))" in found


class _Code:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this must not be printed",)


def test_a_pickle_with_code_is_refused_and_not_run(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(_Code(), tmp_path / "code.pth")

    with pytest.raises(InputError, match=r"run code when opened is refused.*save_file"):
        load(weights=str(tmp_path / "code.pth"))
    assert capsys.readouterr().out == ""


def test_a_whole_pickled_model_is_refused(load: Load, tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Conv2d(3, 3, 1)), tmp_path / "model.pt")

    with pytest.raises(InputError, match="a whole model, say"):
        load(weights=str(tmp_path / "model.pt"))


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("none.safetensors", None, "none.safetensors does not exist"),
        ("text.safetensors", b"version https://git-lfs", "git lfs pull"),
        ("empty.safetensors", b"", "complete file of tensors"),
        ("empty.pth", b"", "complete file of tensors"),
        ("text.pth", b"<html>not found</html>", "is a web page"),
        ("zip.pth", b"PK\x03\x04" + bytes(100), "complete file of tensors"),
    ],
)
def test_files_that_are_no_weights(load: Load, tmp_path: Path, file: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / file).write_bytes(content)

    with pytest.raises(InputError, match=message):
        load(weights=str(tmp_path / file))


@pytest.mark.parametrize(
    ("content", "message"),
    [([1, 2], "a list"), ({"epoch": 3, "lr": 0.1}, r"epoch \(int\), lr \(float\), which are no"), ({}, "nothing")],
)
def test_checkpoints_without_a_state_dict(load: Load, tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "checkpoint.pth")

    with pytest.raises(InputError, match=message):
        load(weights=str(tmp_path / "checkpoint.pth"))


def test_a_truncated_checkpoint(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "cut.pth"
    torch.save(load().module.state_dict(), path)
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(InputError, match="complete file of tensors"):
        load(weights=str(path))


# --- hashes ---------------------------------------------------------------------------------------------------------


def test_the_hash_of_a_file_is_sha256_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")

    assert hash_file(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_hash_of_parameters_is_of_names_types_shapes_and_values() -> None:
    def make(**tensors: torch.Tensor) -> nn.Module:
        module = nn.Module()
        for name, tensor in tensors.items():
            module.register_buffer(name, tensor)
        return module

    ones = torch.ones(2, 3)
    modules = [
        make(a=ones),
        make(b=ones),
        make(a=ones.T),
        make(a=ones.reshape(6)),
        make(a=ones.double()),
        make(a=ones, b=ones.clone()),
        make(a=torch.tensor([[1.0, 1, 1], [1, 1, 1 + 2**-23]])),
    ]

    assert len({hash_parameters(module) for module in modules}) == len(modules)
    assert hash_parameters(make(a=ones.clone())) == hash_parameters(modules[0])
    # The order in memory does not count.
    assert hash_parameters(make(a=torch.ones(3, 2).T)) == hash_parameters(modules[0])


def test_a_parameter_and_a_buffer_of_one_name_and_value_are_alike() -> None:
    parameter, buffer = nn.Module(), nn.Module()
    parameter.register_parameter("a", nn.Parameter(torch.arange(3.0)))
    buffer.register_buffer("a", torch.arange(3.0))

    assert hash_parameters(parameter) == hash_parameters(buffer)


# --- into a module --------------------------------------------------------------------------------------------------


def test_old_names_are_adapted_before_they_are_compared() -> None:
    module = nn.Linear(2, 1)
    checkpoint = Checkpoint.from_state({"w": torch.ones(1, 2), "b": torch.zeros(1)}, "old.pth")

    assert load_weights(module, checkpoint, lambda state: {"weight": state["w"], "bias": state["b"]}) == ()
    assert module.weight.tolist() == [[1, 1]]
    with pytest.raises(InputError, match=r"old\.pth has 2 missing: weight, bias; 2 unexpected: w, b\."):
        load_weights(module, checkpoint)


def test_at_most_five_keys_of_a_fault_are_named() -> None:
    module = nn.Sequential(*(nn.Linear(2, 1, bias=False) for _ in range(7)))

    with pytest.raises(InputError, match=r"7 of another shape: 0\.weight \(file \(3,\), model \(1, 2\)\).* and 2 more"):
        load_weights(module, Checkpoint.from_state({f"{i}.weight": torch.ones(3) for i in range(7)}, "x"))


def test_entries_beside_the_prefix_are_left_out_with_a_note() -> None:
    module = nn.Linear(2, 1, bias=False)
    state = {"net.weight": torch.ones(1, 2), "loss.scale": torch.ones(1), "metric.n": torch.ones(1)}

    assert load_weights(module, Checkpoint.from_state(state, "x.pth")) == (
        "Left out 2 entries of x.pth beside net.*: loss.scale, metric.n.",
    )
    assert module.weight.tolist() == [[1, 1]]
