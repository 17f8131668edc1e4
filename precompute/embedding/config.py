"""The settings of the embedding."""

from __future__ import annotations

from dataclasses import dataclass

from precompute.contract.errors import InputError


@dataclass(frozen=True)
class EmbeddingConfig:
    """The settings of the layout (Hohman et al. 2020, section 7.1; UMAP: McInnes et al. 2018).

    Args:
        n_neighbors: classes taken as neighbours of each class. All others are, if there are fewer.
        min_dist: least distance between points, in units of the layout.
        seed: of every random choice. The same seed gives the same layout on the same machine.
        n_epochs: optimisation steps; UMAP's own choice if None (500 up to 10,000 classes, then 200).

    Raises:
        InputError: a value outside its range.
    """

    n_neighbors: int = 15
    min_dist: float = 0.1
    seed: int = 0
    n_epochs: int | None = None

    def __post_init__(self) -> None:
        if self.n_neighbors < 2:
            raise InputError("UMAP needs 2 neighbours or more.", f"n_neighbors was {self.n_neighbors}.", "Try 15.")
        if not 0 <= self.min_dist <= 1:
            raise InputError("min_dist lies in [0, 1].", f"It was {self.min_dist}.", "Try 0.1.")
