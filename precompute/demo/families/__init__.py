"""One module per family of classes; each draws its objects from named parts."""

from precompute.demo.families import (
    bears,
    birds,
    boats,
    buildings,
    fish,
    insects,
    kitchen,
    plants,
    toys,
    vehicles,
)

FAMILIES = (fish, bears, birds, vehicles, boats, buildings, plants, toys, insects, kitchen)
