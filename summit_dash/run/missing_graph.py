"""The reason that a class has no attribution graph, and the step that would give it one."""

from __future__ import annotations

from precompute.contract.errors import InputError
from summit_dash.run.store import ClassInfo, RunStore
from summit_dash.run.text import format_plural

__all__ = ["explain_missing_graph"]

_RULE = "A class has an attribution graph of the channels that its images excite."


def explain_missing_graph(store: RunStore, info: ClassInfo) -> InputError:
    """Returns rule, reason and remedy for a class whose graph holds no channel, although the stage graphs has run."""
    name = info.short_name
    if store.manifest.get("imported"):
        return InputError(_RULE, f"The imported data holds none for {name}.", "Choose another class.")
    if not info.n_images:
        return InputError(
            _RULE,
            f"None of the images of {name} could be used; manifest.json names them with the reasons.",
            "Correct them, and repeat the command that made the run, with `--overwrite`.",
        )
    images = format_plural(info.n_images, "image")
    config = store.manifest.get("config", {}).get("aggregate") or {}
    if config.get("exclude_outliers"):
        return InputError(
            _RULE,
            f"No channel but outliers, which are left out, is excited by the {images} of {name}.",
            "Raise `--outlier-fraction`, or leave `--exclude-outliers` out, and make the run anew.",
        )
    return InputError(
        _RULE,
        f"No recorded channel is excited by the {images} of {name}.",
        "Check the weights and the preprocessing, or record other layers with `--layers`, and make the run anew.",
    )
