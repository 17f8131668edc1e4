"""The page of a transfer result in blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from summit_dash.payloads import transfer_page
from summit_dash.payloads.transfer import build_transfer_payload
from summit_dash.run.transfer_store import TransferStore
from tests.support.transfer_result import write_transfer_result


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    store = TransferStore(write_transfer_result(tmp_path_factory.mktemp("results") / "photos"))
    found = build_transfer_payload(store, "transfer")
    assert found is not None
    return dict(found["blocks"])


def test_the_advice_says_how_the_heads_were_tested(blocks: dict[str, Any]) -> None:
    sentence, how = blocks["advice"]
    assert "Cut small after high" in sentence[2]
    assert how[2].startswith("12 images of 3 classes, each held out once in ") and how[2].endswith("n = 12.")


def test_cuts_are_rows_with_their_choices_and_costs_in_three_digits(blocks: dict[str, Any]) -> None:
    table = blocks["cuts"][2][2]["table"]
    assert len(table["rows"]) == 6 and len(table["heads"]) == len(table["rows"][0]["cells"])
    first = table["rows"][0]
    assert first["cells"][1] == {"cut_choices": first["data-cut"]}
    assert {cell[2] for row in table["rows"] for cell in row["cells"][0][2:] if isinstance(cell, list)} >= {
        "advised",
        "best",
    }


def test_trained_heads_are_a_table_or_nothing(blocks: dict[str, Any]) -> None:
    table = blocks["learned"][2][2]["table"]
    assert table["rows"][0][0][-1] == "conv1x1" and len(table["heads"]) == len(table["rows"][0])
    assert transfer_page._build_learned([]) == []


def test_a_cut_has_the_command_to_go_on_with(blocks: dict[str, Any]) -> None:
    saved, other = (
        next(each for each in blocks["chosen"] if each["words"].startswith(begin))
        for begin in ("Its head", "This trains")
    )
    assert saved["command"].startswith("summit-dash precompute ") and "advised" in saved["marks"]
    assert " --save " in other["command"] and Path(other["command"].split()[2]).name == "photos"
    assert other["facts"][0][1].endswith("n = 12")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1000, "1 k"),
        (40_612_345, "40.6 M"),
        (999_600, "1000 k"),
        (4_120_000_000, "4.12 G"),
    ],
)
def test_costs_are_written_in_three_digits(value: int, text: str) -> None:
    assert transfer_page._build_cost(value)[2] == text
