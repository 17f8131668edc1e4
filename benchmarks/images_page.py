"""The page of images from the drop to the maps: `python -m benchmarks.images_page RUN IMAGE... [--repeats 1]`.

Chromium and a server of their own, on the same cores. The first image of all is not counted: it warms the model. Every
image is dropped on the page as a person does, and the time is that from the drop until bars, the first heat map, and
all maps of one pass are painted. Between two images, the slow methods of the one before are still computed.
"""

from __future__ import annotations

import argparse
import base64
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import FLAGS, find_chromium

N_QUICK = 11
"""Methods of one pass back through the model, or a few."""
DROP = """async ([content, name, n]) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], name, {type: 'image/jpeg'}));
  const gone = new Set([...document.querySelectorAll('.images-over')].map((each) => each.src));
  const picture = () => document.querySelector('img.images-picture')?.src;
  const before = picture();
  const begin = performance.now();
  document.querySelector('#images-body').dispatchEvent(
    new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: files}));
  const found = {};
  const frame = () => new Promise(requestAnimationFrame);
  while (!found.all && performance.now() - begin < 60000) {
    await frame();
    const passed = performance.now() - begin;
    const maps = [...document.querySelectorAll('.images-maps .images-over')]
      .filter((each) => !gone.has(each.src) && each.complete && each.naturalWidth).length;
    if (!found.bars && picture() !== before && document.querySelector('.images-bars')) found.bars = passed;
    if (!found.first && maps) found.first = passed;
    if (!found.all && maps >= n) found.all = passed;
  }
  return found;
}"""


@contextmanager
def serve(run: Path) -> Iterator[str]:
    """Serves a run by the command, in a process of its own, and yields the address."""
    command = [sys.executable, "-u", "-m", "summit_dash.cli", "serve", str(run), "--port", "8470"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if "http" in line:
                    yield line[line.index("http") :].split()[0]
                    break
        finally:
            process.terminate()


def drop(page: Page, image: Path) -> dict[str, float]:
    """Drops an image; returns the milliseconds until bars, the first map, and all maps of one pass are painted."""
    content = base64.b64encode(image.read_bytes()).decode()
    found: dict[str, float] = page.evaluate(DROP, [content, image.name, N_QUICK])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("images", type=Path, nargs="+", help="the first one is not counted")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0, help="seconds between two images")
    arguments = parser.parse_args()
    chromium = find_chromium()
    with sync_playwright() as playwright, serve(arguments.run) as url:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{url}?view=images")
        page.get_by_text("The model is ready").wait_for(timeout=120_000)
        first, *others = arguments.images
        drop(page, first)
        timings = []
        for image in others * arguments.repeats:
            page.wait_for_timeout(1000 * arguments.pause)
            timings.append(drop(page, image))
            words = ", ".join(
                f"{name} {timings[-1].get(name, float('nan')) / 1000:.2f} s" for name in ("bars", "first", "all")
            )
            print(f"{image.name}: {words}", flush=True)
        for name in ("bars", "first", "all"):
            seconds = sorted(each[name] / 1000 for each in timings)
            print(f"{name}: median {statistics.median(seconds):.2f} s ({seconds[0]:.2f} to {seconds[-1]:.2f})")
        browser.close()


if __name__ == "__main__":
    main()
