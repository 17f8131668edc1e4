"""Every component id of the page, in one place; `assets/` uses the same names."""

from __future__ import annotations

# State.
ACTION = "action"
"""What the person just did: the browser writes it, one callback on the server reads it."""
SELECTION = "selection"
"""The one state of the page: a `Selection` as a dict."""
ADDRESS = "address"
"""The query for the address bar and whether it is a step of the history of its own."""
THEME = "theme"
STYLESHEETS = "stylesheets"

# What each view reads of the selection; written together with it, only when it changes.
SIDEBAR_PART = "sidebar-part"
EMBEDDING_PART = "embedding-part"
GRAPH_PART = "graph-part"
PANEL_PART = "panel-part"
PARTS = (SIDEBAR_PART, EMBEDDING_PART, GRAPH_PART, PANEL_PART)

# Page.
PROVIDER = "provider"
PAGE = "page"
HEADER = "header"
NOTICE = "notice"
TABS = "tabs"
HELP = "help"

# Sidebar.
SIDEBAR = "sidebar"
SEARCH = "search"
SORTS = "sorts"
CLASS_GRID = "class-grid"
NO_MATCH = "no-match"
GROUPS = "groups"
SIMILARITY = "similarity"

# Embedding.
LAYER_STRIP = "layer-strip"
EMBEDDING = "embedding"
EMBEDDING_EMPTY = "embedding-empty"
EMBEDDING_LABEL = "embedding-label"
EMBEDDING_SHOWN = "embedding-shown"

# Graph and comparison.
GRAPH_BAR = "graph-bar"
GRAPH_STAGE = "graph-stage"
GRAPH = "graph"
GRAPH_ROWS = "graph-rows"
GRAPH_EMPTY = "graph-empty"
GRAPH_GUTTER = "graph-gutter"
GRAPH_TOOLTIP = "graph-tooltip"
COVERS = "covers"
WIDTH = "width"
HEIGHT = "height"
VERSUS = "versus"
VERSUS_LEAD = "versus-lead"
VERSUS_FACTS = "versus-facts"

# Channel panel.
PANEL = "panel"
