"""Generators: the demo's, and those of a person's file, tried before anything is drawn with them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from precompute.contract.errors import InputError
from precompute.feature_visualization.prototypes.generators import CodeParametrization, load_generator
from tests.support.generator_files import CODE_SIZE, write_generators


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_generators(tmp_path)


def test_a_sound_file_is_loaded_with_the_mean_and_spread_of_its_codes(file: Path) -> None:
    plain = load_generator(f"{file}:build", CODE_SIZE)
    assert plain.code_size == CODE_SIZE and not plain.module.training
    assert torch.equal(plain.code_mean, torch.zeros(6)) and torch.equal(plain.code_std, torch.ones(6))
    assert not any(parameter.requires_grad for parameter in plain.module.parameters())
    shifted = load_generator(f"{file}:shifted", CODE_SIZE)
    assert torch.equal(shifted.code_mean, torch.arange(6.0)) and torch.equal(shifted.code_std, torch.full((6,), 0.5))
    assert plain.sha256 == load_generator(f"{file}:build", CODE_SIZE).sha256


def test_codes_are_deviations_in_units_of_their_spread(file: Path) -> None:
    made = load_generator(f"{file}:shifted", CODE_SIZE)
    deviations = torch.randn(2, 6, generator=torch.Generator().manual_seed(3))
    expected = made.module(torch.arange(6.0) + 0.5 * deviations)
    assert torch.equal(CodeParametrization(made, (12, 12)).render(deviations), expected)
    larger = CodeParametrization(made, (24, 20)).render(deviations)
    resized = functional.interpolate(expected, (24, 20), mode="bilinear", antialias=True)
    assert larger.shape == (2, 3, 24, 20)
    torch.testing.assert_close(larger, resized)


@pytest.mark.parametrize(
    ("name", "code_size", "said"),
    [
        ("build", 7, "Codes of the shape (3, 7) ended in RuntimeError"),
        ("build", None, "--code-size says how many numbers"),
        ("build", 0, "Found 0"),
        ("bild", CODE_SIZE, "decoder.py:build"),
        ("number", CODE_SIZE, "returned int"),
        ("grey", CODE_SIZE, "3 codes gave the shape (3, 1, 12, 12)"),
        ("flat", CODE_SIZE, "3 codes gave the shape (3, 432)"),
        ("named", CODE_SIZE, "It returned dict"),
        ("tanh", CODE_SIZE, "Return (pictures + 1) / 2."),
        ("bright", CODE_SIZE, "pictures / 255"),
        ("nan", CODE_SIZE, "It drew NaN or infinity"),
        ("constant", CODE_SIZE, "Two codes gave the same picture"),
        ("detached", CODE_SIZE, "No gradient comes back"),
        ("rounded", CODE_SIZE, "is zero everywhere"),
        ("wide_mean", CODE_SIZE, "Found the shape (5,)"),
        ("wide_starts", CODE_SIZE, "Found the shape (4, 5). Correct code_starts"),
        ("spoiled", CODE_SIZE, "Weights are finite numbers. NaN or infinity in layer.weight (1 of 2,592 values)"),
        ("no_spread", CODE_SIZE, "code_std of a generator is finite and above 0"),
    ],
)
def test_a_fault_is_one_message_that_says_what_to_do(file: Path, name: str, code_size: int | None, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_generator(f"{file}:{name}", code_size)
    problem = caught.value
    assert said in f"{problem.rule} {problem.found} {problem.fix}"
    assert problem.fix


def test_what_is_no_generator_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"FILE\.py:CALLABLE"):
        load_generator("stylegan", 512)
    with pytest.raises(InputError, match="64 numbers"):
        load_generator("demo", 100)


def test_weights_of_half_precision_are_converted(file: Path) -> None:
    """Codes are float32: a module that stayed in half precision would refuse them."""
    generator = load_generator(f"{file}:half", CODE_SIZE)
    assert {parameter.dtype for parameter in generator.module.parameters()} == {torch.float32}


def test_the_digest_changes_with_weights_and_not_with_the_name(file: Path, tmp_path: Path) -> None:
    plain, half = (load_generator(f"{file}:{name}", CODE_SIZE) for name in ("build", "half"))
    assert plain.sha256 != half.sha256 and len(plain.sha256) == 64
    copy = tmp_path / "copy.py"
    copy.write_bytes(file.read_bytes())
    again = load_generator(f"{copy}:build", CODE_SIZE)
    assert again.sha256 == plain.sha256 and again.name != plain.name


def test_loading_a_generator_leaves_the_random_numbers_of_the_caller_alone(file: Path) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    load_generator(f"{file}:build", CODE_SIZE)
    assert torch.equal(torch.rand(3), expected)


def test_typical_codes_are_the_candidates_in_units_of_their_spread(file: Path) -> None:
    """Codes of 1, with means 0 to 5 and a standard deviation of one half."""
    generator = load_generator(f"{file}:typical", CODE_SIZE)
    candidates = CodeParametrization(generator, (12, 12)).list_candidates(128, torch.Generator())
    assert candidates.tolist() == [[2.0, 0.0, -2.0, -4.0, -6.0, -8.0]] * 4


def test_random_candidates_are_those_of_their_seed(file: Path) -> None:
    parametrization = CodeParametrization(load_generator(f"{file}:build", CODE_SIZE), (12, 12))
    first, again = (parametrization.list_candidates(5, torch.Generator().manual_seed(2)) for _ in range(2))
    assert first.shape == (5, CODE_SIZE) and torch.equal(first, again)
    assert torch.equal(first[:1], parametrization.list_candidates(1, torch.Generator().manual_seed(2)))


def test_a_generator_moves_with_its_codes(file: Path) -> None:
    moved = load_generator(f"{file}:typical", CODE_SIZE).move_to(torch.device("meta"))
    assert moved.code_starts is not None
    tensors = [moved.code_mean, moved.code_std, moved.code_starts, *moved.module.parameters()]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
