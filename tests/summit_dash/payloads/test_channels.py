from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table, read_table
from summit_dash.payloads.channels import N_POINTS
from summit_dash.payloads.keys import build_payload
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_percent
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


def require_payload(store: RunStore, key: str) -> dict:
    found = build_payload(store, key)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def rows(run_path: Path) -> list[dict]:
    return read_table(run_path, "channels").to_pylist()


def list_column(rows: list[dict], layer: str, column: str) -> list:
    mine = sorted((row for row in rows if row["layer"] == layer), key=lambda row: row["channel"])
    return [row[column] for row in mine]


@pytest.mark.parametrize("layer", ["conv1", "conv5"])
def test_channels_are_the_table_of_channels(store: RunStore, rows: list[dict], layer: str) -> None:
    found = require_payload(store, f"channels/{layer}")
    assert found["n_channels"] == store.layers[layer].n_channels
    assert found["n_classes"] == list_column(rows, layer, "n_classes")
    assert found["activation_fraction"] == pytest.approx(list_column(rows, layer, "activation_fraction"), abs=1e-6)
    assert found["max_activation"] == pytest.approx(list_column(rows, layer, "max_activation"), rel=1e-3)
    assert found["is_dead"] == np.flatnonzero(list_column(rows, layer, "is_dead")).tolist()
    assert found["is_outlier"] == []


def test_graphs_of_a_channel_are_counted(store: RunStore) -> None:
    graphs = [store.graph(class_id) for class_id in store.classes]
    for layer in ("conv1", "conv4"):
        slow = [
            sum(any(node.channel == Channel(layer, n) for node in graph.nodes) for graph in graphs)
            for n in range(store.layers[layer].n_channels)
        ]
        assert require_payload(store, f"channels/{layer}")["n_graphs"] == slow
        assert sum(slow) > 0


def test_each_channel_has_its_kind_of_picture(store: RunStore, bare_store: RunStore) -> None:
    pictures = require_payload(store, "channels/conv1")["picture"]
    assert [n for n, kind in enumerate(pictures) if kind == 2] == [0, 10]
    assert set(require_payload(bare_store, "channels/conv1")["picture"]) == {2}


def test_what_the_pictures_came_to_is_told_by_layer(tmp_path: Path, store: RunStore, bare_store: RunStore) -> None:
    spec = SyntheticRun(n_classes=2, picture_size=8, excitations=True, found_dead=[("conv2", 3), ("conv2", 19)])
    run = RunStore(write_synthetic_run(tmp_path / "run", spec))
    found = require_payload(run, "channels/conv2")
    assert found["found_dead"] == [3, 19]
    assert found["pictures"] == {"n_pictures": 21, "n_compared": 21, "n_beating_best_example": 12, "n_dead": 2}
    assert [require_payload(run, f"channel/conv2/{channel}")["found_dead"] for channel in (2, 3)] == [False, True]
    (section,) = (each for each in require_payload(run, "about")["sections"] if each["id"] == "pictures")
    rows = {row[0]: row[1:] for row in section["blocks"][-1]["table"]["rows"]}
    assert rows["conv2"] == ["24", "21", "12 of 21", "2"]
    assert list(rows) == list(run.layers)
    n_beating = sum(int(row[2].split()[0]) for row in rows.values())
    n_compared = sum(int(row[2].split()[-1]) for row in rows.values())
    assert f"{n_beating} of {n_compared} do" in section["blocks"][0]["p"]
    (section,) = (each for each in require_payload(store, "about")["sections"] if each["id"] == "pictures")
    assert section["blocks"][-1]["table"]["rows"][0] == ["conv1", "16", "14", "–", "0"]
    assert "pictures" not in {section["id"] for section in require_payload(bare_store, "about")["sections"]}


def test_use_of_the_channels_by_layer(store: RunStore, rows: list[dict]) -> None:
    found = require_payload(store, "channel_use")
    assert found["n_classes"] == 12
    for use, layer in zip(found["layers"], store.layers, strict=True):
        counts = list_column(rows, layer, "n_classes")
        assert use["place"] == list(range(len(counts)))
        assert use["count"] == sorted(counts, reverse=True)
        assert use["by_none"] == counts.count(0)
        assert use["by_one"] == counts.count(1)
        assert use["by_most"] == sum(n > 6 for n in counts)
        assert use["top_count"] == max(counts) == counts[use["top"]]
    assert found["layers"][1]["by_none"] == 1


def test_the_curve_of_a_wide_layer_is_thinned(tmp_path: Path) -> None:
    spec = SyntheticRun(n_classes=2, layers=(("wide", 700), ("narrow", 2)), picture_size=8)
    store = RunStore(write_synthetic_run(tmp_path / "run", spec))
    wide, narrow = require_payload(store, "channel_use")["layers"]
    assert len(wide["place"]) == len(wide["count"]) == N_POINTS
    assert (wide["place"][0], wide["place"][-1]) == (0, 699)
    assert wide["count"] == sorted(wide["count"], reverse=True)
    assert narrow["place"] == [0, 1]


def test_a_channel_states_its_facts(store: RunStore, rows: list[dict]) -> None:
    found = require_payload(store, "channel/conv2/7")
    row = next(row for row in rows if (row["layer"], row["channel"]) == ("conv2", 7))
    assert found["max_activation"] == pytest.approx(row["max_activation"], rel=1e-3)
    assert found["activation_fraction"] == pytest.approx(row["activation_fraction"], abs=1e-6)
    assert (found["is_dead"], found["is_outlier"]) == (row["is_dead"], row["is_outlier"])
    assert found["n_graphs"] == store.count_graphs_with(Channel("conv2", 7))


def test_a_run_without_the_tables_still_has_its_channels(tmp_path: Path) -> None:
    path = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=2, picture_size=8))
    for table in ("channels", "attribution_graph_nodes"):
        locate_table(path, table).unlink()
    store = RunStore(path)
    found = require_payload(store, "channels/conv1")
    assert set(found) == {"layer", "n_channels", "n_graphs", "picture", "found_dead", "pictures"}
    assert found["n_graphs"] is None
    assert "max_activation" not in require_payload(store, "channel/conv1/0")
    assert require_payload(store, "run")["has"]["channels"] is False
    with pytest.raises(InputError):
        require_payload(store, "channel_use")


def test_of_some_classes_only_those_are_counted(run_path: Path, store: RunStore) -> None:
    some = RunStore(run_path, only={2, 5, 9})
    used = (store.read_counts("conv5")[[2, 5, 9]] > 0).sum(axis=0)
    assert require_payload(some, "channels/conv5")["n_classes"] == used.tolist()
    assert require_payload(some, "channel_use")["n_classes"] == 3


def test_a_layer_that_is_none(store: RunStore) -> None:
    with pytest.raises(InputError, match=r"layer=nope"):
        require_payload(store, "channels/nope")


def test_the_use_of_channels_is_a_table_too(store: RunStore) -> None:
    found = require_payload(store, "channel_use")
    (block,) = found["blocks"]
    rows = block["table"]["rows"]
    assert [row["data-layer"] for row in rows] == list(store.layers)
    for row, use in zip(rows, found["layers"], strict=True):
        head, n, none, one, most, top = row["cells"]
        assert n == f"{use['n_channels']:,}"
        assert head[2][1]["data-action"] == json.dumps({"layer": row["data-layer"]})
        for cell, key in ((none, "by_none"), (one, "by_one"), (most, "by_most")):
            assert cell[2] == format_percent(use[key] / use["n_channels"])
            assert cell[1]["data-tip"] == f"{use[key]} of {use['n_channels']} channels"
        assert top[2][2] == str(use["top"])
