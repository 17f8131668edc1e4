"""The recipes of docs/hosting: programs that read them accept them, and they hold what is promised."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from summit_dash.server.settings import read_settings

FOLDER = Path(__file__).parents[2] / "docs" / "hosting"


def read_unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(FOLDER / "summit-dash.service")
    return parser


def test_the_settings_are_accepted_and_belong_to_the_other_recipes() -> None:
    settings = read_settings(FOLDER / "settings.toml")
    site = (FOLDER / "nginx.conf").read_text()
    assert f"server {settings.host}:{settings.port};" in site
    assert f"location {settings.url_prefix} {{" in site
    assert set(re.findall(r"server_name (\S+);", site)) == set(settings.allowed_host)
    assert f"client_max_body_size {settings.body_bytes // 1_000_000}m;" in site
    assert settings.trusted_proxy == ("127.0.0.1",)


def test_the_service_runs_as_a_user_of_its_own_that_may_do_little() -> None:
    unit = read_unit()
    service = unit["Service"]
    assert "/etc/summit-dash/settings.toml" in service["ExecStart"]
    assert service["User"] not in ("", "root")
    assert service["NoNewPrivileges"] == service["PrivateTmp"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert int(service["TimeoutStopSec"]) > 20  # requests are waited for
    assert unit["Install"]["WantedBy"] == "multi-user.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_reads_the_service(tmp_path: Path) -> None:
    unit = (FOLDER / "summit-dash.service").read_text().replace("/opt/summit-dash/bin/summit-dash", "/bin/true")
    (tmp_path / "summit-dash.service").write_text(unit)
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "summit-dash.service")]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    assert [line for line in told.splitlines() if "summit-dash.service" in line] == []


def test_a_linter_finds_nothing_in_the_container() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint is not installed")
    told = subprocess.run([linter, "--no-color", FOLDER / "Containerfile"], capture_output=True, text=True, check=False)
    assert (told.stdout, told.stderr, told.returncode) == ("", "", 0)


def test_the_container_runs_the_command_as_a_user_of_its_own() -> None:
    lines = (FOLDER / "Containerfile").read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    names = [name for name, _ in steps]
    assert names[0] == "FROM"
    assert not {"ADD", "ONBUILD", "MAINTAINER"} & set(names)
    assert names.index("USER") < names.index("ENTRYPOINT")
    content = dict(steps)
    assert content["USER"] not in ("root", "0")
    assert '"summit-dash", "serve"' in content["ENTRYPOINT"]
    assert "SUMMIT_DASH_HOST=0.0.0.0" in content["ENV"]
    page = (FOLDER.parent / "hosting.md").read_text()
    assert f"\nchown -R {content['USER']} /etc/summit-dash\n" in page, (
        "it reads the file of users, which is its owner's"
    )
    assert "-e SUMMIT_DASH_ALLOWED_HOST=" in page, "it does not know the name of the machine around it"
