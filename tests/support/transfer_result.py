"""A transfer result written without models: two models with three cuts, three classes with four images each."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

from precompute.contract.transfer_tables import read_transfer_table, write_transfer_manifest, write_transfer_table

__all__ = ["CLASSES", "CUTS", "IMAGES", "write_transfer_result"]

CLASSES = ("ant", "bee", "cow & calf")
CUTS = ("low", "middle", "high")
IMAGES = [(4 * class_id + number, class_id) for class_id in range(3) for number in range(4)]
_RIGHT = {"small": (4, 8, 10), "large": (3, 9, 9)}
"""Images that each cut has right: the first so many of a list that differs from model to model."""


def _predict(model: str, cut: int) -> list[int]:
    order = [number for number, _ in IMAGES]
    if model == "large":
        order = order[::-1]
    right = set(order[: _RIGHT[model][cut]])
    return [class_id if number in right else (class_id + 1 + cut % 2) % 3 for number, class_id in IMAGES]


def write_transfer_result(folder: Path, has_pictures: bool = True, learned: bool = True) -> Path:
    """Writes the result and returns its folder.

    Args:
        folder: made where it is absent.
        has_pictures: whether there is a picture of every image.
        learned: whether there is a head that was trained by gradient descent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    models = list(_RIGHT)
    predicted = {(model, cut): _predict(model, cut) for model in models for cut in range(3)}
    n = len(IMAGES)
    cuts = []
    for model, index in predicted:
        accuracy = _RIGHT[model][index] / n
        size = (index + 1) * (10 if model == "large" else 1)
        cuts.append(
            {
                "model": model, "cut": CUTS[index], "cut_index": index, "n_channels": 8, "height": 4, "width": 4,
                "n_images": n, "accuracy": accuracy, "ci_low": max(0.0, accuracy - 0.2),
                "ci_high": min(1.0, accuracy + 0.15), "standard_error": 0.1, "macro_f1": accuracy, "log_loss": 0.5,
                "logme": -0.1 * index, "parameters": 1000 * size, "multiply_adds": 1_000_000 * size,
                "milliseconds": 0.5 * size, "is_best": (model, index) == ("small", 2),
                "is_within": index == 2 or (model, index) == ("large", 1), "is_advised": (model, index) == ("small", 2),
                "is_on_front": model == "small",
            }
        )  # fmt: skip
    write_transfer_table(folder, "cuts", cuts)
    write_transfer_table(folder, "predictions", [
        {"model": model, "cut": CUTS[cut], "cut_index": cut, "image_id": number, "fold": number % 2,
         "class_id": class_id, "predicted_class_id": said[place], "predicted_probability": 0.5 + 0.01 * place,
         "true_probability": 0.4}
        for (model, cut), said in predicted.items() for place, (number, class_id) in enumerate(IMAGES)
    ])  # fmt: skip
    write_transfer_table(
        folder, "classes", [{"class_id": i, "class_name": name, "n_images": 4} for i, name in enumerate(CLASSES)]
    )
    write_transfer_table(
        folder,
        "images",
        [{"image_id": i, "class_id": c, "path": f"{CLASSES[c]}/{i}.png", "fold": i % 2} for i, c in IMAGES],
    )
    write_transfer_table(folder, "learned", [_describe_learned()] if learned else [])
    if has_pictures:
        write_transfer_table(folder, "pictures", [{"image_id": i, "picture": _draw(i)} for i, _ in IMAGES])
    write_transfer_manifest(folder, _describe(folder))
    return folder


def _describe(folder: Path) -> dict[str, Any]:
    command = f"summit-dash precompute {folder}/heads/small@high/model.py:build /data/photos --out runs/small@high"
    return {
        "dataset": {"name": "photos", "source": "/data/photos", "limit_per_class": None, "allow_outside": False},
        "config": {"pooling": "mean", "n_folds": 2, "penalties": [0.01], "n_inner_folds": 3, "seed": 0},
        "models": {
            name: {"published_top1": 0.75 if name == "large" else None, "n_parameters": 90_000} for name in _RIGHT
        },
        "n_images": len(IMAGES),
        "skipped": {},
        "advice": {
            "sentence": "Cut small after high: 83.3 % [63.3, 98.3] of 12 images held out.",
            "model": "small", "cut": "high", "cost": "multiply_adds",
        },
        "estimate": {"n_cuts": 6, "spearman": 0.5},
        "heads": {
            "small@high": {"model": "small", "cut": "high", "kind": "linear", "fingerprint": "a", "command": command}
        },
    }  # fmt: skip


def _describe_learned() -> dict[str, Any]:
    return {
        "model": "small", "cut_index": 1, "head": "conv1x1", "n_unfrozen": 0, "cut": "middle", "n_images": 12,
        "accuracy": 0.75, "ci_low": 0.5, "ci_high": 0.9, "macro_f1": 0.7, "log_loss": 0.4, "n_gained": 2, "n_lost": 1,
        "parameters": 3000, "n_trained": 500, "multiply_adds": 2_500_000, "mean_epochs": 4.5,
    }  # fmt: skip


def add_learned(folder: Path, cut: str, head: str) -> None:
    """Adds the row of a trained head to a result."""
    model, _, layer = cut.partition("@")
    row = {**_describe_learned(), "model": model, "cut": layer, "cut_index": 0, "head": head}
    write_transfer_table(folder, "learned", [*read_transfer_table(folder, "learned").to_pylist(), row])


def _draw(number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (20 * number, 120, 90)).save(file, "WEBP", lossless=True)
    return file.getvalue()
