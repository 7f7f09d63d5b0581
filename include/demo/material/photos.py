"""Photographs varied by crop, mirror, brightness and size; the same name always gives the same picture."""

from __future__ import annotations

from io import BytesIO
from random import Random

from PIL import Image, ImageEnhance, ImageOps

from include.demo.material.sources import PHOTOGRAPH_NAMES, photograph

WIDTHS = (320, 400, 480, 560, 640)
_JPEG_QUALITY = 82


def photo_objects(prefix: str, count: int) -> dict[str, bytes]:
    """Return ``count`` JPEG files of 320 to 640 pixels width, by key, taking the sources in turn."""
    objects: dict[str, bytes] = {}
    for index in range(count):
        source = PHOTOGRAPH_NAMES[index % len(PHOTOGRAPH_NAMES)]
        key = f"{prefix}photos/{source}-{index // len(PHOTOGRAPH_NAMES) + 1:03d}.jpg"
        objects[key] = _jpeg(_varied(photograph(source), seed=key))
    return objects


def single_photo(key: str, source: str) -> dict[str, bytes]:
    """Return one varied photograph under this very key."""
    return {key: _jpeg(_varied(photograph(source), seed=key))}


def group_objects(prefix: str, source: str, frames: int) -> dict[str, bytes]:
    """Return an image group: a window that moves over one photograph, as ``groups/<source>/0001.jpg``, ..."""
    image = photograph(source)
    return {
        f"{prefix}groups/{source}/{number + 1:04d}.jpg": _jpeg(window.resize((400, 300)))
        for number, window in enumerate(moving_windows(image, frames))
    }


def moving_windows(image: Image.Image, frames: int) -> list[Image.Image]:
    """Return ``frames`` crops of ratio 4:3, from the top left to the bottom right of the image."""
    width = min(image.width, image.height * 4 // 3) * 7 // 10
    height = width * 3 // 4
    windows = []
    for number in range(frames):
        progress = number / max(frames - 1, 1)
        left, top = round((image.width - width) * progress), round((image.height - height) * progress)
        windows.append(image.crop((left, top, left + width, top + height)))
    return windows


def _varied(image: Image.Image, *, seed: str) -> Image.Image:
    random = Random(seed)
    share = random.uniform(0.6, 0.95)
    width, height = round(image.width * share), round(image.height * share)
    left, top = random.randint(0, image.width - width), random.randint(0, image.height - height)
    target = random.choice(WIDTHS)
    crop = image.resize(
        (target, round(target * height / width)),
        resample=Image.Resampling.BILINEAR,
        box=(left, top, left + width, top + height),
        reducing_gap=2.0,
    )
    if random.random() < 0.5:
        crop = ImageOps.mirror(crop)
    return ImageEnhance.Brightness(crop).enhance(random.uniform(0.8, 1.2))


def _jpeg(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format="JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()
