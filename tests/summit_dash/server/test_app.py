from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from precompute.contract.errors import InputError
from summit_dash.run.names import describe_place
from summit_dash.run.store import RunStore
from summit_dash.server.app import build_server, create_app
from summit_dash.server.settings import Settings


@pytest.fixture(scope="module")
def client(store: RunStore) -> FlaskClient:
    return create_app([store], Settings()).server.test_client()


def test_the_page_is_served_without_torch(run_path: Path) -> None:
    code = (
        "import sys; from summit_dash.server.app import create_app; from summit_dash.run.store import RunStore;"
        f"create_app([RunStore({str(run_path)!r})]).server.test_client().get('/_dash-layout');"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nothing_is_fetched_from_outside(client: FlaskClient) -> None:
    addresses = re.findall(r'(?:src|href)="([^"]*)"', client.get("/").text)
    assert len(addresses) > 5
    assert [a for a in addresses if not a.startswith(("/", "data:"))] == []


def test_a_prefix_moves_everything(store: RunStore) -> None:
    client = create_app({"x": store}, Settings(url_prefix="tools/summit")).server.test_client()
    assert client.get("/tools/summit/healthz").status_code == 200
    assert client.get("/tools/summit/").status_code == 200
    assert client.get("/tools/summit/run/synthetic/picture/conv1/1.webp").status_code == 200


def test_the_page_names_for_its_scripts_what_is_served(client: FlaskClient, store: RunStore) -> None:
    page = client.get("/").text
    boot = re.search(r'<script id="boot" type="application/json">(.*?)</script>', page)
    assert boot is not None
    assert json.loads(boot[1]) == {
        "prefix": "/",
        "runs": [
            {
                "name": "synthetic",
                "version": store.version,
                "about": f"{store.model_name} · {store.dataset_name}",
                "place": describe_place(store.path),
            }
        ],
    }


def test_a_name_cannot_end_the_script_that_holds_it(run_path: Path) -> None:
    page = create_app([RunStore(run_path, name="</script>")], Settings()).server.test_client().get("/").text
    assert '"</script>"' not in page


# --- the application of WSGI servers --------------------------------------------------------------------------------


def test_a_wsgi_server_needs_to_know_who_may_come_in(run_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUMMIT_DASH_RUNS", str(run_path))
    with pytest.raises(InputError, match="SUMMIT_DASH_AUTH"):
        build_server()
    monkeypatch.setenv("SUMMIT_DASH_TOKEN", "secret")
    assert build_server().test_client().get("/_dash-layout").status_code == 401
    monkeypatch.setenv("SUMMIT_DASH_AUTH", "none")
    assert build_server().test_client().get("/_dash-layout").status_code == 200


def test_a_wsgi_server_needs_a_run() -> None:
    with pytest.raises(InputError, match="SUMMIT_DASH_RUNS"):
        build_server()
