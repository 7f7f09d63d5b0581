"""Size, length and frame rate of a video, from its index and its first frame."""

from __future__ import annotations

from typing import Any

from include.benchmark_qa.manifest.metadata.reader import RangeFile, UnreadableError
from include.benchmark_qa.manifest.metadata.sniffing import SNIFFED, content_name, guess

# How much FFmpeg may read to find out what the streams are, where the container does not say; its default is 5 MB.
_PROBED = {"probesize": "65536"}
_CONTAINERS = "MP4, QuickTime, WebM and Matroska"


def read_video(file: RangeFile) -> dict[str, Any]:
    """
    Return the fields of the SDK's ``CustomerProvidedVideoMetadata``.

    ``fps`` is the mean over the video, ``duration`` in seconds, ``file_size`` in bytes. ``width`` and ``height`` are
    those of the picture as it is shown, that is after the turn that a phone wrote into it.
    """
    import av

    head = file.read(SNIFFED)
    file.seek(0)
    try:
        with av.open(file, mode="r", options=_PROBED) as container:
            mime_type = _mime_type(container, head)
            if not container.streams.video:
                raise UnreadableError("holds no pictures; give it to a rule of type audio")
            stream = container.streams.video[0]
            _check_whole(stream, file.size)
            length = _seconds(container, stream)
            width, height = stream.width, stream.height
            if abs(next(container.decode(stream)).rotation) % 180 == 90:
                width, height = height, width
            rate = stream.average_rate
    except (av.FFmpegError, StopIteration) as error:
        reason = "there is no frame in it" if isinstance(error, StopIteration) else guess(head)
        raise UnreadableError(f"is no video that can be read: {reason}") from None
    if not rate or not length or not width or not height:
        raise UnreadableError("is a video that tells no length or frame rate, such as a live recording; remux it")
    return {
        "fps": float(rate),
        "duration": length,
        "width": width,
        "height": height,
        "file_size": file.size,
        "mime_type": mime_type,
    }


def _check_whole(stream: Any, size: int) -> None:
    """Refuse a file that ends before the last frame that its index names; in MP4 and QuickTime it names all."""
    index = stream.index_entries
    if len(index) and index[-1].pos + index[-1].size > size:
        raise UnreadableError("is cut off: its index names frames behind its end; upload it again")


def _mime_type(container: Any, head: bytes) -> str:
    names = container.format.name.split(",")
    if "mp4" in names:
        return "video/quicktime" if container.metadata.get("major_brand", "qt  ") == "qt  " else "video/mp4"
    if "matroska" in names:
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    raise UnreadableError(f"holds {content_name(head) or container.format.long_name}; Encord takes {_CONTAINERS}")


def _seconds(container: Any, stream: Any) -> float | None:
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / 1_000_000
