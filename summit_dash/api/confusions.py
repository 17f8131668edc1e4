"""The confusions of a run as a pandas table."""

from __future__ import annotations

import pandas as pd

from summit_dash.run.confusions import compute_confusions, read_output_names
from summit_dash.run.store import RunStore

__all__ = ["build_confusions"]

_COLUMNS = ["class_id", "class_name", "taken_for", "taken_for_name", "n_images", "n_class", "share"]


def build_confusions(store: RunStore) -> pd.DataFrame:
    """Builds the table of confused pairs, most images first, then by class and by what they were taken for.

    Raises:
        InputError: the run does not hold what its images were taken for, or outputs do not mean its classes.
    """
    found = compute_confusions(store)
    classes = {class_id: info.class_name for class_id, info in store.classes.items()}
    outputs = read_output_names(store)
    pairs, outside = pd.DataFrame(found.pairs._asdict()), pd.DataFrame(found.outside._asdict())
    pairs["taken_for_name"] = [classes[each] for each in pairs["taken_for"]]
    outside["taken_for_name"] = [outputs.get(each, f"output {each}") for each in outside["taken_for"]]
    outside["taken_for"] = pd.array([pd.NA] * len(outside), "Int64")
    frame = pd.concat([pairs.astype({"taken_for": "Int64"}), outside], ignore_index=True)
    n_class = pd.Series(found.n_images, found.class_ids)
    frame["class_name"] = [classes[each] for each in frame["class_id"]]
    frame["n_class"] = n_class.loc[frame["class_id"]].to_numpy()
    frame["share"] = frame["n_images"] / frame["n_class"]
    order = ["n_images", "class_id", "taken_for", "taken_for_name"]
    return frame.sort_values(order, ascending=[False, True, True, True], ignore_index=True)[_COLUMNS]
