from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from precompute.contract.schema import MANIFEST, read_manifest, write_manifest
from summit_dash.payloads.keys import build_payload
from summit_dash.payloads.thumbnails import build_thumbnails
from summit_dash.run.names import describe_place
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores
from summit_dash.run.transfer_store import TransferStore
from summit_dash.server.app import create_app
from summit_dash.server.settings import Settings
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run
from tests.support.transfer_result import write_transfer_result


@pytest.fixture(scope="module")
def client(store: RunStore) -> FlaskClient:
    return create_app([store], Settings()).server.test_client()


def test_pictures_are_kept_by_the_browser(client: FlaskClient) -> None:
    answer = client.get("/run/synthetic/picture/conv1/1.webp?v=1")
    assert answer.mimetype == "image/webp"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/run/synthetic/example/conv1/0/all/0.webp").status_code == 200
    assert client.get("/run/synthetic/example/conv1/0/3/2.webp").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["other/picture/conv1/1", "synthetic/picture/nope/1", "synthetic/visualization/conv1/1/negative",
     "synthetic/picture/conv1/999",
     "synthetic/example/conv1/0/me/0", "synthetic/example/conv1/0/all/99", "synthetic/example/conv1/999/all/0"],
)  # fmt: skip
def test_pictures_that_do_not_exist(client: FlaskClient, path: str) -> None:
    assert client.get(f"/run/{path}.webp").status_code == 404


def test_an_image_that_the_run_holds_is_found(part_store: RunStore) -> None:
    client = create_app([part_store], Settings()).server.test_client()
    images = part_store.pictures.kept_examples.images
    held = next(image_id for image_id in range(240) if images.holds(image_id))
    answer = client.get(f"/run/parts/image/{held}.jpg?v=1")
    assert (answer.mimetype, answer.data) == ("image/jpeg", images.read_jpeg(held))
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/run/parts/image/99999.jpg").status_code == 404


def test_payloads_are_kept_by_the_browser(client: FlaskClient) -> None:
    answer = client.get("/run/synthetic/data/class/3.json?v=1")
    assert answer.json["id"] == 3
    assert "immutable" in answer.headers["Cache-Control"]


def test_what_a_run_lacks_is_an_answer_and_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/run/synthetic/data/class/99.json")
    assert answer.status_code == 200
    assert "no class 99" in answer.json["problem"]["found"]
    assert "Cache-Control" not in answer.headers


@pytest.mark.parametrize("path", ["run/other/data/run.json", "run/synthetic/data/nothing.json"])
def test_payloads_that_do_not_exist(client: FlaskClient, path: str) -> None:
    assert client.get(f"/{path}").status_code == 404


def test_a_payload_is_compact_json_with_letters_of_any_script(client: FlaskClient, store: RunStore) -> None:
    text = client.get("/run/synthetic/data/about.json").text
    assert json.loads(text) == build_payload(store, "about")
    assert "\\u" not in text and '", "' not in text


def test_thumbnails_of_a_class_come_as_one_file(client: FlaskClient, store: RunStore) -> None:
    answer = client.get("/run/synthetic/thumbnails/3.bin")
    assert (answer.mimetype, answer.data) == ("application/octet-stream", build_thumbnails(store, 3))
    assert client.get("/run/synthetic/thumbnails/99.bin").status_code == 404


def test_a_prototype_is_found_by_its_method(client: FlaskClient, store: RunStore) -> None:
    image = store.pictures.read_prototypes(0)["code-space"].image
    assert client.get("/run/synthetic/prototype/0/code-space.webp").data == image
    for path in ("2/code-space", "0/dreams", "99/code-space"):
        assert client.get(f"/run/synthetic/prototype/{path}.webp").status_code == 404


@pytest.mark.parametrize("path", ["../manifest", "%2e%2e/manifest", "class/1.5", "channel/conv1/-1"])
def test_no_key_leaves_the_payloads(client: FlaskClient, path: str) -> None:
    assert client.get(f"/run/synthetic/data/{path}.json").status_code == 404


def test_only_labels_are_written(client: FlaskClient, run_path: Path) -> None:
    before = (run_path / MANIFEST).read_bytes()
    for path in ("data/run.json", "picture/conv1/1.webp", "thumbnails/3.bin"):
        assert client.post(f"/run/synthetic/{path}", data=b"x").status_code == 405
    assert (run_path / MANIFEST).read_bytes() == before


def test_a_run_that_is_gone_is_one_message_and_comes_back(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, n_images=4))
    client = create_app([RunStore(run, name="run")], Settings()).server.test_client()
    run.rename(tmp_path / "moved")
    answer = client.get("/run/run/data/class/1.json")
    assert "Bring the folder back" in answer.json["problem"]["fix"]
    assert "Cache-Control" not in answer.headers
    assert str(tmp_path) not in answer.text
    for path in ("thumbnails/1.bin", "picture/conv1/1.webp", "graph/1.svg"):
        assert client.get(f"/run/run/{path}").status_code in (400, 404, 503)
    (tmp_path / "moved").rename(run)
    assert client.get("/run/run/data/class/1.json").json["id"] == 1


@pytest.mark.parametrize(
    "path",
    ["thumbnails/1.bin", "picture/conv4/7.webp", "visualization/conv4/7/negative.webp", "example/conv4/7/3/1.webp",
     "image/3.jpg", "prototype/1/code.webp"],
)  # fmt: skip
def test_a_picture_whose_run_goes_while_it_is_asked_for_is_not_there(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, n_images=4))
    store = RunStore(run)
    client = create_app([store], Settings()).server.test_client()
    monkeypatch.setattr(Stores, "find", lambda self, name: store)  # it was found before the folder went
    run.rename(tmp_path / "moved")
    answer = client.get(f"/run/{store.name}/{path}")
    assert (answer.status_code, answer.text) == (404, "404 Not Found.\n")


def test_a_transfer_result_has_payloads_and_pictures_of_its_own(store: RunStore, tmp_path: Path) -> None:
    result = TransferStore(write_transfer_result(tmp_path / "photos"))
    client = create_app([store, result], Settings()).server.test_client()
    found = client.get("/run/photos/data/transfer.json")
    assert "immutable" in found.headers["Cache-Control"] and len(found.json["cuts"]) == 6
    assert client.get("/run/photos/data/cut/9.json").json["problem"]["found"].startswith("There are 6")
    assert client.get("/run/photos/small/3.webp").mimetype == "image/webp"
    for path in ("data/labels.json", "data/about.json", "small/99.webp", "picture/conv1/0.webp"):
        assert client.get(f"/run/photos/{path}").status_code == 404, path
    assert client.get(f"/run/{store.name}/small/3.webp").status_code == 404
    assert client.get("/readyz").status_code == 200
    (result.path / "transfer.json").unlink()
    assert client.get("/readyz").status_code == 503
    assert client.get("/run/photos/data/transfer.json").status_code == 200  # it was read before


def test_the_list_of_runs_follows_the_watched_folder(tmp_path: Path) -> None:
    stores = Stores([], [tmp_path], now=iter(range(0, 1000, 5)).__next__)
    client = create_app(stores, Settings()).server.test_client()
    assert client.get("/runs.json").json == {"runs": []}
    assert client.get("/").status_code == 200
    run = write_synthetic_run(tmp_path / "photos", SyntheticRun(n_classes=4, n_images=4))
    (found,) = client.get("/runs.json").json["runs"]
    assert (found["name"], found["place"]) == ("photos", describe_place(run))
    assert client.get(f"/run/photos/data/run.json?v={found['version']}").json["name"] == "photos"
    run.rename(tmp_path.parent / f"{tmp_path.name}-away")
    assert client.get("/runs.json").json == {"runs": []}
    gone = client.get("/run/photos/data/class/1.json")
    assert (gone.status_code, gone.json["problem"]["found"]) == (404, "photos is not there any more.")


def test_the_page_of_a_run_that_was_made_again_gets_none_of_its_numbers(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, n_images=4))
    client = create_app([RunStore(run, name="run")], Settings()).server.test_client()
    before = client.get("/runs.json").json["runs"][0]["version"]
    assert client.get(f"/run/run/data/class/1.json?v={before}").json["id"] == 1
    write_manifest(run, {**read_manifest(run), "more": 1})
    assert client.get(f"/run/run/data/class/1.json?v={before}").json["id"] == 1, "a stage was added"
    write_manifest(run, {**read_manifest(run), "created": "2031-01-01T00:00:00+00:00"})
    assert "Load the page again" in client.get(f"/run/run/data/class/1.json?v={before}").json["problem"]["fix"]
    after = client.get("/runs.json").json["runs"][0]["version"]
    assert client.get(f"/run/run/data/class/1.json?v={after}").json["id"] == 1
    write_manifest(run, {**read_manifest(run), "stages": {"aggregate": {"state": "running"}}})
    answer = client.get(f"/run/run/data/class/2.json?v={after}")
    assert "being made" in answer.json["problem"]["found"] and "Cache-Control" not in answer.headers
    assert client.get("/run/run/picture/conv1/1.webp").status_code == 503


def test_who_signs_in_learns_no_folder_of_the_server(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, n_images=4))
    client = create_app([RunStore(run, name="run")], Settings(auth="token", token="t" * 30)).server.test_client()
    headers = {"Authorization": "Bearer " + "t" * 30, "Accept": "text/html"}
    paths = ["", "runs.json", *(f"run/run/data/{key}.json" for key in ("run", "about", "class/1", "class/1/panel"))]
    for path in paths:
        answer = client.get(f"/{path}", headers=headers)
        assert answer.status_code == 200 and str(tmp_path) not in answer.text, path
