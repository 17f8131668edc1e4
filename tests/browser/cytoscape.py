"""The drawing of Cytoscape in the page: what it shows and where. No other module of the tests reaches its instance."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

__all__ = [
    "count_elements",
    "find_free_point",
    "list_edges",
    "list_nodes",
    "locate_node",
    "measure_node",
    "read_curves",
    "read_data",
    "read_ghosts",
    "read_style",
    "read_view",
    "wait_for_frame",
    "wait_for_labels",
    "wait_for_tray",
]

_LIBRARY = """
  const element = document.getElementById('graph-canvas');
  const cy = element._cyreg.cy;
  const box = element.getBoundingClientRect();
  const shown = (all) => all.filter((each) => each.data('key') && !each.hasClass('hidden'));
  const named = (each) => each.data('key').replace(/(^|--)[ab]:/g, '$1');
  const isOf = (each, id) => each.data('key') && (each.data('key') === id || named(each) === id);
  const nodeOf = (id) => cy.nodes().filter((each) => isOf(each, id)).first();
  const edgeOf = (id) => cy.edges().filter((each) => each.data('key') === id).first();
"""


def _ask(page: Page, body: str, argument: Any = None) -> Any:
    return page.evaluate(f"(given) => {{ {_LIBRARY} {body} }}", argument)


def list_nodes(page: Page, state: str = "") -> list[str]:
    """Returns the channel ids of the shown nodes; `state` is a class such as `.lit`. Side by side, some come twice."""
    found: list[str] = _ask(page, "return shown(cy.nodes(given)).map(named)", state or "*")
    return found


def list_edges(page: Page, state: str = "") -> list[str]:
    """Returns the ids of the shown edges, such as `conv1-3--conv2-4`; `state` is a class."""
    found: list[str] = _ask(page, "return shown(cy.edges(given)).map(named)", state or "*")
    return found


def measure_node(page: Page, channel_id: str) -> dict[str, float]:
    """Returns the box of a node's picture: `x`, `y`, `width` and `height` in pixels of the page.

    A name such as `a:conv1-3` is the node of one side.
    """
    script = """
      const node = nodeOf(given);
      const {x, y} = node.renderedPosition();
      const side = node.data('size') * cy.zoom();
      return {x: box.left + x - side / 2, y: box.top + y - side / 2, width: side, height: side};
    """
    found: dict[str, float] = _ask(page, script, channel_id)
    return found


def locate_node(page: Page, channel_id: str) -> tuple[float, float]:
    """Returns the middle of a node, in pixels of the page."""
    at = measure_node(page, channel_id)
    return at["x"] + at["width"] / 2, at["y"] + at["height"] / 2


def find_free_point(page: Page, edge_id: str) -> tuple[float, float]:
    """Returns a point of an edge, in pixels of the page, at which the pointer finds no other element."""
    script = """
      const edge = edgeOf(given);
      const points = edge._private.rscratch.allpts;
      const [zoom, pan] = [cy.zoom(), cy.pan()];
      const along = (t) => {
        const half = t < 0.5 ? 0 : 4;
        const u = t < 0.5 ? 2 * t : 2 * t - 1;
        const weights = [(1 - u) ** 2, 2 * u * (1 - u), u ** 2];
        return [0, 1].map((axis) => weights.reduce((sum, w, i) => sum + w * points[half + 2 * i + axis], 0));
      };
      const near = ([x, y]) => cy.renderer().findNearestElement(x, y, true, false);
      const found = Array.from({length: 97}, (_, i) => along((i + 1) / 98)).find((point) => near(point) === edge[0]);
      return [box.left + found[0] * zoom + pan.x, box.top + found[1] * zoom + pan.y];
    """
    x, y = _ask(page, script, edge_id)
    return x, y


def count_elements(page: Page) -> int:
    """Returns the number of elements of the drawing, hidden ones too; without ways up, which come later."""
    found: int = _ask(page, "return cy.elements().not('.way').length")
    return found


def read_view(page: Page) -> dict[str, float]:
    """Returns `zoom` and the pan, `x` and `y`."""
    found: dict[str, float] = _ask(page, "return {zoom: cy.zoom(), ...cy.pan()}")
    return found


def read_style(page: Page, channel_id: str, name: str) -> str:
    """Returns a property of a node, as Cytoscape writes it."""
    return str(_ask(page, "return nodeOf(given[0]).style(given[1])", [channel_id, name]))


def read_data(page: Page, channel_id: str) -> dict[str, Any]:
    """Returns the data of a node."""
    found: dict[str, Any] = _ask(page, "return nodeOf(given).data()", channel_id)
    return found


def read_ghosts(page: Page) -> list[dict[str, Any]]:
    """Returns the shown sources of the tray: `id`, `classes` and the middle, `x` and `y`, in pixels of the page."""
    script = """
      return cy.nodes('.ghost').filter((each) => !each.hasClass('hidden')).map((each) => {
        const {x, y} = each.renderedPosition();
        return {id: each.data('ghost'), classes: each.classes(), x: box.left + x, y: box.top + y};
      });
    """
    found: list[dict[str, Any]] = _ask(page, script)
    return found


def wait_for_tray(page: Page, n: int) -> None:
    """Waits until the tray has `n` sources."""
    script = "(n) => summitDash.graph.canvas().nodes('.ghost').not('.hidden').length === n"
    page.wait_for_function(script, arg=n)


def wait_for_frame(page: Page) -> None:
    """Waits until what has just been asked for is painted."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def wait_for_labels(page: Page, pixels: float) -> None:
    """Waits until the numbers of channels are at least as high."""
    script = """(pixels) => {
      const cy = summitDash.graph.canvas();
      return cy.nodes('[key]').first().numericStyle('font-size') * cy.zoom() >= pixels;
    }"""
    page.wait_for_function(script, arg=pixels)


def read_curves(page: Page) -> dict[str, Any]:
    """Returns what is drawn in pixels of the stage: `room`, `nodes` and `edges` with their looks."""
    script = """
      const zoom = cy.zoom();
      const at = ([x, y]) => [x * zoom + cy.pan().x, y * zoom + cy.pan().y];
      const plain = (color) => color.replaceAll(' ', '');
      return {
        room: [box.width, box.height],
        nodes: shown(cy.nodes()).map((each) => ({
          id: named(each), at: at([each.position().x, each.position().y]), side: each.data('size') * zoom,
          ring: each.numericStyle('border-width') * zoom, dashed: each.style('border-style') === 'dashed',
          color: plain(each.style('border-color')), opacity: Number(each.style('border-opacity')),
        })),
        edges: shown(cy.edges()).map((each) => {
          const points = each._private.rscratch.allpts;
          return {
            id: named(each), points: [0, 2, 4, 6, 8].map((i) => at([points[i], points[i + 1]])),
            width: each.numericStyle('width') * zoom, dashed: each.style('line-style') === 'dashed',
            color: plain(each.style('line-color')), opacity: Number(each.style('line-opacity')),
          };
        }),
      };
    """
    found: dict[str, Any] = _ask(page, script)
    return found
