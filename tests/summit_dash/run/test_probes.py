"""The accuracy of a linear head on each layer of a run: in the order of the layers, and shown where it was measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from precompute.contract.writing import write_table
from summit_dash.payloads.about import build_about
from summit_dash.payloads.overview import build_overview
from summit_dash.run.probes import read_probes
from summit_dash.run.store import RunStore


def test_rows_go_from_the_input_on_and_are_shown_beside_the_layers(run_path: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(run_path, tmp_path / "run"))
    layers = list(RunStore(folder).layers)
    n = len(layers)
    write_table(folder, "layer_probes", {
        "layer": layers, "n_images": [90] * n, "n_folds": [5] * n, "accuracy": [0.5 + 0.01 * i for i in range(n)],
        "ci_low": [0.4] * n, "ci_high": [0.7] * n, "macro_f1": [0.5] * n, "log_loss": [1.0] * n,
    })  # fmt: skip
    store = RunStore(folder)
    assert [row["layer"] for row in read_probes(store)] == layers
    shown = build_overview(store)["layers"][1]["probe"]
    assert shown == {"accuracy": 0.51, "ci_low": 0.4, "ci_high": 0.7, "n_images": 90}
    (section,) = [each for each in build_about(store)["sections"] if each["id"] == "probe"]
    assert "90 images in 5 folds" in section["blocks"][0]["p"] and set(section["blocks"][1]["figure"]["themes"]) == {
        "light",
        "dark",
    }
    json.dumps(section, allow_nan=False)


def test_a_run_that_was_not_probed_shows_nothing(store: RunStore) -> None:
    assert read_probes(store) == [] and build_overview(store)["layers"][0]["probe"] is None
    assert "probe" not in [each["id"] for each in build_about(store)["sections"]]
