"""Plotly figures of a run: plain functions of a store or of arrays, for the page and for notebooks."""
