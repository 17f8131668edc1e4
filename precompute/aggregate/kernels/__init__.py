"""The arithmetic of activations and influences: torch, numba, Triton."""
