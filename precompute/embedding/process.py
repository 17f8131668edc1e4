"""The embedding in a process of its own, parallel to the other stages: UMAP takes long to import and to compile.

The process starts with the run. It makes UMAP ready, waits for the table `activations`, and lays out the classes as the
starting process would. If it fails or is killed, the starting process lays out the remaining layers itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt

from precompute.embedding.build import lay_out_layers
from precompute.embedding.config import EmbeddingConfig
from precompute.embedding.layout import FloatArray, embed_layer, has_umap, needs_umap

__all__ = ["EmbeddingProcess", "is_worth_a_process", "serve", "start_embedding_process"]

_SECONDS = struct.Struct("<d")
_COMMAND = "from precompute.embedding.process import serve; serve()"


def is_worth_a_process(n_classes: int, n_cores: int) -> bool:
    """Returns True if so many classes need UMAP, UMAP is not imported yet, and there is a second core for it."""
    return needs_umap(n_classes) and n_cores > 1 and has_umap() and "umap" not in sys.modules


@contextlib.contextmanager
def start_embedding_process(is_wanted: bool) -> Iterator[EmbeddingProcess | None]:
    """Starts the process and ends it with the block. Yields None if it is not wanted or cannot be started."""
    process = None
    if is_wanted:
        with contextlib.suppress(OSError):
            process = EmbeddingProcess()
    try:
        yield process
    finally:
        if process is not None:
            process.close()


class EmbeddingProcess:
    """A running process that lays out classes, as the starting process sees it.

    Attributes:
        seconds: time that it took for the layouts returned so far, without importing and compiling.
        has_failed: True after a layout that the starting process had to compute itself.
    """

    def __init__(self) -> None:
        # The import paths of this process need not come from the environment, so they are passed on.
        paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._stdin = cast(IO[bytes], self._process.stdin)
        self._stdout = cast(IO[bytes], self._process.stdout)
        self._layouts: queue.SimpleQueue[tuple[float, FloatArray] | None] = queue.SimpleQueue()
        self._reader: threading.Thread | None = None
        self.seconds = 0.0
        self.has_failed = False

    @property
    def pid(self) -> int:
        """The operating system's number of the process."""
        return self._process.pid

    def begin(
        self, run: Path, layers: Sequence[tuple[str, int]], class_ids: Sequence[int], config: EmbeddingConfig
    ) -> None:
        """Asks the process to lay out a run whose table `activations` is written. A second call does nothing."""
        if self._reader is not None:
            return
        ordered = sorted(class_ids)
        request = {"run": str(run.absolute()), "layers": layers, "class_ids": ordered, "config": asdict(config)}
        self._reader = threading.Thread(target=self._read, args=(len(layers), len(ordered)), daemon=True)
        with contextlib.suppress(OSError):  # the process has ended; the reader will find no layout
            self._stdin.write(json.dumps(request).encode() + b"\n")
            self._stdin.flush()
        self._reader.start()

    def lay_out(self, counts: npt.ArrayLike, previous: FloatArray | None, config: EmbeddingConfig) -> FloatArray:
        """Returns the layout of the next layer, `(n_classes, 2)`: from the process, or by `embed_layer` if it failed.

        Arguments are those of `embed_layer`. They are used only if the process failed; it reads the run itself.
        """
        found = None if self.has_failed or self._reader is None else self._layouts.get()
        if found is None:
            self.has_failed = True
            return embed_layer(counts, previous, config)
        self.seconds += found[0]
        return found[1]

    def close(self) -> None:
        """Kills the process and waits for its end."""
        self._process.kill()
        self._process.wait()
        if self._reader is not None:
            self._reader.join()
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):  # the rest of the request, which was not read, cannot be flushed
                pipe.close()

    def _read(self, n_layers: int, n_classes: int) -> None:
        """Queues the layouts as they arrive, so that the process never waits, and None after the last."""
        size = _SECONDS.size + 16 * n_classes
        for _ in range(n_layers):
            frame = self._stdout.read(size)
            if len(frame) < size:
                break
            points = np.frombuffer(frame, "<f8", offset=_SECONDS.size).reshape(n_classes, 2)
            self._layouts.put((_SECONDS.unpack_from(frame)[0], points))
        self._layouts.put(None)


def serve() -> None:
    """Runs the process: makes UMAP ready, reads one request from standard input, writes layouts to standard output.

    The process ends when its standard input is closed, so it never outlives the process that started it. It ignores
    an interruption from the keyboard, which reaches both: the starting process acts on it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    _make_ready()
    request = json.loads(requests.get())
    layers = [(name, n_channels) for name, n_channels in request["layers"]]
    config = EmbeddingConfig(**request["config"])
    start = time.perf_counter()
    for points in lay_out_layers(Path(request["run"]), layers, request["class_ids"], config, embed_layer):
        out.write(_SECONDS.pack(time.perf_counter() - start) + points.astype("<f8").tobytes())
        out.flush()
        start = time.perf_counter()
    out.close()
    requests.get()  # waits until the starting process has read all and ends this one


def _listen(requests: queue.SimpleQueue[bytes]) -> None:
    """Queues the request, and ends the process when standard input is closed."""
    if line := sys.stdin.buffer.readline():
        requests.put(line)
        sys.stdin.buffer.read()
    os._exit(0)


def _make_ready() -> None:
    """Lays out a few points. For these UMAP compiles all that it needs for fewer than 4,096 points."""
    random = np.random.default_rng(0)
    embed_layer(random.poisson(2, (16, 8)), None, EmbeddingConfig(n_epochs=2))
