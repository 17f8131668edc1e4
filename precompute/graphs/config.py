"""The settings of the attribution graphs."""

from __future__ import annotations

from dataclasses import dataclass

from precompute.contract.errors import InputError

__all__ = ["GraphConfig"]


@dataclass(frozen=True)
class GraphConfig:
    """The settings of a class's attribution graph (Hohman et al. 2020, section 6.3). The defaults are that paper's.

    Args:
        damping: probability, in [0, 1), of following an edge instead of restarting at the personalization.
        tolerance: PageRank of N channels ends when the changes of their scores sum to less than N times this.
        initial_mass: the least share of PageRank, in (0, 1], that the kept channels have together.
        mass_step: the increase of that share while a layer lacks a kept channel with a kept source.
        directed: True lets importance flow from target to source only, that is from the output back to the input.
            False lets it flow both ways along every influence, as in the paper.
        max_iterations: of PageRank. Each multiplies the error by `damping` or less, so 1000 suffice up to 0.98.

    Raises:
        InputError: a value outside its range.
    """

    damping: float = 0.85
    tolerance: float = 1e-8
    initial_mass: float = 0.075
    mass_step: float = 0.005
    directed: bool = False
    max_iterations: int = 1000

    def __post_init__(self) -> None:
        _require(0 <= self.damping < 1, "The damping lies in [0, 1).", self.damping, "0.85")
        _require(self.tolerance > 0, "The tolerance of PageRank is positive.", self.tolerance, "1e-8")
        _require(0 < self.initial_mass <= 1, "The initial PageRank mass lies in (0, 1].", self.initial_mass, "0.075")
        _require(1e-6 <= self.mass_step <= 1, "The step of the mass lies in [1e-6, 1].", self.mass_step, "0.005")
        _require(self.max_iterations >= 1, "PageRank iterates at least once.", self.max_iterations, "1000")


def _require(holds: bool, rule: str, value: float, usual: str) -> None:
    if not holds:
        raise InputError(rule, f"It was {value}.", f"The usual value is {usual}.")
