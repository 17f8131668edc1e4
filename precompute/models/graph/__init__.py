"""The exported graph of a model: operators, channel axes, receptive fields, running parts of it."""
