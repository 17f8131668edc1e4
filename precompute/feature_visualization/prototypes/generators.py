"""Generators: decoders from a short code to a picture, the demo's own or one from a person's Python file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.contract.errors import InputError
from precompute.models.sources.model_file import build_from_file
from precompute.models.sources.soundness import make_module_ready
from precompute.models.weights.loading import hash_file, hash_parameters

__all__ = ["DEMO", "CodeParametrization", "Generator", "LoadedGenerator", "load_generator"]

DEMO = "demo"
_TOLERANCE = 1e-3
_RULE = "A generator turns codes (batch, code_size) into pictures (batch, 3, height, width) with values in [0, 1]."
_EXAMPLE = """\
A generator file is plain Python with a function that takes nothing and returns an nn.Module:
    def build():
        return MyDecoder()
Name both, and the length of its codes: --generator path/decoder.py:build --code-size 100
"""


class Generator(Protocol):
    """The behaviour of a generator's module in evaluation mode.

    It may have the attributes `code_mean` and `code_std`, numbers or tensors `(code_size,)`: mean and standard
    deviation of its codes, by default 0 and 1. It may also have `code_starts`, `(code, code_size)`: typical codes to
    start from, for a generator whose codes are not spread like a normal distribution.
    """

    def __call__(self, codes: Tensor) -> Tensor:
        """Draws RGB pictures in [0, 1], `(batch, 3, height, width)`, from codes `(batch, code_size)`.

        Differentiable.
        """
        ...


@dataclass(frozen=True, eq=False)
class LoadedGenerator:
    """A generator that passed the checks.

    Attributes:
        module: the module in float32 and evaluation mode; no parameter requires a gradient.
        name: `demo`, or the names of callable and file.
        sha256: digest of its parameters and buffers, and for a file also of its code.
        code_mean, code_std: mean and standard deviation of its codes, `(code_size,)`.
        code_starts: typical codes, `(code, code_size)`; None if it has none.
    """

    module: nn.Module
    name: str
    sha256: str
    code_mean: Tensor
    code_std: Tensor
    code_starts: Tensor | None = None

    @property
    def code_size(self) -> int:
        """The length of a code."""
        return len(self.code_mean)

    def move_to(self, device: torch.device) -> LoadedGenerator:
        """Returns the generator on another device; its module moves in place."""
        mean, std = self.code_mean.to(device), self.code_std.to(device)
        starts = None if self.code_starts is None else self.code_starts.to(device)
        return replace(self, module=self.module.to(device), code_mean=mean, code_std=std, code_starts=starts)


class CodeParametrization:
    """Pictures from codes, `(batch, code_size)`, as deviations from their mean in units of their standard deviation.

    Args:
        generator: the generator, on the device where pictures are optimised.
        shape: height and width of the pictures; others are resized, bilinearly with antialiasing.
    """

    def __init__(self, generator: LoadedGenerator, shape: tuple[int, int]) -> None:
        self._generator, self._shape = generator, shape

    def draw_start(self, generator: torch.Generator) -> Tensor:
        """Draws a random code."""
        noise = torch.randn(self._generator.code_size, generator=generator)
        return noise.to(self._generator.code_mean.device)

    def list_candidates(self, n: int, generator: torch.Generator) -> Tensor:
        """Lists the generator's typical codes, or else `n` random ones, `(candidate, code_size)`."""
        made = self._generator
        if made.code_starts is None:
            return torch.stack([self.draw_start(generator) for _ in range(n)])
        return (made.code_starts - made.code_mean) / made.code_std

    def render(self, parameters: Tensor) -> Tensor:
        made = self._generator
        drawn = made.module(made.code_mean + made.code_std * parameters)
        if drawn.shape[2:] != self._shape:
            drawn = functional.interpolate(drawn, self._shape, mode="bilinear", antialias=True)
        return drawn.clamp(0, 1)


def load_generator(source: str, code_size: int | None = None, model_path: Sequence[str] = ()) -> LoadedGenerator:
    """Loads the generator that `source` names, and checks it.

    Args:
        source: `demo`, or `FILE.py:CALLABLE`.
        code_size: length of a code; required for a file.
        model_path: more folders that a file imports from, besides its own and its package's.

    Raises:
        InputError: there is no such generator, its parameters are unsound, or it does not behave as `Generator` says.
    """
    if source == DEMO:
        built = _load_demo()
        if code_size not in (None, built.code_size):
            raise InputError(
                f"The codes of the demo's generator have {built.code_size} numbers.",
                f"Found --code-size {code_size}.",
                "Leave --code-size out.",
            )
        return built
    if not (source.endswith(".py") or ".py:" in source):
        raise InputError("A generator is `demo` or FILE.py:CALLABLE.", f"Found {source}.", _EXAMPLE)
    if code_size is None or code_size < 1:
        found = "Found none." if code_size is None else f"Found {code_size}."
        raise InputError("--code-size says how many numbers a code of the generator has.", found, _EXAMPLE)
    return _load_from_file(source, code_size, model_path)


def _load_demo() -> LoadedGenerator:
    from precompute.demo import generator as demo

    size = demo.CODE_SIZE
    module = demo.load_generator()
    module.requires_grad_(False)
    sha256 = hash_file(demo.WEIGHTS)
    return LoadedGenerator(module, DEMO, sha256, torch.zeros(size), torch.ones(size), module.code_starts)


def _load_from_file(source: str, code_size: int, model_path: Sequence[str]) -> LoadedGenerator:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        built = build_from_file(source, model_path)
    module = built.module
    make_module_ready(module)
    mean, std = (
        _read_attribute(module, name, code_size, none) for name, none in (("code_mean", 0.0), ("code_std", 1.0))
    )
    digest = f"{built.code_sha256[:32]}{hash_parameters(module)[:32]}"
    name = f"{built.name} ({source.rpartition(':')[0]})"
    generator = LoadedGenerator(module, name, digest, mean, std, _read_starts(module, code_size))
    _require_sound(generator)
    return generator


def _read_attribute(module: nn.Module, name: str, code_size: int, none: float) -> Tensor:
    """Reads `code_mean` or `code_std` of a module, one number for all or one for each, as `(code_size,)`."""
    value = torch.as_tensor(getattr(module, name, none), dtype=torch.float32).detach().cpu()
    if value.ndim > 1 or (value.ndim == 1 and len(value) != code_size):
        raise InputError(
            f"{name} of a generator is one number, or one for each of the {code_size} of a code.",
            f"Found the shape {tuple(value.shape)}.",
            f"Correct {name}, or --code-size.",
        )
    if not bool(torch.isfinite(value).all()) or (name == "code_std" and bool((value <= 0).any())):
        sign = " and above 0" if name == "code_std" else ""
        raise InputError(
            f"{name} of a generator is finite{sign}.", f"Found {_format_range(value)}.", f"Correct {name} in its file."
        )
    return value.expand(code_size).clone()


def _read_starts(module: nn.Module, code_size: int) -> Tensor | None:
    given = getattr(module, "code_starts", None)
    if given is None:
        return None
    starts = torch.as_tensor(given, dtype=torch.float32).detach().cpu()
    rule = f"code_starts of a generator are finite codes, one a row of {code_size} numbers."
    fix = "Correct code_starts, or --code-size."
    if starts.ndim != 2 or starts.shape[1] != code_size or not len(starts):
        raise InputError(rule, f"Found the shape {tuple(starts.shape)}.", fix)
    if not bool(torch.isfinite(starts).all()):
        raise InputError(rule, "Found NaN or infinity.", fix)
    return starts


# --- checks ---------------------------------------------------------------------------------------------------------


class _Trial(NamedTuple):
    codes: Tensor
    drawn: Tensor


def _require_sound(generator: LoadedGenerator) -> None:
    trial = _try_codes(generator)
    _require_pictures(trial.drawn, len(trial.codes))
    _require_values(trial.drawn.detach())
    if float((trial.drawn[0] - trial.drawn[1]).detach().abs().max()) == 0:
        raise InputError(
            "Different codes give different pictures.",
            "Two codes gave the same picture.",
            "Let the generator use its code, and give it its trained weights.",
        )
    _require_gradient(trial)


def _try_codes(generator: LoadedGenerator) -> _Trial:
    size = generator.code_size
    noise = torch.randn((3, size), generator=torch.Generator().manual_seed(0))
    codes = (generator.code_mean + generator.code_std * noise).requires_grad_()
    try:
        return _Trial(codes, generator.module(codes))
    except (Exception, SystemExit) as problem:
        reason = (str(problem).splitlines() or [""])[0]
        raise InputError(
            _RULE,
            f"Codes of the shape (3, {size}) ended in {type(problem).__name__}: {reason}",
            "Is --code-size right? It is the number of inputs of the generator's first layer.",
        ) from problem


def _require_pictures(drawn: object, batch: int) -> None:
    if not isinstance(drawn, Tensor):
        raise InputError(_RULE, f"It returned {type(drawn).__name__}.", "Return the tensor of pictures alone.")
    if drawn.ndim != 4 or drawn.shape[:2] != (batch, 3) or 0 in drawn.shape:
        raise InputError(
            _RULE,
            f"{batch} codes gave the shape {tuple(drawn.shape)}.",
            "Return one RGB picture for each code; grey ones are repeated: pictures.expand(-1, 3, -1, -1).",
        )


def _require_values(drawn: Tensor) -> None:
    if not bool(torch.isfinite(drawn).all()):
        raise InputError(_RULE, "It drew NaN or infinity.", "Look at its weights and at divisions in its forward.")
    if float(drawn.min()) < -_TOLERANCE or float(drawn.max()) > 1 + _TOLERANCE:
        is_tanh = float(drawn.min()) >= -1 - _TOLERANCE and float(drawn.max()) <= 1 + _TOLERANCE
        fix = "Return (pictures + 1) / 2." if is_tanh else "Scale them: pictures / 255, or a sigmoid at the end."
        raise InputError(_RULE, f"It drew values {_format_range(drawn)}.", fix)


def _require_gradient(trial: _Trial) -> None:
    """Raises InputError without a gradient that reaches the code: ascent needs one."""
    found = (
        torch.autograd.grad(trial.drawn.sum(), trial.codes, allow_unused=True)[0] if trial.drawn.requires_grad else None
    )
    if found is None:
        raise InputError(
            "Pictures are differentiable by their codes.",
            "No gradient comes back to the code.",
            "Leave detach(), torch.no_grad(), rounding and numpy out of the generator's forward.",
        )
    if not bool(torch.isfinite(found).all()) or not bool(found.any()):
        what = "zero everywhere" if bool(torch.isfinite(found).all()) else "NaN or infinite"
        raise InputError(
            "Pictures are differentiable by their codes.",
            f"The gradient of a picture by its code is {what}.",
            "Leave rounding, thresholds and divisions by 0 out of the generator's forward.",
        )


def _format_range(values: Tensor) -> str:
    return f"from {float(values.min()):.3g} to {float(values.max()):.3g}"
