from __future__ import annotations

import re

import pytest

from summit_dash.run.memory import measure_memory
from summit_dash.run.store import RunStore
from tests.support.team import TOKEN, build_client


def read_number(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def test_requests_are_counted_and_timed_by_route(store: RunStore) -> None:
    client = build_client(store)
    for class_id in (1, 2, 999):
        client.get(f"/run/synthetic/data/class/{class_id}.json")
    client.get("/run/none/data/run.json")
    text = client.get("/metrics").text
    assert read_number(text, 'summit_dash_requests_total{method="GET",route="send_data",status="200"}') == 3
    assert read_number(text, 'summit_dash_requests_total{method="GET",route="send_data",status="404"}') == 1
    assert read_number(text, 'summit_dash_request_seconds_count{route="send_data"}') == 4
    assert read_number(text, "summit_dash_jobs_waiting") == read_number(text, "summit_dash_worker_processes") == 0
    assert read_number(text, "summit_dash_memory_bytes") == pytest.approx(measure_memory(), rel=0.5)
    assert "synthetic" not in text


def test_names_of_runs_and_classes_make_no_routes(store: RunStore) -> None:
    client = build_client(store)
    for n in range(20):
        client.get(f"/nowhere/{n}")
    assert len(set(re.findall(r'route="([^"]*)"', client.get("/metrics").text))) == 1


def test_a_program_reads_them_with_a_token_of_its_own_and_nothing_else(store: RunStore) -> None:
    client = build_client(store, host="0.0.0.0", token=TOKEN, metrics_token="for-the-scraper")
    assert client.get("/metrics").status_code == 401
    for token, status in (("for-the-scraper", 200), (TOKEN, 200), ("for-the-scraperx", 401), ("", 401)):
        assert client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == status
    scraper = {"Authorization": "Bearer for-the-scraper"}
    assert client.get("/_dash-layout", headers=scraper).status_code == 401


def test_without_a_token_in_the_settings_an_empty_one_opens_nothing(store: RunStore) -> None:
    client = build_client(store, host="0.0.0.0", token=TOKEN)
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
