"""The comparison of two classes. It is shown in the pane of `graph`, drawn by `assets/src/views/graph.js`."""

from __future__ import annotations

from summit_dash.pages.page import Page

__all__ = ["PAGE"]

PAGE = Page("compare", "Compare", order=20, place="Compare two classes", shows_class=True)
