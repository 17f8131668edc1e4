"""A run with a secret beside it, served to everyone, by a link, and to a team."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from summit_dash.run.store import RunStore
from tests.security.attacks import write_secrets
from tests.support.team import TOKEN, build_client


@pytest.fixture(scope="session")
def store(synthetic_run: Path, tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A copy of the synthetic run, which tests may write labels to."""
    folder = tmp_path_factory.mktemp("attacked") / "runs"
    write_secrets(folder.parent)
    run = Path(shutil.copytree(synthetic_run, folder / "synthetic"))
    write_secrets(run)
    return RunStore(run)


@pytest.fixture(scope="module")
def client(store: RunStore) -> FlaskClient:
    """A client of a server where nobody signs in."""
    return build_client(store)


@pytest.fixture
def closed(store: RunStore) -> FlaskClient:
    """A client that has not signed in."""
    return build_client(store, host="0.0.0.0", token=TOKEN)
