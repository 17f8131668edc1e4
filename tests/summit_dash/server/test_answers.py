from __future__ import annotations

import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import Accept

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest, write_manifest
from summit_dash.payloads.keys import build_payload
from summit_dash.run.store import RunStore
from summit_dash.server import answers as module
from summit_dash.server.answers import Answers, choose_encoding
from summit_dash.server.app import create_app
from summit_dash.server.settings import Settings
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of payloads that were built."""
    keys: list[str] = []

    def note(store: RunStore, key: str, names_folders: bool) -> object:
        keys.append(key)
        return build_payload(store, key, names_folders)

    monkeypatch.setattr(module, "build_payload", note)
    return keys


def test_an_answer_is_built_once_for_each_encoding(store: RunStore, built: list[str]) -> None:
    answers = Answers(10_000_000)
    wanted = build_payload(store, "run")
    for _ in range(3):
        br, packed, plain = (answers.find(store, "run", each) for each in ("br", "gzip", ""))
        assert br and packed and plain
        assert json.loads(brotli.decompress(br.content)) == json.loads(gzip.decompress(packed.content)) == wanted
        assert json.loads(plain.content) == wanted
    assert built == ["run"] * 3


def test_many_that_ask_together_wait_for_one(store: RunStore, built: list[str]) -> None:
    answers, go = Answers(10_000_000), threading.Barrier(6)

    def ask(_: int) -> object:
        go.wait()
        return answers.find(store, "class/3", "gzip")

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(6)))) == 1
    assert built == ["class/3"]


def test_what_is_kept_has_an_end(store: RunStore, built: list[str]) -> None:
    answers = Answers(0)
    first = answers.find(store, "class/3", "")
    assert (answers.find(store, "class/3", ""), built) == (first, ["class/3"] * 2)


def test_the_answers_that_are_kept_have_a_size(store: RunStore, built: list[str]) -> None:
    answers = Answers(160_000)
    keys = [f"class/{class_id}" for class_id in store.classes]
    for key in (*keys, *keys):
        for encoding in ("br", "gzip", ""):
            answers.find(store, key, encoding)
            assert answers.n_bytes <= 20_000
    assert len(built) > 3 * len(keys)


def test_answers_about_classes_do_not_displace_those_that_every_page_asks_for(
    store: RunStore, built: list[str]
) -> None:
    answers = Answers(160_000)
    first = answers.find(store, "run", "br")
    for class_id in store.classes:
        for encoding in ("br", "gzip", ""):
            answers.find(store, f"class/{class_id}", encoding)
    assert answers.find(store, "run", "br") is first
    assert built.count("run") == 1


def test_short_answers_unknown_keys_and_problems(store: RunStore, built: list[str]) -> None:
    answers = Answers(10_000_000)
    assert answers.find(store, "nothing", "br") is None
    for _ in range(2):
        with pytest.raises(InputError, match=r"one of the run's"):
            answers.find(store, "class/99", "br")
    assert built == ["nothing", "class/99", "class/99"]


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [([("br", 1), ("gzip", 1)], "br"), ([("gzip", 1), ("br", 0.5)], "gzip"), ([("gzip", 1)], "gzip"), ([], ""),
     ([("br", 0), ("gzip", 0)], ""), ([("*", 1)], "br"), ([("zstd", 1)], "")],
)  # fmt: skip
def test_the_encoding_is_what_the_browser_prefers(accepted: list[tuple[str, float]], chosen: str) -> None:
    assert choose_encoding(Accept(accepted)) == chosen


def test_a_run_that_changed_is_read_again(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, n_images=4))
    store, answers = RunStore(run), Answers(10_000_000)
    before = answers.find(store, "about", "")
    write_manifest(run, {**read_manifest(run), "config": {"more": 1}})
    assert answers.find(RunStore(run), "about", "") is not before


def test_browsers_get_compressed_answers_and_ask_again_only_for_labels(store: RunStore) -> None:
    client: FlaskClient = create_app([store], Settings()).server.test_client()
    for encoding, read in (("br", brotli.decompress), ("gzip", gzip.decompress), ("identity", bytes)):
        answer = client.get("/run/synthetic/data/run.json", headers={"Accept-Encoding": encoding})
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert json.loads(read(answer.data)) == build_payload(store, "run")
    labels = client.get("/run/synthetic/data/labels.json")
    again = client.get("/run/synthetic/data/labels.json", headers={"If-None-Match": labels.headers["ETag"]})
    assert (labels.headers["Cache-Control"], again.status_code, again.data) == ("no-cache", 304, b"")
