"""The settings of methods of explanation that people choose, and the parts in which all maps of an image are asked for.

The method is in `precompute.explanations`, which needs torch; a page has to know these names without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["PARTS", "PRESETS", "REFERENCES", "SETTINGS", "Part", "Setting", "read_settings"]

REFERENCES = ("mean", "blurred", "black")
"""The names of reference images: the mean colour, the image itself blurred, no light."""
PRESETS = ("epsilon_plus_flat", "epsilon", "epsilon_gamma_box", "alpha2_beta1")
"""The presets of `lrp`."""


@dataclass(frozen=True)
class Setting:
    """An option of methods that people choose.

    Attributes:
        name: the name of the option.
        title: as people write it.
        choices: value, title and a sentence of each; the first is the default.
    """

    name: str
    title: str
    choices: tuple[tuple[str, str, str], ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The values, the default first."""
        return tuple(value for value, _, _ in self.choices)


SETTINGS = (
    Setting(
        "reference",
        "Reference image",
        (
            (
                "mean",
                "mean colour",
                "DeepLIFT and integrated gradients compare the image with one of the mean colour.",
            ),
            ("blurred", "blurred", "DeepLIFT and integrated gradients compare the image with itself, blurred."),
            ("black", "black", "DeepLIFT and integrated gradients compare the image with one without light."),
        ),
    ),
    Setting(
        "preset",
        "Rules of LRP",
        (
            (
                "epsilon_plus_flat",
                "ε, plus, flat",
                "Epsilon in dense layers, z-plus in convolutions, flat at the image.",
            ),
            ("epsilon", "ε", "Epsilon in all layers."),
            ("epsilon_gamma_box", "ε, γ, box", "Epsilon in dense layers, gamma in convolutions, z-box at the image."),
            ("alpha2_beta1", "α 2, β 1", "Alpha 2, beta 1 in convolutions: what speaks against counts more."),
        ),
    ),
    Setting(
        "samples",
        "Copies in SmoothGrad",
        tuple((n, n, f"The mean gradient over {n} noisy copies of the image.") for n in ("25", "10", "50", "100")),
    ),
)


@dataclass(frozen=True)
class Part:
    """Methods whose maps are asked for together.

    Attributes:
        name: of the part.
        methods: their names; empty for all that no other part has.
        settings: the names of the settings that change these maps.
        is_quick: each takes one pass back through the model, or a few.
    """

    name: str
    methods: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    is_quick: bool = True


PARTS = (
    Part("one_pass"),
    Part("lrp", ("lrp",), ("preset",)),
    Part("deeplift", ("deeplift",), ("reference",)),
    Part("integrated_gradients", ("integrated_gradients",), ("reference",), is_quick=False),
    Part("smoothgrad", ("smoothgrad",), ("samples",), is_quick=False),
    Part("occlusion", ("occlusion",), is_quick=False),
)
"""The parts in the order of asking. One whose settings change is computed again, and no other."""


def read_settings(asked: Mapping[str, Any]) -> dict[str, str]:
    """Reads every setting from what a link asks; the default where it asks for no value that there is."""
    return {
        setting.name: str(asked.get(setting.name)) if asked.get(setting.name) in setting.values else setting.values[0]
        for setting in SETTINGS
    }
