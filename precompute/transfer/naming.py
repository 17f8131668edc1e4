"""The models of a comparison: their names, and the options that are given to some of them."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from precompute.contract.errors import InputError

__all__ = ["NamedModel", "name_models"]

_NAMED = re.compile(r"(?P<name>[\w.-]+)=(?P<source>.+)")


@dataclass(frozen=True)
class NamedModel:
    """One model of a comparison.

    Attributes:
        name: different for each; a word that can be part of a file's name.
        source: as `ModelConfig.source`.
        weights: as `ModelConfig.weights`.
        preprocess: as `ModelConfig.preprocess`.
        cuts: names of layers; None: those that are recorded by default.
    """

    name: str
    source: str
    weights: str | None = None
    preprocess: str | None = None
    cuts: tuple[str, ...] | None = None


def name_models(
    models: Sequence[str], weights: Sequence[str] = (), preprocess: Sequence[str] = (), cuts: Sequence[str] = ()
) -> tuple[NamedModel, ...]:
    """Reads the models of a comparison and the options that belong to each.

    A model may be called by `NAME=MODEL`. Otherwise it has the name that it has in its library, or that of its file;
    files of one name have that of their folder before it.

    Args:
        models: `MODEL` or `NAME=MODEL`.
        weights: `MODEL=FILE` each, or `FILE` where there is one model.
        preprocess: the same.
        cuts: `MODEL=LAYER,LAYER` each, or `LAYER,LAYER` for all; `auto` for those recorded by default.

    Raises:
        InputError: there is no model, two have one name, or an option is for a model that is not there.
    """
    if not models:
        raise InputError("A comparison is of one model at least.", "Found none.", "Name some: --models A,B.")
    pairs = [_split(each) for each in models]
    short = Counter(_shorten(source) for name, source in pairs if name is None)
    names = {
        name or (_shorten(source) if short[_shorten(source)] == 1 else _name_fully(source)): source
        for name, source in pairs
    }
    if len(names) < len(pairs):
        raise InputError(
            "Every model of a comparison has a name of its own.",
            f"Found {', '.join(models)}.",
            "Name them: --models first=MODEL,second=MODEL.",
        )
    of_weights = _assign(names, "--weights", weights, for_all=False)
    of_preprocess = _assign(names, "--preprocess", preprocess, for_all=False)
    of_cuts = _assign(names, "--cuts", cuts, for_all=True)
    return tuple(
        NamedModel(name, source, of_weights.get(name), of_preprocess.get(name), _read_cuts(of_cuts.get(name)))
        for name, source in names.items()
    )


def _split(text: str) -> tuple[str | None, str]:
    found = _NAMED.fullmatch(text)
    return (found["name"], found["source"]) if found else (None, text)


def _shorten(source: str) -> str:
    """Returns the name of a model in its library, or of its file without folder and suffix."""
    if ".py" in source:
        return _clean(_locate(source).stem)
    return _clean(source.rpartition(":")[2])


def _name_fully(source: str) -> str:
    if ".py" not in source:
        return _clean(source)
    path = _locate(source).resolve()
    return _clean(f"{path.parent.name}-{path.stem}")


def _locate(source: str) -> Path:
    return Path(source.rpartition(":")[0] if ".py:" in source else source)


def _clean(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text).strip("-.") or "model"


def _assign(names: Mapping[str, str], option: str, given: Sequence[str], for_all: bool) -> dict[str, str]:
    """Returns the values of an option by the name of the model."""
    found: dict[str, str] = {}
    for text in given:
        word, equals, value = text.partition("=")
        owners = [name for name, source in names.items() if word in (name, source)] if equals else []
        if owners:
            found[owners[0]] = value
        elif len(names) == 1 or (for_all and not equals):
            found |= dict.fromkeys(names, text)
        else:
            near = difflib.get_close_matches(word, names, n=3, cutoff=0.3)
            raise InputError(
                f"{option} says which model it is for: {option} MODEL={'LAYER,LAYER' if for_all else 'FILE'}.",
                f"Found {text}; the models are {', '.join(names)}.",
                f"Did you mean {', '.join(near)}?" if near else "Name one of them.",
            )
    return found


def _read_cuts(text: str | None) -> tuple[str, ...] | None:
    if text is None or text == "auto":
        return None
    return tuple(name.strip() for name in text.split(",") if name.strip())
