"""Where the units of the pass are made: in this process, or by the workers of a cluster."""
