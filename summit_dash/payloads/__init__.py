"""What the browser draws from, as data that fits JSON. Pure functions of a run; no Dash.

Each payload has a key, which is its address as well: served below `run/<name>/data/`, written into a static site under
the same name. Arrays run along classes or channels, in the order of the run's tables, because names of fields repeated
a thousand times are most of what a browser would have to read.
"""
