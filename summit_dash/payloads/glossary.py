"""The glossary of the page About: the terms of `docs/glossary.md` that the page uses, with the same meanings."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["GLOSSARY", "name_entry"]

GLOSSARY: Mapping[str, str] = {
    "class": "a label of the dataset",
    "group": "a super-class; the list of classes can be folded by group; a class may have none",
    "layer": "the output of a recorded module, after its nonlinearity, in order from the input",
    "channel": "one output channel of a layer: the unit of analysis",
    "activation": "the response of a channel to one image: its greatest value over all positions",
    "strongest channels of an image": "the smallest set of a layer's channels, largest first, that "
    "contains activation_mass (3 %) of the layer's total activation",
    "influence": "the contribution of a channel of the layer before to a channel, for one image: the "
    "greatest product of weights and input over positions. Over several convolutions: the sum over paths "
    "of the product of shares. After a minus or a negative gain, what lowers the convolution counts, "
    "because it raises the channel",
    "measure of influence": "traced: as above. summit: counted per convolution at every third position "
    "and composed, as published. gradient: gradient x activation summed over positions. auto: traced "
    "where possible, else gradient x activation",
    "attribution graph": "a class's important channels and the influences between them",
    "personalized PageRank": "the score that decides which channels are in a graph; its random walk "
    "restarts at channels in proportion to their activation counts",
    "effect of a channel": "how far the mean logarithm of a class's probability falls, to first order, when the "
    "channel is removed",
    "feature visualization": "an image optimised to excite a channel",
    "excitation": "the channel's greatest value on its feature visualization, divided by its greatest "
    "activation on any image",
    "prototype": "a picture optimised for the probability that the model gives to a class: in a "
    "generator's code space, or in picture space",
    "dead visualization": "a visualization whose objective never rose above its start; its channel has no "
    "picture and is marked undrawable on the page of channels",
    "dataset example": "one of the crops of real images that excite a channel most, as large as the "
    "channel's receptive field",
    "receptive field": "the input pixels that one position of a layer can see",
    "embedding": "a 2-D layout of the classes for one layer: classes that use the same channels are near each other",
    "similarity of two classes": "cosine of their activation counts in a layer",
    "Jaccard index": "channels in both graphs divided by channels in either, for one layer",
    "parting layer": "the first layer, from the input, from which the Jaccard index stays below one half",
    "dead channel": "a channel that never exceeds 0 on any image",
    "suggested label": "words that are shared by the classes that use a channel most, and are rare in "
    "other classes; saved only when a person accepts them",
    "kin of a class": "the other classes of its group; without such, the five most similar classes",
    "surprising channel": "a channel of a class's graph that is odd among its kin, or foreign",
}
"""Meanings by terms, in the order of the docs."""


def name_entry(term: str) -> str:
    """Returns the name of a term in links: `parting-layer`."""
    return term.lower().replace(" ", "-")
