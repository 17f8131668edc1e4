"""One walk from a class back to the image over the exported graph, with a rule for every operator."""
