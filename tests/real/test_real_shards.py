"""Real images in shards: a run over CIFAR-10 in shuffled tar files is the run over its folder, byte for byte."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from precompute.contract.schema import locate_table, read_manifest, read_table
from summit_dash.cli import main
from tests.support.shards import write_shard
from tests.support.validation import validate

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
N_IMAGES = 4

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with real weights and images is absent"),
]


def run_precompute(images: str, out: Path, *options: str) -> None:
    folder = DATA / "cifar10"
    arguments = [
        *("precompute", f"{folder}/model.py:build", images, "--weights", str(folder / "resnet20.safetensors")),
        *("--preprocess", str(folder / "preprocess.toml"), "--stages", "aggregate,graphs,examples"),
        *("--out", str(out), *options),
    ]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert not ended.value.code


def test_shuffled_shards_make_the_tables_of_the_folder(tmp_path: Path) -> None:
    images = DATA / "cifar10" / "images"
    run_precompute(str(images), tmp_path / "folder", "--limit-per-class", str(N_IMAGES))

    classes = sorted(path.name for path in images.iterdir())
    chosen = [(name, path) for name in classes for path in sorted((images / name).iterdir())[:N_IMAGES]]
    random.Random(0).shuffle(chosen)
    for number in range(3):
        members: list[tuple[str, bytes | str]] = []
        for name, path in chosen[number::3]:
            key, label = f"{name}/{path.stem}", {"class_id": classes.index(name), "class_name": name}
            members += [(key + path.suffix, path.read_bytes()), (key + ".json", json.dumps(label))]
        write_shard(tmp_path / "shards" / f"test-{number:04d}.tar", members)
    run_precompute(f"{tmp_path}/shards/test-{{0000..0002}}.tar", tmp_path / "run")

    assert validate(tmp_path / "run") == []
    assert read_manifest(tmp_path / "run")["images"] == read_manifest(tmp_path / "folder")["images"]
    tables = sorted(path.stem for path in (tmp_path / "folder").glob("*.parquet"))
    assert {"classes", "activations", "influences", "attribution_graph_nodes", "dataset_examples"} <= set(tables)
    for name in tables:
        # A member is named as the file was, so that even the paths are the same.
        one, other = (locate_table(tmp_path / run, name) for run in ("folder", "run"))
        assert one.read_bytes() == other.read_bytes(), name
        assert read_table(tmp_path / "folder", name).equals(read_table(tmp_path / "run", name)), name
