from __future__ import annotations

import json

from summit_dash.export.formats.json import FORMAT_VERSION, write_json
from summit_dash.export.tables import build_tables
from tests.summit_dash.export.subjects import FOX, WOLF, make_subject


def test_a_reader_can_check_the_form() -> None:
    whole = json.loads(write_json(build_tables(make_subject())))
    assert (whole["format"], whole["format_version"]) == ("summit-dash attribution graph", FORMAT_VERSION)
    assert (whole["directed"], whole["multigraph"]) == (True, False)


def test_what_does_not_exist_is_null_and_letters_stay_readable() -> None:
    text = write_json(build_tables(make_subject(FOX, WOLF, name="Füchse"))).decode()
    nodes = {node["id"]: node for node in json.loads(text)["nodes"]}
    assert nodes["b-3"]["activation_count_a"] is None
    assert "n4" in text and text.endswith("}\n")
    assert json.loads(text)["graph"]["classes"][0]["class_name"] == "Füchse, animal" and "Füchse" in text
