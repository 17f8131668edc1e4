from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash.payloads.keys import build_payload
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore


def test_a_class_is_shown_by_an_example_of_its_strongest_last_channel(store: RunStore) -> None:
    for class_id in store.classes:
        last = [node for node in store.graph(class_id).nodes if node.channel.layer == "conv5"]
        best = max(last, key=lambda node: (node.pagerank_score, node.activation_count, -node.channel.channel)).channel
        payload = build_payload(store, f"preview/{class_id}")
        example = store.pictures.list_examples(best, class_id)[0]
        where = {"layer": "conv5", "channel": best.channel, "rank": 0, "image_id": example.image_id, "box": None}
        assert payload == {"preview": where}
        assert store.pictures.read_example(Channel("conv5", best.channel), class_id, 0)


def test_a_run_without_examples_has_no_preview(run_path: Path, tmp_path: Path) -> None:
    shutil.copytree(run_path, tmp_path / "run")
    (tmp_path / "run" / "dataset_examples.parquet").unlink()
    assert build_payload(RunStore(tmp_path / "run"), "preview/3") == {"preview": None}


def test_an_unknown_class_has_no_preview(store: RunStore) -> None:
    with pytest.raises(InputError, match="no class 99"):
        build_payload(store, "preview/99")
