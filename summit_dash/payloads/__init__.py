"""The data that the browser draws, as values that fit JSON. Pure functions of a run; no Dash.

Each payload has a key, which is also its address below `run/<name>/data/` and its name in a static site. Payloads hold
arrays along classes or channels, in the order of the run's tables: field names repeated a thousand times would be most
of what a browser reads.
"""
