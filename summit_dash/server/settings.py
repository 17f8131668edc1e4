"""The settings of the server, from the environment (`SUMMIT_DASH_PORT=8060`) or from the caller."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from summit_dash.live.limits import Limits
from summit_dash.server.defaults import HOST, PORT, THREADS

__all__ = ["Settings"]

_LIMITS = Limits()


class Settings(BaseSettings):
    """The settings of a served dashboard."""

    model_config = SettingsConfigDict(env_prefix="SUMMIT_DASH_", frozen=True)

    runs: tuple[str, ...] = Field(
        (), description="Folders of the runs to serve, or NAME=FOLDER; used by the `server` factory."
    )
    host: str = Field(HOST, description="Address to listen on.")
    port: int = Field(PORT, description="Port to listen on.")
    workers: int = Field(THREADS, description="Threads that answer requests.")
    url_prefix: str = Field("/", description="Path under which the dashboard is mounted behind a proxy.")
    title: str = Field("Summit Dash", description="Name in the browser's tab.")

    live_workers: int = Field(
        _LIMITS.n_workers, ge=0, description="Processes that hold a run's model for the pages that compute."
    )
    live_seconds: float = Field(_LIMITS.seconds, gt=0, description="Greatest time of one request to a model.")
    live_waiting: int = Field(_LIMITS.n_waiting, ge=0, description="Requests that may wait for a model.")
    live_patience: float = Field(
        _LIMITS.patience, gt=0, description="Seconds after which an abandoned request is dropped."
    )
    live_images: int = Field(_LIMITS.n_images, ge=1, description="Images that one visit may bring.")
    live_image_bytes: int = Field(_LIMITS.image_bytes, ge=1, description="Greatest size of an image's file.")
    live_visits: int = Field(_LIMITS.n_visits, ge=1, description="Visits whose images are in memory.")
    live_visit_seconds: float = Field(
        _LIMITS.visit_seconds, gt=0, description="Time after which a quiet visit is forgotten."
    )

    @property
    def limits(self) -> Limits:
        """The limits of the pages that compute."""
        return Limits(
            self.live_workers, self.live_seconds, self.live_waiting, self.live_patience,
            self.live_images, self.live_image_bytes, self.live_visits, self.live_visit_seconds,
        )  # fmt: skip

    @field_validator("url_prefix")
    @classmethod
    def _add_slashes(cls, value: str) -> str:
        return "/" + value.strip("/") + "/" if value.strip("/") else "/"
