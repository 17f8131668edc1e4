"""Summit's published data as a run: what is kept, what is left out and said, and what is refused."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from precompute.contract import manifest as manifests
from precompute.contract.errors import InputError
from precompute.contract.lock import only_writer
from precompute.contract.schema import read_manifest, read_table, write_manifest
from precompute.contract.validate import validate
from precompute.import_summit import importing, pictures
from precompute.import_summit.importing import ImportRequest, import_summit
from precompute.import_summit.inception import INCEPTION
from precompute.import_summit.judgement import Faults, judge
from precompute.import_summit.published import read_graph
from summit_dash.cli import main
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from tests.support.published import CHANNELS, KINDS, draw, graphs, imagenet, write_published

LABELS = 'path,class_id,synset,class_name\na.jpg,270,n02114548,"white wolf, Arctic wolf"\nb.jpg,5,n0,electric ray\n'
EDGES = ["class_id", "target_layer", "target_channel", "source_layer", "source_channel", "influence_count"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "labels.csv").write_text(LABELS)
    return write_published(tmp_path / "summit-data")


def run(folder: Path, **options: Any) -> Path:
    out = folder.parent / "run"
    import_summit(ImportRequest(folder, out, folder.parent / "labels.csv", **options))
    return out


def call(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in arguments])
    return int(ended.value.code or 0)


def rows(out: Path, table: str, columns: list[str] | None = None) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in read_table(out, table, columns).to_pylist()]


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_the_command_makes_a_valid_run_and_says_what_it_left_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert call("import-summit", folder, "--labels", tmp_path / "labels.csv", "--out", out) == 0
    told = capsys.readouterr().err
    assert "2 classes, 9 nodes and 8 edges, as in the files." in told
    assert "4 of 10 attr_channels, of 2 of 9 nodes, left out" in told
    assert validate(out) == []
    assert not (out / ".lock").exists()
    assert not (out / importing._STAGING).exists()


def test_nodes_and_edges_equal_the_files(folder: Path) -> None:
    out = run(folder)
    nodes, edges = set(), set()
    for class_id, graph in graphs().items():
        for layer, entries in graph.items():
            before = {"mixed4a": "mixed3b", "mixed3b": "mixed3a"}.get(layer)
            for entry in entries:
                nodes.add((class_id, layer, entry["channel"], entry["count"], entry["pagerank"]))
                for edge in entry["prev_channels"]:
                    edges.add((class_id, layer, entry["channel"], before, edge["prev_channel"], edge["inf"]))
    assert set(rows(out, "attribution_graph_nodes")) == nodes
    assert set(rows(out, "attribution_graph_edges", EDGES)) == edges
    assert rows(out, "attribution_graphs") == [(7, None, 3, 2), (270, None, 6, 6)]


def test_influences_are_edges_and_what_lists_channels_of_the_layer_before(folder: Path) -> None:
    out = run(folder)
    found = set(rows(out, "influences", EDGES)) - set(rows(out, "attribution_graph_edges", EDGES))
    assert found == {(270, "mixed4a", 0, "mixed3b", 479, 25), (270, "mixed3b", 11, "mixed3a", 5, 6)}


def test_every_kind_of_fault_is_counted(folder: Path) -> None:
    expected = Faults(
        n_nodes=6,
        n_edges=6,
        n_listed=10,
        n_listed_kept=4,
        n_listed_as_edges=2,
        n_listed_without_edge=1,
        n_nodes_listing_bottleneck=2,
        n_listed_bottleneck=4,
        n_bottleneck_fitting=4,
        n_bottleneck_coinciding=1,
        n_bottleneck_agreeing=0,
        n_listed_out_of_range=1,
        n_listed_contradicting=1,
        n_edges_composed=3,
        n_edges_repeating=2,
        n_edges_above_step=0,
    )
    graph = read_graph(270, folder / "data/ag/ag-270.json")
    assert judge(graph).faults == expected
    imported = read_manifest(run(folder))["imported"]
    assert imported["classes"]["270"] == expected.to_dict()
    assert imported["classes"]["7"] == Faults(n_nodes=3, n_edges=2).to_dict()
    assert imported["faults"] == (expected + Faults(n_nodes=3, n_edges=2)).to_dict()


def test_what_is_not_told_is_null_and_never_made_up(folder: Path) -> None:
    out = run(folder)
    classes = read_table(out, "classes").to_pylist()
    assert [(c["class_id"], c["class_name"], c["synset"]) for c in classes] == [
        (7, "class 7", None),
        (270, "white wolf, Arctic wolf", "n02114548"),
    ]
    unknown = ("top1_accuracy", "top5_accuracy", "probability_histogram")
    assert all(c[name] is None for c in classes for name in unknown)
    assert [c["n_images"] for c in classes] == [6, 40], "the greatest count of each file"
    assert read_manifest(out)["dataset"]["n_images"] is None
    assert len(rows(out, "activations")) == 9, "the nodes alone, and no zeros for what nobody told"
    for table, columns in {
        "activations": ["mean_activation"],
        "influences": ["mean_influence"],
        "dataset_examples": ["image_id", "activation", "x0", "y1"],
        "feature_visualizations": ["objective_value", "n_steps"],
    }.items():
        assert {value for row in rows(out, table, columns) for value in row} == {None}
    assert not (out / "images.parquet").exists()
    assert not (out / "channels.parquet").exists()


def test_the_layers_are_those_of_the_network_that_summit_looked_at(folder: Path) -> None:
    out = run(folder)
    names = ["mixed3a", "mixed3b", "mixed4a", "mixed4b", "mixed4c", "mixed4d", "mixed4e", "mixed5a", "mixed5b"]
    sizes = [256, 480, 508, 512, 512, 528, 832, 832, 1024]
    assert rows(out, "layers", ["layer", "layer_index", "n_channels"]) == [
        (name, i, n) for i, (name, n) in enumerate(zip(names, sizes, strict=True))
    ]
    for layer in INCEPTION:
        branches = [layer.find_branch(channel) for channel in range(layer.n_channels)]
        assert tuple(branches.count(b) for b in ("1x1", "3x3", "5x5", "pool")) == layer.widths


def test_the_dashboard_reads_it_like_any_run(folder: Path) -> None:
    store = RunStore(run(folder))
    assert store.layer_names[0] == "mixed3a"
    graph = store.graph(270)
    assert (len(graph.nodes), len(graph.edges)) == (6, 6)
    describe_sources = store.sources(270, Channel("mixed4a", 0), 5)
    assert [(e.source.channel, e.influence_count) for e in describe_sources] == [(10, 30), (479, 25), (11, 20)]
    assert {e.mean_influence for e in graph.edges} == {None}, "not told, and no 0"
    assert len(store.embedding("mixed3b")) == 2
    assert [e.rank for e in store.pictures.examples(Channel("mixed3a", 5))] == [0, 1, 2]
    assert not store.has_accuracy


def test_imagenet_json_is_used_where_it_is_there(folder: Path) -> None:
    (folder / "data/imagenet.json").write_text(json.dumps(imagenet()))
    out = run(folder)
    assert validate(out) == []
    crane, wolf = read_table(out, "classes").to_pylist()
    assert (crane["class_name"], crane["synset"]) == ("cock", "n01514668")
    assert wolf["class_name"] == "white wolf, Arctic wolf", "the labels go before"
    assert (wolf["n_images"], wolf["top1_accuracy"]) == (50, pytest.approx(0.6))
    assert wolf["probability_histogram"] == [20, *[0] * 18, 30]
    counts = rows(out, "activations", ["class_id", "layer", "channel", "activation_count"])
    assert (270, "mixed3a", 5, 31) in counts, "the graph's count goes before"
    assert {(270, "mixed3a", 6, 2), (270, "mixed5b", 1023, 9)} <= set(counts)
    assert ("mixed4a", 270, 272.0, -2.0) in rows(out, "embeddings")
    manifest = read_manifest(out)
    assert manifest["dataset"]["n_images"] == 100
    assert manifest["imported"]["embedding"] == "summit"
    assert any("2 differ between imagenet.json and a graph" in gap for gap in manifest["imported"]["gaps"])


def test_unsound_fields_of_imagenet_json_are_left_out(folder: Path) -> None:
    told = imagenet()
    told[0] |= {
        "accs": [0.5],
        "topOneAcc": 7,
        "embed": {},
        "numOfInstances": 10,
        "topChannels": {"mixed3a": [{"ch": 999}]},
    }
    (folder / "data/imagenet.json").write_text(json.dumps(told))
    out = run(folder)
    assert validate(out) == []
    wolf = read_table(out, "classes").to_pylist()[1]
    assert (wolf["n_images"], wolf["top1_accuracy"], wolf["probability_histogram"]) == (40, None, None)
    assert read_manifest(out)["imported"]["embedding"] == "umap"


def test_without_umap_principal_components_are_taken_and_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "has_umap", lambda: False)
    out = run(folder)
    imported = read_manifest(out)["imported"]
    assert imported["embedding"] == "pca"
    assert any("pip install umap-learn" in gap for gap in imported["gaps"])
    assert len(rows(out, "embeddings")) == 2 * len(INCEPTION)


def test_it_needs_nothing_of_the_extra_precompute(folder: Path, tmp_path: Path) -> None:
    for class_id in range(20, 26):
        (folder / f"data/ag/ag-{class_id}.json").write_text(json.dumps(graphs()[7]))
    code = f"""
import importlib.util, sys
absent = ("torch", "torchvision", "timm", "scipy", "umap", "numba", "sklearn", "safetensors")
for name in absent:
    sys.modules[name] = None
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in absent else find(name, package)
from summit_dash.cli import main
main(["import-summit", {str(folder)!r}, "--out", {str(tmp_path / "bare")!r}])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert "by principal components" in result.stderr
    assert validate(tmp_path / "bare") == []


# --- pictures -------------------------------------------------------------------------------------------------------


def test_pictures_are_kept_by_kind_and_channel(folder: Path) -> None:
    out = run(folder)
    found = read_table(out, "feature_visualizations").to_pylist()
    expected = [(*channel.split("-"), kind) for channel in CHANNELS for kind in KINDS]
    assert [(r["layer"], str(r["channel"]), r["kind"]) for r in found] == expected
    assert {Image.open(io.BytesIO(r["image"])).size for r in found} == {(147, 147)}
    shade = Image.open(io.BytesIO(found[5]["image"])).getpixel((70, 70))
    assert shade == pytest.approx((40, 215, 128), abs=6), "that of the second channel"
    examples = read_table(out, "dataset_examples").to_pylist()
    assert len(examples) == 3 * len(CHANNELS)
    assert {(e["class_id"], Image.open(io.BytesIO(e["image"])).size) for e in examples} == {(-1, (73, 73))}


def test_missing_unreadable_and_strange_pictures_are_named_and_not_fatal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = folder / "data/feature-vis"
    (root / "channel/mixed3a-5-channel.jpg").unlink()
    (root / "diversity-2/mixed3b-10-diversity-2.jpg").write_bytes(b"no picture")
    for name in ("mixed9z-1-channel.jpg", "mixed3a-256-channel.jpg", "mixed3a-1-diversity-0.jpg", "notes.txt"):
        draw(root / "channel" / "x.png", 8, 0)
        (root / "channel" / "x.png").rename(root / "channel" / name)
    draw(root / "dataset-n/mixed3a-5-dataset-n-0.jpg", 73, 0)
    (folder / "data/ag/README.md").write_text("about")
    assert call("import-summit", folder, "--out", folder.parent / "run") == 0
    imported = read_manifest(folder.parent / "run")["imported"]
    assert imported["pictures"]["missing"] == {"channel": ["mixed3a-5"]}
    assert [Path(p).name for p in imported["pictures"]["unreadable"]] == ["mixed3b-10-diversity-2.jpg"]
    assert imported["other_files"] == [
        "ag/README.md",
        "channel/mixed3a-1-diversity-0.jpg",
        "channel/mixed3a-256-channel.jpg",
        "channel/mixed9z-1-channel.jpg",
        "channel/notes.txt",
    ]
    assert imported["other_folders"] == ["dataset-n"]
    told = capsys.readouterr().err
    assert "1 could not be read" in told
    assert "1 channels of graphs have no channel: mixed3a-5." in told
    assert validate(folder.parent / "run") == []


def test_a_folder_without_pictures_makes_a_run_without(folder: Path) -> None:
    bare = folder.parent / "bare"
    (bare / "ag").mkdir(parents=True)
    (bare / "ag/ag-7.json").write_text(json.dumps(graphs()[7]))
    out = run(bare)
    assert validate(out) == []
    assert not (out / "feature_visualizations.parquet").exists()
    assert "Pictures: none; feature-vis is not there or empty." in read_manifest(out)["imported"]["gaps"]


def test_row_groups_hold_whole_channels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_ROWS_PER_GROUP", 4)
    monkeypatch.setattr(pictures, "_AT_ONCE", 5)
    out = run(folder)
    assert validate(out) == []
    file = pq.ParquetFile(out / "dataset_examples.parquet")
    groups = [file.read_row_group(i, ["layer", "channel"]).to_pylist() for i in range(file.num_row_groups)]
    assert [len(group) for group in groups] == [3, 6, 6, 3], "by layer, and then by at least four pictures"
    assert [e.rank for e in RunStore(out).pictures.examples(Channel("mixed4a", 200))] == [0, 1, 2]


# --- what is refused ------------------------------------------------------------------------------------------------


def _edit(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "data/ag/ag-270.json"
        graph = json.loads(path.read_text())
        change(graph)
        path.write_text(json.dumps(graph))

    return edit


def _text(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "data/ag/ag-270.json").write_text(text) and None


BAD = {
    "cut off": (_text('{"mixed3a": ['), "ag-270.json: Expecting value"),
    "no object": (_text("[1]"), r"the whole is \[1\], and no object"),
    "deep": (_text("[" * 100_000), "lists within lists without end"),
    "unknown layer": (_edit(lambda g: g.update(mixed9z=[])), "the layer mixed9z is none of mixed3a"),
    "no list": (_edit(lambda g: g.update(mixed5b={})), "mixed5b is {}, and no list"),
    "no channel": (_edit(lambda g: g["mixed3a"][0].pop("channel")), "channel of node 0 of mixed3a is absent"),
    "out of range": (
        _edit(lambda g: g["mixed3a"][0].update(channel=256)),
        "mixed3a-256 is no channel: mixed3a has 256",
    ),
    "negative": (_edit(lambda g: g["mixed3a"][0].update(channel=-1)), "is -1, and no whole number"),
    "truth": (_edit(lambda g: g["mixed3a"][0].update(count=True)), "count of mixed3a-5 is true"),
    "nan": (_edit(lambda g: g["mixed3a"][0].update(pagerank=float("nan"))), "pagerank of mixed3a-5 is NaN"),
    "other layer": (_edit(lambda g: g["mixed3a"][0].update(layer="mixed3b")), "says that its layer is mixed3b"),
    "twice": (_edit(lambda g: g["mixed3a"].append(g["mixed3a"][0])), "mixed3a-5 is listed twice"),
    "edge twice": (
        _edit(lambda g: g["mixed3b"][0]["prev_channels"].append({"prev_channel": 5, "inf": 1})),
        "mixed3b-10 has two edges from the same channel",
    ),
    "missing node": (
        _edit(lambda g: g["mixed3a"].clear()),
        "mixed3b-10 has an edge from mixed3a-5, which is no node of the graph",
    ),
    "before the first": (
        _edit(lambda g: g["mixed3a"][0]["prev_channels"].append({"prev_channel": 5, "inf": 1})),
        "mixed3a-5 has an edge from channel 5, and no layer is before it",
    ),
    "no images": (
        _edit(lambda g: g["mixed3b"][0]["prev_channels"][0].update(inf=0)),
        "an influence that counts 0 images",
    ),
    "a name": (
        _edit(lambda g: g["mixed3b"][0]["attr_channels"][0].update(prev_channel="five")),
        'prev_channel in attr_channels of mixed3b-10 is "five"',
    ),
    "no folder": (lambda folder: folder.rename(folder.parent / "elsewhere") and None, "summit-data is not there"),
    "no ag": (lambda folder: (folder / "data/ag").rename(folder / "data/dag") and None, "neither data/ag nor ag"),
    "no graph": (
        lambda folder: [p.rename(p.with_suffix(".txt")) for p in (folder / "data/ag").iterdir()] and None,
        "no such file, but ag-270.txt, ag-7.txt",
    ),
    "broken imagenet.json": (lambda f: (f / "data/imagenet.json").write_text("{") and None, "imagenet.json: Expecting"),
    "imagenet.json without ids": (
        lambda f: (f / "data/imagenet.json").write_text('[{"name": "a"}]') and None,
        "a class has the target_class None",
    ),
    "labels without names": (
        lambda f: (f.parent / "labels.csv").write_text("class_id\n1\n") and None,
        "labels.csv: it has no column class_name",
    ),
    "labels that differ": (
        lambda f: (f.parent / "labels.csv").write_text("class_id,class_name\n1,a\n1,b\n") and None,
        "the class_name a in line 2 and b in line 3",
    ),
    "no labels": (lambda f: (f.parent / "labels.csv").unlink(), "labels.csv: No such file"),
    "labels without numbers": (
        lambda f: (f.parent / "labels.csv").write_text("class_id,class_name\nx,a\n") and None,
        "line 2 has class_id 'x'",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_ends_in_one_message_and_leaves_nothing(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, expected = BAD[name]
    spoil(folder)
    out = folder.parent / "run"
    labels = folder.parent / "labels.csv"
    assert call("import-summit", folder, "--labels", labels, "--out", out) == 2
    told = capsys.readouterr().err
    assert re.search(expected, told) or expected in told
    assert "Traceback" not in told
    assert not out.exists()


def test_another_run_is_kept_unless_it_may_be_replaced(folder: Path) -> None:
    out = run(folder)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    assert not import_summit(ImportRequest(folder, out, folder.parent / "labels.csv")).is_new
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before, "the same data: nothing to do"
    assert import_summit(ImportRequest(folder, out, folder.parent / "labels.csv", overwrite=True)).is_new
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    (folder / "data/ag/ag-7.json").unlink()
    with pytest.raises(InputError, match="holds another run"):
        run(folder)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    run(folder, overwrite=True)
    assert [row[0] for row in rows(out, "classes")] == [270]
    assert validate(out) == []


def test_a_run_of_another_kind_leaves_no_table_behind(folder: Path) -> None:
    out = folder.parent / "run"
    (out / "parts").mkdir(parents=True)
    write_manifest(out, {"identity": {"model": {"name": "other"}}, "stages": {}})
    for name in ("images.parquet", "parts/unit.npz", "notes.txt"):
        (out / name).write_text("of the other run")
    with pytest.raises(InputError, match="holds another run"):
        run(folder)
    run(folder, overwrite=True)
    assert validate(out) == []
    assert not (out / "images.parquet").exists()
    assert not (out / "parts").exists()
    assert (out / "notes.txt").exists(), "not a run's own file"


def test_a_folder_that_holds_no_run_or_is_being_written_is_left_alone(folder: Path) -> None:
    out = folder.parent / "run"
    with only_writer(out), pytest.raises(InputError, match="One process at a time"):
        run(folder)
    out.mkdir()
    (out / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="holds no run"):
        run(folder, overwrite=True)
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]


def test_an_interruption_leaves_no_run_or_the_one_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(importing, "build_embeddings", lambda *a, **k: interrupted())
        with pytest.raises(KeyboardInterrupt):
            run(folder)
    assert not (folder.parent / "run").exists()
    out = run(folder)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    (folder / "data/ag/ag-7.json").unlink()
    with monkeypatch.context() as patched:
        patched.setattr(pictures, "encode_crop", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(folder, overwrite=True)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_a_kill_while_tables_take_their_places_is_made_good_by_the_same_call(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(path: Path, target: Path) -> Path:
        if path.name == "embeddings.parquet":
            raise OSError("the power is gone")
        return original(path, target)

    original = Path.replace
    with monkeypatch.context() as patched:
        patched.setattr(manifests.Path, "replace", replace)
        with pytest.raises(OSError, match="the power is gone"):
            run(folder)
    out = folder.parent / "run"
    assert read_manifest(out)["stages"]["import"]["state"] == "pending"
    (out / importing._STAGING).mkdir()
    run(folder)
    assert validate(out) == []
    assert sorted(p.name for p in out.iterdir() if p.name.startswith(".")) == []


def test_what_may_be_unknown_in_an_imported_run_is_a_fault_in_any_other(folder: Path) -> None:
    out = run(folder)
    manifest = read_manifest(out)
    del manifest["imported"], manifest["schema_version"]
    write_manifest(out, manifest)
    found = {finding.table for finding in validate(out)}
    assert {"activations", "attribution_graphs", "dataset_examples", "feature_visualizations", "influences"} <= found
