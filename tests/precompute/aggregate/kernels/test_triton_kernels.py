"""The kernel for CUDA equals the loop in Triton's interpreter; the choice between the tiers."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import Tensor

from precompute.aggregate import kernels
from precompute.aggregate.kernels import convolution as tiers
from tests.reference import influence as reference
from tests.reference.influence import Conv
from tests.support.drawn_convolutions import FIXED, build_expression, draw_convolutions
from tests.support.interpreted import Interpreter, start_interpreter

needs_triton = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is not installed here")


@pytest.fixture(scope="module")
def interpret() -> Iterator[Interpreter]:
    with start_interpreter() as begun:
        yield begun


def compute_expected(conv: Conv, values: Tensor) -> Tensor:
    return torch.stack([reference.compute_influence(conv, image) for image in values])


@needs_triton
@pytest.mark.parametrize("name", FIXED)
def test_interpreted_it_equals_the_loop(interpret: Interpreter, name: str) -> None:
    conv, values = FIXED[name]
    assert torch.equal(interpret(conv, values), compute_expected(conv, values))


@needs_triton
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(draw_convolutions())
def test_interpreted_it_equals_the_loop_on_whatever_is_drawn(interpret: Interpreter, case: tuple[Conv, Tensor]) -> None:
    conv, values = case
    assert torch.equal(interpret(conv, values), compute_expected(conv, values))


@needs_triton
def test_interpreted_it_reads_values_of_any_order_in_memory(interpret: Interpreter) -> None:
    conv, values = FIXED["3 wide with padding"]
    assert torch.equal(
        interpret(conv, values.contiguous(memory_format=torch.channels_last)), compute_expected(conv, values)
    )


@needs_triton
@pytest.mark.parametrize("capability", [80, 90])
def test_it_compiles_for_gpus_that_are_not_here(
    capability: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from precompute.aggregate.kernels import triton_kernels

    loop = triton_kernels._raise_maxima
    for side, n_targets in ((3, 256), (2, 1)):
        n_taps = side * side
        sizes = {"TARGETS": triton_kernels.choose_block_of_targets(n_targets, n_taps), "POSITIONS": 64}
        constants = {"ROWS": side, "COLUMNS": side, **sizes}
        pointers = {"values", "weight", "found"}
        kinds = {
            name: "constexpr" if name in constants else "*fp32" if name in pointers else "i32"
            for name in loop.arg_names
        }
        source = ASTSource(fn=loop, signature=kinds, constexprs=constants)
        target = GPUTarget("cuda", capability, 32)
        compiled = triton.compile(source, target=target, options={"enable_fp_fusion": True})
        assert compiled.asm["cubin"]
        assert "fma" in compiled.asm["ptx"] and "tf32" not in compiled.asm["ptx"] and "atom" not in compiled.asm["ptx"]


@needs_triton
def test_a_block_of_targets_is_a_power_of_two() -> None:
    from precompute.aggregate.kernels.triton_kernels import choose_block_of_targets

    for n_taps in range(1, 50):
        for n_targets in (1, 2, 3, 31, 33, 2048):
            size = choose_block_of_targets(n_targets, n_taps)
            assert size & (size - 1) == 0 and 1 <= size <= 32 and size * n_taps <= 288


def choose_tier(device: str, n_taps: tuple[int, int] = (3, 3), dtype: torch.dtype = torch.float32) -> Any:
    values: Any = SimpleNamespace(device=torch.device(device), dtype=dtype, shape=(1, 2, 8, 8))
    return tiers._choose_tier(build_expression(Conv(torch.ones(4, 2, *n_taps))), values)


def test_every_device_has_its_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "load_triton_kernels", lambda: ModuleType("triton_kernels"))
    assert choose_tier("cpu") is tiers._compute_by_numba
    assert choose_tier("cuda") is choose_tier("cuda:1") is tiers._compute_by_triton
    assert choose_tier("mps") is tiers._compute_by_torch
    for device in ("cpu", "cuda"):
        assert choose_tier(device, (1, 1)) is choose_tier(device, (9, 9)) is tiers._compute_by_torch
        assert choose_tier(device, dtype=torch.float64) is tiers._compute_by_torch
    monkeypatch.setattr(tiers, "load_triton_kernels", lambda: None)
    monkeypatch.setattr(tiers, "load_compiled_loops", lambda: None)
    assert choose_tier("cpu") is choose_tier("cuda") is tiers._compute_by_torch


@needs_triton
def test_where_triton_cannot_compile_torch_serves_and_a_warning_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from precompute.aggregate.kernels import triton_kernels

    def fail(device: torch.device) -> None:
        raise RuntimeError("Failed to find C compiler.")

    monkeypatch.setattr(triton_kernels, "require_exact", fail)
    with pytest.warns(UserWarning, match=r"without Triton, slower: Failed to find C compiler\."):
        assert tiers.load_triton_kernels.__wrapped__() is None


def test_where_triton_is_not_installed_torch_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "precompute.aggregate.kernels.triton_kernels", None)
    monkeypatch.delattr(kernels, "triton_kernels", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tiers.load_triton_kernels.__wrapped__() is None
