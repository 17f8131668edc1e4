"""The settings that people choose are those that the methods and the page know."""

from __future__ import annotations

import re
from pathlib import Path

from precompute.contract.explanation_settings import PARTS, PRESETS, REFERENCES, SETTINGS, read_settings
from precompute.explanations.backward.presets import PRESETS as RULES
from precompute.explanations.registry import find_methods

_SELECTION = Path("assets/src/selection.js")


def test_every_setting_is_an_option_of_the_methods_of_its_parts() -> None:
    methods = find_methods()
    for setting in SETTINGS:
        users = {name for name, method in methods.items() if setting.name in method.options}
        assert users == {name for part in PARTS for name in part.methods if setting.name in part.settings}
        for name in users:
            assert str(methods[name].options[setting.name]) == setting.values[0]
    values = {setting.name: set(setting.values) for setting in SETTINGS}
    assert values["preset"] == set(PRESETS) == set(RULES) and values["reference"] == set(REFERENCES)


def test_the_address_of_the_page_knows_the_same_values() -> None:
    script = _SELECTION.read_text()
    for setting in SETTINGS:
        found = re.search(rf"\n  {setting.name}: {{\.\.\.choice\((.*?)\)", script)
        assert found is not None and tuple(re.findall("'(.*?)'", found[1])) == setting.values


def test_a_link_with_no_such_value_gives_the_default() -> None:
    assert read_settings({"preset": "nothing", "samples": ["25"], "reference": "black"}) == {
        "preset": "epsilon_plus_flat", "samples": "25", "reference": "black"
    }  # fmt: skip
