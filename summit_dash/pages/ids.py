"""The ids of the page's elements; `assets/` uses the same names."""

from __future__ import annotations

SELECTION = "selection"
"""The store of the one state of the page (`assets/src/selection.js`)."""
PAGES_SELECTION = "pages-selection"
"""The same for the callbacks of pages beside graph and comparison. It rests while one of these two follows another."""

# Page.
PAGE = "page"
HEADER = "header"
RUNS = "runs"
NOTICE = "notice"
TABS = "tabs"
HELP = "help"

# Left column.
LAYER_STRIP = "layer-strip"
EMBEDDING = "embedding"
EMBEDDING_GRAPH = "embedding-graph"
SIDEBAR = "sidebar"

# Main view: one pane for the graph and the comparison, one for each other tab.
GRAPH = "graph"
GRAPH_CANVAS = "graph-canvas"
GRAPH_CHANNELS = "graph-channels"
CHANNELS = "channels"
CONFUSIONS = "confusions"
CONFUSION_GRAPH = "confusion-graph"
PROOF = "proof"
TRANSFER = "transfer"
ABOUT = "about"

# Right panels: of a channel, of a class.
PANEL = "panel"
CLASS_PANEL = "class-panel"
