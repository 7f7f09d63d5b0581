"""Where the material comes from: files inside installed wheels, never a download. Licences: README.md beside."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

# Package, path inside it.
_PHOTOGRAPHS = {
    "astronaut": ("skimage", "data/astronaut.png"),
    "camera": ("skimage", "data/camera.png"),
    "chelsea": ("skimage", "data/chelsea.png"),
    "clock": ("skimage", "data/clock_motion.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "coins": ("skimage", "data/coins.png"),
    "hubble": ("skimage", "data/hubble_deep_field.jpg"),
    "tissue": ("skimage", "data/ihc.png"),
    "retina": ("skimage", "data/retina.jpg"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "china": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
    "hopper": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
}
PHOTOGRAPH_NAMES = tuple(_PHOTOGRAPHS)


@cache
def package_file(package: str, path: str) -> Path:
    """
    Return a file that an installed package ships, without importing the package.

    :raises FileNotFoundError: when the package or the file is not there; names both.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"package {package} is not installed; run make setup")
    file = Path(spec.origin).parent / path
    if not file.exists():
        raise FileNotFoundError(f"package {package} does not ship {path}; install the version in the lock file")
    return file


@cache
def photograph(name: str) -> Image.Image:
    """Return a photograph in RGB, in the size in which its package ships it. Not to be changed in place."""
    with Image.open(package_file(*_PHOTOGRAPHS[name])) as image:
        return image.convert("RGB")
