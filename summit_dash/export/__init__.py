"""The views of the dashboard as files. Functions return bytes; only `files` and `site` write.

`formats` lists the formats of a graph. `graph.export_graph` makes the files of one; `site.write_site` makes a site.
"""
