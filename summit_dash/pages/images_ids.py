"""The ids of the page of images; `assets/src/views/images.js` uses some of them."""

from __future__ import annotations

UPLOAD = "images-upload"
OPACITY = "images-opacity"

CLEAR = "images-clear"
BROUGHT = "images-brought"
"""The store of the image that was brought last."""
MESSAGE = "images-message"
STRIP = "images-strip"
BODY = "images-body"
GRAPH = "images-graph"
"""The component that draws the image's graph."""
CANVAS = "images-graph-canvas"
GRAPH_BOX = "images-graph-box"
PROBE = "images-probe-store"
"""The store of the channel under the pointer in the graph."""
PROBED = "images-probe"
ROWS = "images-rows"
"""The store of the rows of the graph's table; null while the graph is drawn."""
TABLE = "images-table"
