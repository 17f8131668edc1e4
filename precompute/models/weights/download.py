"""Published weights are downloaded once; without a network that is said within seconds, not after many retries."""

from __future__ import annotations

import threading
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlparse

import torch

from precompute.contract.errors import InputError

__all__ = ["cached_by_torch", "no_weights", "require_reachable"]

PATIENCE = 5.0
"""Seconds until a server that does not answer counts as unreachable."""


def cached_by_torch(url: str) -> Path:
    """Where torch.hub keeps the file of an address, whether it is there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


def require_reachable(url: str) -> None:
    """Asks the server of an address for a sign of life, with the proxies that the environment names.

    Raises:
        InputError: it gives none within a few seconds.
    """
    parts = urlparse(url)
    # In a thread: urlopen's limit does not hold for a name server that is silent.
    outcome: list[str] = []
    thread = threading.Thread(target=_knock, args=(f"{parts.scheme}://{parts.netloc}/", outcome), daemon=True)
    thread.start()
    thread.join(2 * PATIENCE)
    problem = outcome[0] if outcome else f"no answer within {2 * PATIENCE:.0f} s"
    if problem:
        raise no_weights(url, problem)


def _knock(url: str, outcome: list[str]) -> None:
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=PATIENCE).close()
    except HTTPError:  # it answers, if only to say no: the download itself will tell
        outcome.append("")
    except (OSError, HTTPException, ValueError) as problem:
        outcome.append(str(getattr(problem, "reason", problem)) or type(problem).__name__)
    else:
        outcome.append("")


def no_weights(what: str, problem: object) -> InputError:
    """The one message for published weights that cannot be had."""
    reason = (str(problem).strip().splitlines() or [type(problem).__name__])[0].rstrip(".")
    return InputError(
        "Default weights are downloaded once.",
        f"{what} could not be had ({reason}).",
        "Give --weights FILE with weights that you have, or --weights random.",
    )
