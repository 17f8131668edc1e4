"""The embedding in a process of its own, beside the other stages, because UMAP takes long to import and to compile.

The process begins when the run does. It makes UMAP ready, waits for the table `activations`, and lays out the classes
as this process would. What it does not deliver, because it failed or was killed, this process lays out itself.
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

from precompute.embedding.build import FloatArray, embed_layer, has_umap, lay_out_layers, needs_umap
from precompute.embedding.config import EmbeddingConfig

__all__ = ["EmbeddingProcess", "embedding_process", "is_worth_a_process", "serve"]

_SECONDS = struct.Struct("<d")
_COMMAND = "from precompute.embedding.process import serve; serve()"


def is_worth_a_process(n_classes: int, n_cores: int) -> bool:
    """Whether UMAP is to be made ready for so many classes, and there is a core to do so beside other work."""
    return needs_umap(n_classes) and n_cores > 1 and has_umap() and "umap" not in sys.modules


@contextlib.contextmanager
def embedding_process(is_wanted: bool) -> Iterator[EmbeddingProcess | None]:
    """The process while the block lasts; None where it is not wanted or cannot be started. It is gone afterwards."""
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
    """The process as it is seen from this one.

    Attributes:
        seconds: that it has taken for the layouts which were asked for; neither importing nor compiling count.
        has_failed: some layout came from this process instead.
    """

    def __init__(self) -> None:
        # The paths of this process too, because they need not come from the environment.
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
        """The number by which the operating system knows it."""
        return self._process.pid

    def begin(
        self, run: Path, layers: Sequence[tuple[str, int]], class_ids: Sequence[int], config: EmbeddingConfig
    ) -> None:
        """Has it lay out a run whose table `activations` is there; what it is told a second time it does not hear."""
        if self._reader is not None:
            return
        ordered = sorted(class_ids)
        request = {"run": str(run.absolute()), "layers": layers, "class_ids": ordered, "config": asdict(config)}
        self._reader = threading.Thread(target=self._read, args=(len(layers), len(ordered)), daemon=True)
        with contextlib.suppress(OSError):  # it has ended, as the reader will see
            self._stdin.write(json.dumps(request).encode() + b"\n")
            self._stdin.flush()
        self._reader.start()

    def layout(self, counts: npt.ArrayLike, previous: FloatArray | None, config: EmbeddingConfig) -> FloatArray:
        """The layout of the next layer; see `embed_layer`, which makes it where the process does not."""
        found = None if self.has_failed or self._reader is None else self._layouts.get()
        if found is None:
            self.has_failed = True
            return embed_layer(counts, previous, config)
        self.seconds += found[0]
        return found[1]

    def close(self) -> None:
        """Ends it, whatever it is at."""
        self._process.kill()
        self._process.wait()
        if self._reader is not None:
            self._reader.join()
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):  # what it did not read any more cannot be flushed
                pipe.close()

    def _read(self, n_layers: int, n_classes: int) -> None:
        """Takes the layouts as they come, so that the process never waits; None says that no more will."""
        size = _SECONDS.size + 16 * n_classes
        for _ in range(n_layers):
            frame = self._stdout.read(size)
            if len(frame) < size:
                break
            points = np.frombuffer(frame, "<f8", offset=_SECONDS.size).reshape(n_classes, 2)
            self._layouts.put((_SECONDS.unpack_from(frame)[0], points))
        self._layouts.put(None)


def serve() -> None:
    """Is the process: makes UMAP ready, reads one request from standard input, and writes layouts to standard output.

    It ends when its standard input does, that is with the process that started it, however that ends. An interruption
    from the keyboard reaches both; it is the other one's to act on.
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
    requests.get()  # until the other process has read it all and ends this one


def _listen(requests: queue.SimpleQueue[bytes]) -> None:
    if line := sys.stdin.buffer.readline():
        requests.put(line)
        sys.stdin.buffer.read()
    os._exit(0)


def _make_ready() -> None:
    """Lays out a few points, for which UMAP compiles all that it needs for fewer than 4,096."""
    random = np.random.default_rng(0)
    embed_layer(random.poisson(2, (16, 8)), None, EmbeddingConfig(n_epochs=2))
