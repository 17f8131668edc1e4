"""Downloads of published weights: the cache of torch, and a quick error where there is no network."""

from __future__ import annotations

import threading
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlparse

import torch

from precompute.contract.errors import InputError

__all__ = ["build_download_error", "get_cache_path", "require_reachable"]

PATIENCE = 5.0
"""Seconds until a server that does not answer counts as unreachable."""


def get_cache_path(url: str) -> Path:
    """Returns the path at which torch.hub keeps the file of an address, whether there is a file or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


def require_reachable(url: str) -> None:
    """Checks that the server of an address answers, through the proxies that the environment names.

    Raises:
        InputError: it does not answer within a few seconds.
    """
    parts = urlparse(url)
    # In a thread: urlopen's limit does not hold for a name server that is silent.
    outcome: list[str] = []
    thread = threading.Thread(target=_ask_server, args=(f"{parts.scheme}://{parts.netloc}/", outcome), daemon=True)
    thread.start()
    thread.join(2 * PATIENCE)
    problem = outcome[0] if outcome else f"no answer within {2 * PATIENCE:.0f} s"
    if problem:
        raise build_download_error(url, problem)


def _ask_server(url: str, outcome: list[str]) -> None:
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=PATIENCE).close()
    except HTTPError:  # an error status is an answer; the download itself has the details
        outcome.append("")
    except (OSError, HTTPException, ValueError) as problem:
        outcome.append(str(getattr(problem, "reason", problem)) or type(problem).__name__)
    else:
        outcome.append("")


def build_download_error(what: str, problem: object) -> InputError:
    """Builds the error for published weights that cannot be downloaded."""
    reason = (str(problem).strip().splitlines() or [type(problem).__name__])[0].rstrip(".")
    return InputError(
        "Default weights are downloaded once.",
        f"{what} could not be had ({reason}).",
        "Give --weights FILE with weights that you have, or --weights random.",
    )
