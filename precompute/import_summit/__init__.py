"""Summit's published data (Hohman et al. 2020) as a run; needs no torch."""
