"""The tables of the proof: each class has row groups of its own where a page reads one class."""

from __future__ import annotations

from precompute.contract.proof_tables import PROOF_TABLES


def test_every_table_is_by_class_and_says_how_many_images_were_measured() -> None:
    for table in PROOF_TABLES:
        assert table.key[0] == "class_id", table.name
        assert table.columns[-1].name in ("n_images", "n_repeats"), table.name
    assert {table.name: table.row_group_by for table in PROOF_TABLES}["single_channels"] == "class_id"
