"""Slow, obvious versions of what `precompute.feature_visualization` computes."""

from __future__ import annotations

import cmath
import math

import numpy as np
from numpy.typing import NDArray


def sum_fourier_picture(
    spectrum: NDArray[np.float64], colour: NDArray[np.float64], contrast: float = 0.25
) -> NDArray[np.float64]:
    """Sums a picture in [0, 1], `(3, size, size)`, of a spectrum `(3, size, size // 2 + 1, 2)`, wave by wave."""
    size = spectrum.shape[1]
    components = np.zeros((3, size, size))
    for component in range(3):
        for u in range(size):
            for v in range(size // 2 + 1):
                frequency = math.hypot(min(u, size - u) / size, v / size)
                amplitude = complex(*spectrum[component, u, v]) / max(frequency, 1 / size)
                n_twins = 1 if v == 0 or 2 * v == size else 2  # a real picture repeats the other waves mirrored
                for y in range(size):
                    for x in range(size):
                        wave = cmath.exp(2j * math.pi * (u * y + v * x) / size)
                        components[component, y, x] += n_twins * (amplitude * wave).real / size
    longest = max(np.linalg.norm(colour[:, c]) for c in range(3))
    mixed = np.zeros((3, size, size))
    for rgb in range(3):
        for component in range(3):
            mixed[rgb] += colour[rgb, component] / longest * contrast * components[component]
    return 1 / (1 + np.exp(-mixed))


def move_point(point: tuple[float, float], movement: dict[str, float]) -> tuple[float, float]:
    """Finds the point of the picture that a point of the output is read from, both (x, y) from -1 to 1.

    Undoes, in turn, the last shift, the rotation, the scaling and the first shift.
    """
    x, y = point[0] + movement["last_x"], point[1] + movement["last_y"]
    angle = movement["angle"]
    x, y = math.cos(angle) * x - math.sin(angle) * y, math.sin(angle) * x + math.cos(angle) * y
    x, y = x / movement["zoom"], y / movement["zoom"]
    return x + movement["first_x"], y + movement["first_y"]


def compute_gram_similarities(maps: NDArray[np.float64], group: int) -> list[float]:
    """Computes the mean cosine of each picture's Gram matrix with those of its group.

    Args:
        maps: `(batch, channel, height, width)`.
        group: number of pictures in a group.
    """
    grams = []
    for picture in maps:
        gram = np.zeros((len(picture), len(picture)))
        for i, one in enumerate(picture):
            for j, other in enumerate(picture):
                gram[i, j] = sum(a * b for a, b in zip(one.flat, other.flat, strict=True))
        grams.append(gram)
    found = []
    for b, gram in enumerate(grams):
        first = b // group * group
        others = [grams[o] for o in range(first, first + group) if o != b]
        cosines = [(gram * other).sum() / math.sqrt((gram**2).sum() * (other**2).sum()) for other in others]
        found.append(sum(cosines) / len(cosines))
    return found


def compute_direction_values(maps: NDArray[np.float64], directions: NDArray[np.float64], power: float) -> list[float]:
    """Computes each picture's mean over positions of the product with its direction, times the cosine to a power."""
    found = []
    for picture, direction in zip(maps, directions, strict=True):
        values = []
        for y in range(picture.shape[1]):
            for x in range(picture.shape[2]):
                vector = picture[:, y, x]
                product = float(vector @ direction)
                cosine = product / (float(np.linalg.norm(vector)) * float(np.linalg.norm(direction)))
                values.append(product * max(cosine, 0.1) ** power)
        found.append(sum(values) / len(values))
    return found


def sum_maco_picture(
    phase: NDArray[np.float64], magnitude: NDArray[np.float64], colour: NDArray[np.float64], mean: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sums a picture in [0, 1], `(3, size, size)`, size even, of phases and magnitudes `(3, size, size // 2 + 1)`."""
    size = phase.shape[1]
    components = np.zeros((3, size, size))
    for component in range(3):
        for u in range(size):
            for v in range(size // 2 + 1):
                n_twins = 1 if v == 0 or 2 * v == size else 2
                for y in range(size):
                    for x in range(size):
                        angle = 2 * math.pi * (u * y + v * x) / size + phase[component, u, v]
                        components[component, y, x] += n_twins * magnitude[component, u, v] * math.cos(angle) / size
    mixed = np.einsum("rc,chw->rhw", colour, components)
    start = np.log(mean / (1 - mean))[:, None, None]
    return 1 / (1 + np.exp(-(start + 4 * mixed)))


def compute_log_probability(logits: list[float], outputs: tuple[int, ...]) -> float:
    """Computes the logarithm of the sum of the softmax probabilities of some outputs, number by number."""
    total = math.fsum(math.exp(value) for value in logits)
    return math.log(math.fsum(math.exp(logits[output]) / total for output in outputs))
