"""A class's attribution graph and the comparison of two, as plain data: layout, elements, stylesheet."""
