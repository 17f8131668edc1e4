"""Transfer to a person's own classes: the features of every layer, heads on them, costs, and advice on where to cut."""
