"""The tab of heat maps, with the quality that the run knows of them."""

from __future__ import annotations

import shutil
from pathlib import Path

from precompute.contract.writing import write_table
from summit_dash.live.service import Live
from summit_dash.live.visits import Visit
from summit_dash.pages.images_maps import read_quality
from summit_dash.run.store import RunStore
from tests.support.live_page import ask


def test_the_quality_that_the_run_knows_is_beside_each_map(
    live: Live, visit: Visit, run_path: Path, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(run_path, tmp_path / "run"))
    assert read_quality(RunStore(run)) == {}
    rows = [("lrp", "selectivity", -0.004, -0.2, 0.3, 40), ("lrp", "selectivity_over_edges", 0.1, 0.0, 0.2, 40)]
    names = ("method", "metric", "value", "ci_low", "ci_high", "n_images")
    write_table(run, "explanation_quality", dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    body = str(ask(live, visit, RunStore(run)).body)
    assert "selectivity 0.00 [-0.20, 0.30], n\\xa0=\\xa040" in body
    assert "On this model it does not beat an edge detector." in body


def test_a_setting_of_the_address_reaches_the_maps_that_it_changes(live: Live, visit: Visit, store: RunStore) -> None:
    body = str(ask(live, visit, store, preset="alpha2_beta1").body)
    assert "Rules: alpha2_beta1." in body and "Rules of LRP" in body and "visit/" in body
    n_asked = len(visit.tickets)
    assert "Rules: epsilon." in str(ask(live, visit, store, preset="epsilon").body)
    assert len(visit.tickets) == n_asked + 1
