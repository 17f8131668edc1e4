"""A run that holds little more than the demo's model, with two images of each class."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from precompute.contract.schema import SCHEMA_VERSION, write_manifest
from precompute.contract.writing import write_table
from precompute.datasets.sources.open import open_images
from precompute.models.sources.loaded import ModelConfig
from precompute.models.sources.loading import load_model
from precompute.models.weights.loading import hash_parameters

__all__ = ["write_image", "write_live_run"]


def write_live_run(run: Path) -> Path:
    loaded = load_model(ModelConfig("demo"))
    source = open_images("demo", 2, False)
    run.mkdir(parents=True)
    images = source.images
    columns = {
        "class_id": [image.class_id for image in images],
        "image_id": [image.image_id for image in images],
        "path": [image.path for image in images],
        "predicted_class_id": [0] * len(images),
        "predicted_probability": [0.5] * len(images),
        "true_probability": [None] * len(images),
    }
    write_table(run, "images", columns)
    classes = {
        "class_id": [each.class_id for each in source.classes],
        "class_name": [each.class_name for each in source.classes],
        "synset": [None] * len(source.classes),
        "group": [None] * len(source.classes),
        "n_images": [2] * len(source.classes),
        "top1_accuracy": [None] * len(source.classes),
        "top5_accuracy": [None] * len(source.classes),
        "probability_histogram": [None] * len(source.classes),
    }
    write_table(run, "classes", classes)
    model = {
        "name": "demo",
        "source": "demo",
        "weights": None,
        "weights_sha256": loaded.weights_sha256,
        "parameters_sha256": hash_parameters(loaded.module),
        "code_sha256": None,
        "input_size": [3, 96, 96],
        "preprocess": loaded.preprocess.to_dict(),
    }
    dataset = {"name": "scenes", "labels_are_outputs": True, "source": "demo", "limit_per_class": 2}
    write_manifest(
        run, {"schema_version": SCHEMA_VERSION, "model": model, "dataset": dataset, "layers": ["stem", "mixed3"]}
    )
    return run


def write_image(size: tuple[int, int] = (96, 96)) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(file, "PNG")
    return file.getvalue()
