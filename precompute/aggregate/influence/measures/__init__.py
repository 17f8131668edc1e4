"""The measures of influence, one file each: a module here exports `MEASURE`, and `registry` finds it."""

from precompute.aggregate.config import MEASURES
from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.influence.registry import choose_measures

__all__ = ["MEASURES", "LinkMeasure", "choose_measures"]
