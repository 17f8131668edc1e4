"""The registry of image sources: every kind is found, and its words and its order are fixed."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.datasets.sources import registry
from precompute.datasets.sources.kind import ImageSourceKind, OpenRequest
from precompute.datasets.sources.registry import find_kind, list_file_forms, list_kinds, state_rule
from tests.support.shards import encode_picture, write_shard


def test_every_kind_is_found_in_the_order_of_its_rank() -> None:
    assert [kind.key for kind in list_kinds()] == ["folder", "manifest", "shards", "huggingface", "demo"]


def test_the_rule_names_every_kind() -> None:
    assert state_rule() == (
        "Images are a folder with one subfolder per class, a manifest .csv or .parquet, .tar shards (one, a folder of "
        "them, or a pattern such as 'train-{0000..0009}.tar'), a Hugging Face dataset saved on disk, or demo."
    )
    assert list_file_forms() == "a folder, a .csv, a .parquet or a .tar"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("labels.CSV", "manifest"),
        ("labels.parquet", "manifest"),
        ("a.tar", "shards"),
        ("a.tgz", "shards"),
        ("*.tar", "shards"),
        ("{a,b}.tar", "shards"),
        ("shards", "shards"),
        ("classes", "folder"),
        ("saved", "huggingface"),
        ("splits", "huggingface"),
        ("labels.txt", None),
        ("absent.csv", None),
        ("absent.tar", None),
    ],
)
def test_a_name_is_recognised_by_the_most_special_kind(tmp_path: Path, name: str, key: str | None) -> None:
    for file in ("labels.CSV", "labels.parquet", "a.tgz", "labels.txt"):
        (tmp_path / file).touch()
    write_shard(tmp_path / "a.tar", [("1.png", encode_picture()), ("1.cls", "a")])
    write_shard(tmp_path / "shards/a.tar", [])
    (tmp_path / "classes/cat").mkdir(parents=True)
    write_shard(tmp_path / "classes/a.tar", [])
    for file in ("saved/state.json", "saved/dataset_info.json", "splits/dataset_dict.json"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()

    kind = find_kind(OpenRequest(str(tmp_path / name)))

    assert (kind.key if kind else None) == key


def test_the_demo_goes_before_a_folder_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir(tmp_path)

    for spec, key in (("demo", "demo"), ("./demo", "folder")):
        kind = find_kind(OpenRequest(spec))
        assert kind is not None and kind.key == key


def test_a_new_module_with_a_source_is_a_new_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "zip_of_tests.py").write_text(
        "from precompute.datasets.sources.kind import ImageSourceKind\n"
        "SOURCE = ImageSourceKind('zip', 35, 'a .zip', lambda request: request.spec.endswith('.zip'), None)\n"
    )
    monkeypatch.setattr(registry.package, "__path__", [*registry.package.__path__, str(tmp_path)])
    list_kinds.cache_clear()
    try:
        assert [kind.key for kind in list_kinds()] == ["folder", "manifest", "shards", "zip", "huggingface", "demo"]
        assert "a .zip, a Hugging Face dataset" in state_rule()
        found = find_kind(OpenRequest("a.zip"))
        assert isinstance(found, ImageSourceKind) and found.key == "zip"
    finally:
        list_kinds.cache_clear()
