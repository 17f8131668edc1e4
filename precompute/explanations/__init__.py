"""Explanations of one image: maps of the parts that speak for a class, their quality, and the channels behind them."""
