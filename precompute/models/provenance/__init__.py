"""The links between recorded layers: each layer's channels as expressions over the layers before."""
