"""The config of the dataset examples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ExampleConfig:
    """How dataset examples are stored.

    Attributes:
        size: longest side of a crop in pixels, where it is stored or shown for itself.
        quality: of such a crop, WebP, in percent.
        image_quality: of an image of which several crops are wanted, JPEG, in percent.
        crops_per_image: so many crops of an image are stored as the image, once; fewer each for itself.
    """

    size: int = 128
    quality: int = 80
    image_quality: int = 95
    crops_per_image: int = 8

    def identity(self) -> dict[str, int]:
        """What a run is resumed with: how crops look, and not where they are stored, which earlier runs do not say."""
        return {"size": self.size, "quality": self.quality}
