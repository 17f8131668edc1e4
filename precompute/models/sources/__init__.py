"""Models by name: torchvision, timm, a file, the demo; their preprocessing, and loading them again."""
