"""Slow, obvious versions of what transfer computes: pooled features, LogME, and a regression by plain descent."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import optimize, stats

from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer

__all__ = ["compute_evidence", "fit_regression", "pool_layers"]


def pool_layers(model: ExportedModel, layers: tuple[RecordedLayer, ...], image: torch.Tensor) -> NDArray[np.float64]:
    """Computes mean and maximum of every channel of every layer for one image, `(2, channel)`, position by position."""
    columns: list[tuple[float, float]] = []
    for layer in layers:
        (value,) = model.build_sub_graph([layer.node])(image[None])
        for channel in model.layouts[layer.node].view_maps(value)[0].detach():
            numbers = [float(number) for row in channel for number in row]
            columns.append((sum(numbers) / len(numbers), max(numbers)))
    return np.array(columns).T


def compute_evidence(features: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    """Computes the greatest log evidence per image of a Bayesian linear regression, by search over both precisions."""
    n = len(features)

    def compute_loss(logarithms: NDArray[np.float64]) -> float:
        alpha, beta = np.exp(logarithms)
        covariance = np.eye(n) / beta + features @ features.T / alpha
        return -float(stats.multivariate_normal(np.zeros(n), covariance).logpdf(target)) / n

    starts = [(a, b) for a in (-2.0, 0.0, 3.0) for b in (-1.0, 1.0, 3.0)]
    return -min(optimize.minimize(compute_loss, start, method="Nelder-Mead").fun for start in starts)


def fit_regression(features: NDArray[np.float64], labels: NDArray[np.int64], penalty: float) -> NDArray[np.float64]:
    """Fits a multinomial logistic regression on standardised features; returns probabilities of the same images."""
    x = torch.tensor((features - features.mean(0)) / features.std(0))
    y = torch.tensor(labels)
    weight = torch.zeros(x.shape[1], int(labels.max()) + 1, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(weight.shape[1], dtype=torch.float64, requires_grad=True)
    descent = torch.optim.LBFGS([weight, bias], max_iter=500, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def step() -> torch.Tensor:
        descent.zero_grad()
        loss = torch.nn.functional.cross_entropy(x @ weight + bias, y) + penalty / 2 * (weight**2).sum()
        loss.backward()
        return loss

    descent.step(step)
    return torch.softmax(x @ weight + bias, 1).detach().numpy()
