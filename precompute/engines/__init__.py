"""The engines that make the units of the pass: this process, or the workers of a cluster."""
