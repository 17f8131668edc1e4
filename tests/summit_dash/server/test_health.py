from __future__ import annotations

from pathlib import Path

from precompute.contract.schema import MANIFEST
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run
from tests.support.team import TOKEN, build_client


def test_health_and_readiness_answer_everyone_and_name_no_run(store: RunStore) -> None:
    client = build_client(store, host="0.0.0.0", token=TOKEN)
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_a_run_that_is_gone_makes_it_not_ready_and_yet_healthy(tmp_path: Path) -> None:
    run = write_synthetic_run(tmp_path / "run", SyntheticRun(n_classes=4, n_images=4))
    client = build_client(RunStore(run))
    (run / MANIFEST).rename(tmp_path / "moved")
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
