"""Names that hold scripts are shown as text: nothing runs, and the page's policy has nothing to stop."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page

from precompute.contract.schema import MANIFEST
from tests.browser.conftest import serve, watch
from tests.browser.drive import wait_for_shown

pytestmark = pytest.mark.browser

HOSTILE = (
    """"><img src=x onerror="window.broken=1"></script><script>window.broken=1</script><svg onload=window.broken=1>"""
)
VIEWS = (
    "?class=3&layer=conv4&channel=1", "?class=3&vs=2&view=compare&bars=shown", "?view=channels&layer=conv3",
    "?class=3&view=confusions", f"?class={HOSTILE}&view={HOSTILE}&layer={HOSTILE}",
    f"?run={HOSTILE}&search={HOSTILE}",
)  # fmt: skip
LISTEN = """() => { window.stopped = [];
  document.addEventListener('securitypolicyviolation', (event) => window.stopped.push(event.violatedDirective)); }"""


@pytest.fixture(scope="module")
def hostile_run(synthetic_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose classes, groups, images, model, dataset and labels are named by scripts."""
    run = Path(shutil.copytree(synthetic_run, tmp_path_factory.mktemp("hostile") / "<img src=x onerror=broken=1>"))
    for table, columns in (("classes", ("class_name", "group")), ("images", ("path",))):
        file = run / f"{table}.parquet"
        content = pq.read_table(file)
        for name in columns:
            if name in content.column_names:
                place = content.column_names.index(name)
                texts = [f"{text} {HOSTILE}" for text in content[name].to_pylist()]
                field = content.schema.field(name)
                content = content.set_column(place, field, pa.array(texts).cast(field.type))
        pq.write_table(content, file)
    manifest = json.loads((run / MANIFEST).read_text())
    for part in ("model", "dataset"):
        manifest[part]["name"] = HOSTILE
    (run / MANIFEST).write_text(json.dumps(manifest))
    return run


@pytest.fixture(scope="module")
def url(hostile_run: Path) -> Iterator[str]:
    with serve(hostile_run) as address:
        yield address


def test_nothing_runs_and_nothing_has_to_be_stopped(browser: Browser, url: str) -> None:
    words: list[str] = []
    with browser.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        watch(page, url, words)
        page.add_init_script(f"({LISTEN})()")
        _save_label(page, url)
        for view in VIEWS:
            page.goto(f"{url}{view}")
            wait_for_shown(page, "#class-list .row")
            page.wait_for_load_state("networkidle")
            assert page.evaluate("() => [window.broken, window.stopped]") == [None, []], view
        page.get_by_role("button", name="Go to a class").click()
        page.keyboard.type("img")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("() => [window.broken, window.stopped]") == [None, []]
    assert words == []


def test_a_script_that_got_into_the_page_would_not_run(browser: Browser, url: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(f"({LISTEN})()")
        page.goto(url)
        page.evaluate(
            """() => { const script = document.createElement('script'); script.textContent = 'window.broken = 1';
            document.body.append(script);
            document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror="broken=1">');
            }"""
        )
        page.wait_for_function("() => window.stopped.length > 1")
        assert page.evaluate("() => window.broken") is None


def _save_label(page: Page, url: str) -> None:
    """Saves a label that is a script, as the page does."""
    page.goto(url)
    status = page.evaluate(
        """async ([run, label]) => (await fetch(`run/${encodeURIComponent(run)}/labels`, {method: 'POST', headers:
        {'Content-Type': 'application/json', 'X-Summit-Dash': 'labels'}, body: JSON.stringify({layer: 'conv4',
        channel: 1, label})})).status""",
        [page.evaluate("() => JSON.parse(document.getElementById('boot').textContent).runs[0].name"), HOSTILE[:79]],
    )
    assert status == 200
