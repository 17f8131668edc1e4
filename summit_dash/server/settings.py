"""The settings of the server: from flags, else the environment (`SUMMIT_DASH_PORT=8060`), else a file."""

from __future__ import annotations

import ipaddress
import json
import os
import tomllib
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources import TomlConfigSettingsSource

from precompute.contract.errors import InputError
from summit_dash.live.limits import Limits
from summit_dash.run.stores import MOST_OPEN
from summit_dash.server.defaults import HOST, PORT, THREADS
from summit_dash.server.roles import Role

__all__ = ["FILE", "Settings", "Texts", "is_loopback", "read_settings"]

FILE = "SUMMIT_DASH_SETTINGS"
"""The variable of the environment that names the file of settings."""
_LIMITS = Limits()
_file: ContextVar[str] = ContextVar("file of settings", default="")
Texts = Annotated[tuple[str, ...], NoDecode]
"""Several texts; in the environment separated by commas, or as JSON."""


class Settings(BaseSettings):
    """The settings of a served dashboard."""

    model_config = SettingsConfigDict(env_prefix="SUMMIT_DASH_", frozen=True)

    runs: Texts = Field(
        (),
        description="Folders of runs or transfer results, or NAME=FOLDER; used by the `server` factory.",
    )
    watch: Texts = Field(
        (),
        description="Folder whose runs and transfer results are shown as they come and go, once they are whole.",
    )
    most_open: int = Field(MOST_OPEN, ge=1, description="Runs that are in memory at once; others are opened when used.")
    host: str = Field(HOST, description="Address to listen on; `0.0.0.0` for the whole network.")
    port: int = Field(PORT, ge=0, le=65535, description="Port to listen on; the next free one if it is taken.")
    workers: int = Field(THREADS, ge=1, description="Threads that answer requests.")
    url_prefix: str = Field("/", description="Path under which the dashboard is mounted behind a proxy.")
    title: str = Field("Summit Dash", description="Name in the browser's tab.")

    auth: str = Field(
        "",
        description="Who may see the runs: `none` for everyone, `token` for those who have the link, or a file of "
        "users (`summit-dash users`). Without it: everyone on this machine alone, a token beyond it.",
    )
    token: str = Field("", repr=False, description="Token of the link; a new one at each start without it.")
    role: Role | Literal[""] = Field(
        "",
        description="Role of those whom no file gives one: `viewer` reads, `editor` also saves labels, `runner` also "
        "uses the pages that compute. Without it: `runner` if nobody signs in, else `viewer`.",
    )
    session_hours: float = Field(12, gt=0, le=24 * 365, description="Hours after which one must sign in again.")
    shared_folder: str = Field(
        "",
        description="Folder in which several processes remember failed sign-ins and ended sessions in common, and find "
        "the one that computes; without it each remembers its own, and none computes.",
    )
    trust_header: str = Field(
        "", pattern=r"^([A-Za-z][A-Za-z0-9-]*)?$", description="Header in which a proxy names who signed in there."
    )
    trusted_proxy: Texts = Field(
        (), description="Address or network of a proxy whose headers are believed; `unix` for a socket."
    )

    allowed_host: Texts = Field(
        (),
        description="Name by which browsers may call the server, besides addresses and this machine's own names; "
        "`.example.org` for all names that end so, `*` for all.",
    )
    frame_ancestors: str = Field(
        "'none'",
        pattern=r"^[^;,\r\n]+$",
        description="Pages that may show the dashboard in a frame, as in a Content-Security-Policy.",
    )
    body_bytes: int = Field(64_000_000, ge=10_000, description="Greatest size of a request, also with images.")

    cache_bytes: int = Field(
        32_000_000,
        ge=0,
        description="Memory for answers that were sent before, a sixteenth of it for those about one class or channel; "
        "the ones used last are kept.",
    )

    log: Literal["", "none", "text", "json"] = Field(
        "",
        description="Lines for requests on the standard error: `text`, `json` or `none`. Without it: text if people "
        "sign in, else none. Faults are always written.",
    )
    metrics_token: str = Field(
        "", repr=False, description="Token with which a program reads `metrics` (`Authorization: Bearer TOKEN`)."
    )

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
    live_image_pixels: int = Field(_LIMITS.image_pixels, ge=1, description="Greatest number of pixels of an image.")
    live_visits: int = Field(_LIMITS.n_visits, ge=1, description="Visits whose images are in memory.")
    live_visit_seconds: float = Field(
        _LIMITS.visit_seconds, gt=0, description="Time after which a quiet visit is forgotten."
    )
    live_visit_bytes: int = Field(
        _LIMITS.visit_bytes, ge=1, description="Greatest size of the images of one visit together."
    )
    live_bytes: int = Field(
        _LIMITS.all_bytes,
        ge=1,
        description="Memory of the images, answers and pictures of all visits; the quiet ones lose theirs first.",
    )
    live_growth_bytes: int = Field(
        _LIMITS.growth_bytes,
        ge=1,
        description="Memory by which a process with a model may grow after its first answers; then a new one takes its "
        "place, once nobody has asked for a minute.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Orders the sources: what the caller gives, the environment, the file."""
        file = _file.get() or os.environ.get(FILE)
        given = (init_settings, env_settings)
        return (*given, TomlConfigSettingsSource(settings_cls, toml_file=file)) if file else given

    @property
    def limits(self) -> Limits:
        """The limits of the pages that compute."""
        return Limits(
            self.live_workers, self.live_seconds, self.live_waiting, self.live_patience,
            self.live_images, self.live_image_bytes, self.live_visits, self.live_visit_seconds, self.live_image_pixels,
            self.live_visit_bytes, self.live_bytes, self.live_growth_bytes,
        )  # fmt: skip

    def find_auth(self) -> str:
        """Returns `none`, `token` or the file of users."""
        return self.auth or ("none" if is_loopback(self.host) else "token")

    def find_log(self) -> str:
        """Returns the form of the log: `none`, `text` or `json`."""
        return self.log or ("none" if self.find_auth() == "none" and not self.trust_header else "text")

    @field_validator("url_prefix")
    @classmethod
    def _add_slashes(cls, value: str) -> str:
        return "/" + value.strip("/") + "/" if value.strip("/") else "/"

    @field_validator("runs", "watch", "trusted_proxy", "allowed_host", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return json.loads(value) if value.startswith("[") else [part.strip() for part in value.split(",") if part]


def is_loopback(host: str) -> bool:
    """Returns True if an address to listen on can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def read_settings(file: Path | None = None, **given: Any) -> Settings:
    """Reads the settings from all sources.

    Args:
        file: TOML file of settings; the one that the environment names if it is None.
        given: settings that go before all other sources; those that are None are left out.

    Raises:
        InputError: a value is not allowed, or the file cannot be read.
    """
    named = str(file or os.environ.get(FILE) or "")
    before = _file.set(named)
    try:
        if named:
            Path(named).read_bytes()  # what is not there would be passed over
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except OSError as problem:
        raise InputError(
            "The settings are read from a TOML file.", f"{named}: {problem.strerror}.", f"Correct --settings or {FILE}."
        ) from problem
    except tomllib.TOMLDecodeError as problem:
        raise InputError("A file of settings is TOML.", f"{named}: {problem}.", "Correct it.") from problem
    except ValidationError as problem:
        raise _explain(problem) from problem
    finally:
        _file.reset(before)


def _explain(problem: ValidationError) -> InputError:
    """Explains the first value that is not allowed."""
    first = problem.errors()[0]
    name = str(first["loc"][0])
    if name not in Settings.model_fields:
        return InputError("A file of settings has known settings alone.", f"Found {name!r}.", "Remove it.")
    rule = f"{name}: {Settings.model_fields[name].description}"
    flag = f"--{name.replace('_', '-')}"
    return InputError(
        rule, f"Found {first['input']!r}: {first['msg']}.", f"Correct {flag}, SUMMIT_DASH_{name.upper()} or the file."
    )
