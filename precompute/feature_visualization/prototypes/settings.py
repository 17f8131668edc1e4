"""The settings of a prototype, as the manifest names and describes them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from precompute.feature_visualization.ascent.image_statistics import ImageStatistics
from precompute.feature_visualization.prototypes.config import PICTURE_SPACE, PrototypeConfig
from precompute.feature_visualization.prototypes.generators import LoadedGenerator

__all__ = ["compute_fingerprint", "describe_settings"]


def describe_settings(
    config: PrototypeConfig, method: str, generator: LoadedGenerator | None, n_images: int
) -> dict[str, Any]:
    """Describes the settings that change a prototype by more than rounding, as plain values for the manifest.

    Args:
        config: settings of the prototypes.
        method: one of `PROTOTYPE_METHODS`.
        generator: the generator of code space; the other method does not read it.
        n_images: number of images that the colours were measured on.
    """
    common = {
        "method": method,
        "size": list(config.shape),
        "n_steps": config.n_steps,
        "seed": config.seed,
        "lambda": config.penalties[method],
        "learning_rate": config.learning_rates[method],
        "transforms": dataclasses.asdict(config.transforms),
        "plateau": dataclasses.asdict(config.plateau),
        "webp_quality": config.webp_quality,
    }
    if method == PICTURE_SPACE or generator is None:
        return {**common, "n_images": n_images}
    common["n_candidates"] = config.n_candidates if generator.code_starts is None else len(generator.code_starts)
    made = {"name": generator.name, "sha256": generator.sha256, "code_size": generator.code_size}
    return {**common, "generator": made}


def compute_fingerprint(settings: Mapping[str, Any], statistics: ImageStatistics) -> str:
    """Computes a name that is equal for settings whose prototypes differ by rounding alone."""
    colours = statistics.fingerprint if settings["method"] == PICTURE_SPACE else ""
    text = json.dumps([settings, colours], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
