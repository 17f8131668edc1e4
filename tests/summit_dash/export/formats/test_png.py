from __future__ import annotations

import io
import shutil
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from precompute.contract.errors import InputError
from summit_dash.export.fit import Size
from summit_dash.export.formats import FORMATS
from summit_dash.export.formats.export_format import GraphContent
from summit_dash.export.formats.png import write_png
from summit_dash.export.scene import build_scene
from summit_dash.export.svg import write_svg
from summit_dash.export.tables import build_tables
from tests.summit_dash.export.subjects import FOX, PICTURES, WOLF, make_subject
from tests.summit_dash.export.test_svg import find_ring


def test_a_png_is_the_svg_in_pixels() -> None:
    svg = write_svg(build_scene(make_subject(), PICTURES, "dark", Size(400, 300)))
    root = ElementTree.fromstring(svg)
    with Image.open(io.BytesIO(write_png(svg, 1.5))) as image:
        pixels = image.convert("RGB")
    assert pixels.size == (round(float(root.get("width") or 0) * 1.5), round(float(root.get("height") or 0) * 1.5))
    assert pixels.getpixel((1, 1)) == (0x10, 0x13, 0x19)
    box = find_ring(root, "b-1")
    middle = [1.5 * (float(box.get(axis) or 0) + float(box.get("width") or 0) / 2) for axis in "xy"]
    red, green, blue = pixels.getpixel((round(middle[0]), round(middle[1])))  # type: ignore[misc]
    assert red > 240 and green < 20 and blue < 20


def test_a_second_program_draws_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    program = shutil.which("rsvg-convert")
    if program is None:
        pytest.skip("Needs rsvg-convert, of Debian's librsvg2-bin.")
    svg = write_svg(build_scene(make_subject(FOX, WOLF), PICTURES, room=Size(400, 300)))
    done = subprocess.run([program], input=svg, capture_output=True, check=True)
    with Image.open(io.BytesIO(done.stdout)) as theirs, Image.open(io.BytesIO(write_png(svg, 1))) as ours:
        assert theirs.size == ours.size
        a, b = (np.asarray(image.convert("RGB"), np.int16) for image in (theirs, ours))
    assert (np.abs(a - b).max(axis=2) > 60).mean() < 0.03  # letters and edges of lines


@pytest.mark.parametrize("scale", [1e-6, 30.0], ids=["no pixel", "too many"])
def test_a_bitmap_of_no_or_too_many_pixels_is_refused(scale: float) -> None:
    drawn = build_scene(make_subject(), PICTURES, room=Size(800, 500))
    with pytest.raises(InputError, match="100,000,000 pixels") as problem:
        FORMATS["png"].write(GraphContent(build_tables(make_subject()), drawn, scale))
    assert f"At scale {scale:g}" in problem.value.found
