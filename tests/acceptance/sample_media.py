"""One small, real file of each kind that the suite decodes."""

from __future__ import annotations

from pathlib import Path

WIDTH, HEIGHT, FPS, SECONDS = 64, 48, 10, 3
AUDIO_RATE = 16_000
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def write_media(folder: Path) -> None:
    """Write ``image.jpeg``, ``video.mp4``, ``audio.mp3``, ``page.pdf`` and ``notes.txt``."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_image(folder / "image.jpeg")
    _write_video(folder / "video.mp4")
    _write_audio(folder / "audio.mp3")
    (folder / "page.pdf").write_bytes(PDF)
    (folder / "notes.txt").write_text("A car on a road.\n", encoding="utf-8")


def _write_image(path: Path) -> None:
    from PIL import Image

    Image.linear_gradient("L").resize((WIDTH, HEIGHT)).convert("RGB").save(path, "JPEG")


def _write_video(path: Path) -> None:
    import av
    import numpy as np

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FPS * SECONDS):
            picture = np.full((HEIGHT, WIDTH, 3), number * 8, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def _write_audio(path: Path) -> None:
    import numpy as np
    import soundfile

    moments = np.arange(AUDIO_RATE * SECONDS) / AUDIO_RATE
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * 440 * moments), AUDIO_RATE, format="MP3")
