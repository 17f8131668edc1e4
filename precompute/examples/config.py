"""The config of the dataset examples."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ExampleConfig:
    """The form in which dataset examples are stored.

    Attributes:
        size: longest side of a crop in pixels, where it is stored or shown for itself.
        quality: of such a crop, WebP, in percent.
        image_quality: of an image that is stored once for several crops, JPEG, in percent.
        crops_per_image: from this number of crops on, the image is stored once; fewer crops are stored each for itself.
    """

    size: int = 128
    quality: int = 80
    image_quality: int = 95
    crops_per_image: int = 8

    def identity(self) -> dict[str, int]:
        """Returns the part of a run's identity: the look of crops.

        The threshold for storing whole images is no part of it, because earlier runs do not record that.
        """
        return {"size": self.size, "quality": self.quality}
