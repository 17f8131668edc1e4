"""The settings of the server, from the environment (`SUMMIT_DASH_PORT=8060`) or from the caller."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from summit_dash.server.defaults import HOST, PORT, THREADS

__all__ = ["Settings"]


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

    @field_validator("url_prefix")
    @classmethod
    def _add_slashes(cls, value: str) -> str:
        return "/" + value.strip("/") + "/" if value.strip("/") else "/"
