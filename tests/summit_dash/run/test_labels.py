from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from precompute.contract.atomic import replace_file
from precompute.contract.errors import InputError
from precompute.contract.manifest import clear
from precompute.contract.schema import MANIFEST, read_manifest, write_manifest
from summit_dash.run.graphs import Channel
from summit_dash.run.labels import LABELS, LONGEST, build_labels, read_labels, save_label
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app
from summit_dash.server.settings import Settings
from tests.support.validation import validate

OWN = {"X-Summit-Dash": "labels"}


@pytest.fixture
def path(run_path: Path, tmp_path: Path) -> Path:
    """A run to write into, of links where the tables are only read."""
    folder = tmp_path / "run"
    folder.mkdir()
    for file in run_path.iterdir():
        (shutil.copy if file.name == MANIFEST else _link)(file, folder / file.name)
    return folder


def _link(source: Path, target: Path) -> None:
    target.symlink_to(source)


@pytest.fixture
def client(path: Path) -> FlaskClient:
    return create_app([RunStore(path, name="run")], Settings()).server.test_client()


@contextlib.contextmanager
def fill_disk(path: Path) -> Iterator[Path]:
    """Replaces a file on a disk that is full after a few bytes of it."""
    with replace_file(path) as temporary:
        temporary.write_text("{")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield temporary


def post(client: FlaskClient, layer: Any, channel: Any, label: Any) -> TestResponse:
    return client.post("/run/run/labels", json={"layer": layer, "channel": channel, "label": label}, headers=OWN)


def read_found(client: FlaskClient) -> Any:
    return client.get("/run/run/data/labels.json").json


def test_a_label_is_saved_beside_the_run(client: FlaskClient, path: Path) -> None:
    assert read_found(client) == {"labels": {}, "editable": True}
    assert client.get("/run/run/data/labels.json").headers["Cache-Control"] == "no-cache"
    assert post(client, "conv3", 5, "  hands,\n fish ").status_code == 200
    assert post(client, "conv3", 12, "fur").status_code == 200
    assert read_found(client)["labels"] == {"conv3": {"5": "hands, fish", "12": "fur"}}
    assert read_labels(RunStore(path)) == {"conv3": {"5": "hands, fish", "12": "fur"}}
    assert sorted(p.name for p in path.glob("*labels*")) == [".labels.json.lock", LABELS]


def test_an_empty_label_removes_it(client: FlaskClient, path: Path) -> None:
    post(client, "conv3", 5, "hands")
    post(client, "conv3", 5, " ")
    post(client, "conv3", 6, "")
    assert read_found(client)["labels"] == {}
    assert json.loads((path / LABELS).read_text()) == {"models": {"SyntheticNet": {}}}


@pytest.mark.parametrize(
    "given",
    [("nope", 0, "x"), ("conv3", 32, "x"), ("conv3", -1, "x"), ("conv3", "5", "x"), ("conv3", True, "x"),
     (["conv3"], 5, "x"), ("conv3", 5, 7), ("conv3", 5, None), ("conv3", 5, "x" * (LONGEST + 1))],
)  # fmt: skip
def test_what_is_no_label_of_a_channel_is_refused(client: FlaskClient, path: Path, given: Sequence[Any]) -> None:
    answer = post(client, *given)
    assert answer.status_code == 400
    assert set(answer.json["problem"]) == {"rule", "found", "fix"}
    assert not (path / LABELS).exists()


def test_the_longest_label_and_an_unknown_run(client: FlaskClient) -> None:
    assert post(client, "conv3", 5, "ü" * LONGEST).status_code == 200
    assert client.post("/run/other/labels", json={}, headers=OWN).status_code == 404


def test_other_origins_are_refused(client: FlaskClient, path: Path) -> None:
    body = {"layer": "conv3", "channel": 5, "label": "x"}
    assert client.post("/run/run/labels", json=body).status_code == 403
    assert client.post("/run/run/labels", data=json.dumps(body), headers=OWN).status_code == 403
    assert client.post("/run/run/labels", data=body, headers=OWN).status_code == 403
    assert client.options("/run/run/labels").headers.get("Access-Control-Allow-Origin") is None
    assert client.post("/run/run/labels", data="{", content_type="application/json", headers=OWN).status_code == 400
    long = {**body, "label": "x" * 5000}
    assert client.post("/run/run/labels", json=long, headers=OWN).status_code == 413
    assert not (path / LABELS).exists()


def test_a_folder_that_cannot_be_written_says_so(
    client: FlaskClient, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> int:
        raise PermissionError(30, "Read-only file system", str(path / LABELS))

    monkeypatch.setattr("summit_dash.run.labels.os.open", refuse)
    monkeypatch.setattr("summit_dash.run.labels.os.access", lambda *_: False)
    answer = post(client, "conv3", 5, "x")
    assert answer.status_code == 409
    assert answer.json["problem"]["rule"] == "Labels are saved beside the run, so its folder must be writable."
    assert "Read-only file system" in answer.json["problem"]["found"]
    assert read_found(client) == {"labels": {}, "editable": False}


def test_a_file_of_another_user_is_said_with_what_to_do(
    client: FlaskClient, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(client, "conv3", 5, "hands")

    def refuse(*_: Any, **__: Any) -> str:
        raise PermissionError(13, "Permission denied", str(path / LABELS))

    monkeypatch.setattr(Path, "read_text", refuse)
    problem = client.get("/run/run/data/labels.json").json["problem"]
    assert problem["found"] == "labels.json: Permission denied."
    assert problem["fix"] == "Let the user that runs the server read it."


def test_a_full_disk_is_one_message_and_no_label_is_lost(
    client: FlaskClient, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(client, "conv3", 5, "hands")
    with monkeypatch.context() as full:
        full.setattr("summit_dash.run.labels.replace_file", fill_disk)
        answer = post(client, "conv3", 6, "feet")
    assert answer.status_code == 409
    assert answer.json["problem"]["rule"] == "Labels are saved beside the run, so its disk must have room."
    assert "No space left on device" in answer.json["problem"]["found"]
    assert read_found(client)["labels"] == {"conv3": {"5": "hands"}}
    assert sorted(p.name for p in path.glob("*labels*")) == [".labels.json.lock", LABELS]
    assert post(client, "conv3", 6, "feet").status_code == 200


@pytest.mark.parametrize("text", ["{", "[]", '{"models": {"SyntheticNet": {"conv3": {"five": "x"}}}}', '{"models": 3}'])
def test_a_damaged_file_is_left_alone(client: FlaskClient, path: Path, text: str) -> None:
    (path / LABELS).write_text(text)
    assert read_found(client)["problem"]["rule"] == "labels.json is JSON as the dashboard writes it."
    assert post(client, "conv3", 5, "x").status_code == 409
    assert (path / LABELS).read_text() == text


def test_labels_of_channels_that_the_run_lacks_are_kept_and_not_shown(client: FlaskClient, path: Path) -> None:
    (path / LABELS).write_text('{"models": {"SyntheticNet": {"gone": {"1": "a"}, "conv3": {"99": "b", "2": "c"}}}}')
    assert read_found(client)["labels"] == {"conv3": {"2": "c"}}
    post(client, "conv3", 2, "d")
    kept = json.loads((path / LABELS).read_text())["models"]["SyntheticNet"]
    assert kept == {"gone": {"1": "a"}, "conv3": {"2": "d", "99": "b"}}


def test_another_model_has_labels_of_its_own(path: Path) -> None:
    save_label(RunStore(path), Channel("conv3", 5), "hands")
    manifest = read_manifest(path)
    write_manifest(path, {**manifest, "model": {**manifest["model"], "weights_sha256": "ab" * 32}})
    other = RunStore(path)
    assert read_labels(other) == {}
    save_label(other, Channel("conv3", 5), "stripes")
    assert read_labels(other) == {"conv3": {"5": "stripes"}}
    write_manifest(path, manifest)
    assert read_labels(RunStore(path)) == {"conv3": {"5": "hands"}}


def test_writers_at_the_same_time_lose_nothing(path: Path) -> None:
    stores = [RunStore(path) for _ in range(4)]

    def write(index: int) -> None:
        for channel in range(index, 32, 4):
            save_label(stores[index], Channel("conv3", channel), f"label {channel}")

    threads = [threading.Thread(target=write, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_labels(stores[0]) == {"conv3": {str(channel): f"label {channel}" for channel in range(32)}}


def test_a_run_with_labels_is_sound_and_making_it_again_keeps_them(path: Path) -> None:
    before = validate(path)
    save_label(RunStore(path), Channel("conv3", 5), "hands")
    assert validate(path) == before
    version = RunStore(path).version
    save_label(RunStore(path), Channel("conv3", 6), "feet")
    assert RunStore(path).version == version
    text = (path / LABELS).read_text()
    clear(path)  # as --overwrite does
    assert (path / LABELS).read_text() == text
    with pytest.raises(InputError):
        RunStore(path)


def test_the_payload_is_what_a_static_site_holds(path: Path) -> None:
    store = RunStore(path)
    save_label(store, Channel("conv1", 0), "edges")
    assert build_labels(store)["labels"] == {"conv1": {"0": "edges"}}
