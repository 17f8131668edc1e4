"""Processes that are ready at once: forked from one that imported all stages and exported a model.

A new interpreter needs several seconds until its first run. Tests that kill a run do not depend on that time.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([f"{__name__}_imports"])


def start_warm(call: Callable[..., Any], *arguments: Any, messages: Path | None = None) -> BaseProcess:
    """Starts a function in a process of its own.

    Args:
        call: a function of a module, which the process imports.
        arguments: what it takes; they are pickled.
        messages: the file for what it writes to stdout and stderr, which is dropped by default.
    """
    process = _CONTEXT.Process(target=_call_apart, args=(call, arguments, str(messages or os.devnull)))
    process.start()
    return process


def _call_apart(call: Callable[..., Any], arguments: tuple[Any, ...], messages: str) -> None:
    torch.set_num_threads(1)  # Makes torch's pool of threads again; its own threads would race to do so.
    target = os.open(messages, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(target, descriptor)
    call(*arguments)
