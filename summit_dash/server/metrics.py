"""Numbers of the server for Prometheus, at `metrics`."""

from __future__ import annotations

import hmac
import os
import time

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, exposition, multiprocess

from summit_dash.live.workers import Workers
from summit_dash.run.memory import measure_memory
from summit_dash.server.door import Door
from summit_dash.server.roles import find_handed

__all__ = ["register_metrics"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10, 30)
_SEVERAL = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which several processes share their numbers through a folder."""


class _Numbers:
    """The numbers of one application. Those of several processes are added up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "summit_dash_requests", "Requests.", ["route", "method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "summit_dash_request_seconds", "Time of requests.", ["route"], buckets=_SECONDS, registry=self.registry
        )
        self.waiting = self._build_sum("summit_dash_jobs_waiting", "Requests that wait for a model.")
        self.workers = self._build_sum("summit_dash_worker_processes", "Processes that hold a model.")
        self.memory = self._build_sum("summit_dash_memory_bytes", "Memory of the server's processes, without models.")

    def _build_sum(self, name: str, meaning: str) -> Gauge:
        return Gauge(name, meaning, registry=self.registry, multiprocess_mode="livesum")


def register_metrics(server: Flask, door: Door, workers: Workers) -> None:
    """Adds the count of every request, and `metrics` under the prefix. The log notes the start of each.

    Who may come in may read it, and a program that sends the token of the settings.
    """
    numbers = _Numbers()

    @server.after_request
    def count(response: Response) -> Response:
        if find_handed() is None:  # the process that was asked counts it
            route = request.endpoint or "none"
            numbers.requests.labels(route, request.method, str(response.status_code)).inc()
            numbers.seconds.labels(route).observe(time.perf_counter() - g.get("started", time.perf_counter()))
        numbers.waiting.set(workers.n_waiting)
        numbers.workers.set(len(workers.list_pids()))
        numbers.memory.set(measure_memory())
        return response

    @server.get(f"{door.prefix}metrics")
    def send_metrics() -> Response:
        if not _is_scraper(door.settings.metrics_token) and door.find() is None:
            return Response("Sign in first.\n", 401, mimetype="text/plain", headers={"WWW-Authenticate": "Bearer"})
        registry = numbers.registry
        if os.environ.get(_SEVERAL):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return Response(exposition.generate_latest(registry), content_type=exposition.CONTENT_TYPE_PLAIN_0_0_4)


def _is_scraper(token: str) -> bool:
    """Returns True if the request has the token of the settings."""
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
