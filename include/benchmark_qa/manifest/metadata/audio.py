"""Length and format of a recording, from its header."""

from __future__ import annotations

import re
from typing import Any

from include.benchmark_qa.manifest.metadata.reader import RangeFile, UnreadableError
from include.benchmark_qa.manifest.metadata.sniffing import SNIFFED, content_name, guess

# As ffprobe calls them, by the name that libsndfile has for how a sample is stored.
_PCM_CODECS = {
    "PCM_U8": ("pcm_u8", 8),
    "PCM_S8": ("pcm_s8", 8),
    "PCM_16": ("pcm_s16le", 16),
    "PCM_24": ("pcm_s24le", 24),
    "PCM_32": ("pcm_s32le", 32),
    "FLOAT": ("pcm_f32le", 32),
    "DOUBLE": ("pcm_f64le", 64),
    "ULAW": ("pcm_mulaw", 8),
    "ALAW": ("pcm_alaw", 8),
}
_LOSSLESS = (b"RIFF", b"RF64", b"fLaC")
_MP3_DEPTH = 16  # a lossy codec has no depth of its own; this is what it is played back at
_MP3_LENGTH_MARKS = (b"Xing", b"Info", b"VBRI")


def read_audio(file: RangeFile) -> dict[str, Any]:
    """
    Return the fields of the SDK's ``CustomerProvidedAudioMetadata``.

    ``duration`` is in seconds, ``file_size`` in bytes, ``sample_rate`` in Hz, ``codec`` what ffprobe calls it. The
    depth of MP3, which has none, is 16. An MP3 that does not tell its length is read to its end.
    """
    head = file.read(SNIFFED)
    file.seek(0)
    facts = _lossless(file) if head[:4] in _LOSSLESS else _mp3(file, head)
    if not facts["duration"]:
        raise UnreadableError("is a recording without a sample")
    return {"file_size": file.size, **facts}


def _lossless(file: RangeFile) -> dict[str, Any]:
    import soundfile

    try:
        with soundfile.SoundFile(file) as sound:
            kind, subtype = sound.format, sound.subtype
            facts = {
                "duration": sound.frames / sound.samplerate,
                "sample_rate": sound.samplerate,
                "num_channels": sound.channels,
            }
    except soundfile.SoundFileError as error:
        raise UnreadableError(f"is no recording that can be read: {_after_colon(error)}") from None
    codec, depth = _PCM_CODECS.get(subtype, (None, 0))
    if codec is None:
        raise UnreadableError(f"holds sound as {subtype}, whose bit depth is not known; convert it to PCM")
    is_flac = kind == "FLAC"
    return facts | {
        "mime_type": "audio/flac" if is_flac else "audio/x-wav",
        "codec": "flac" if is_flac else codec,
        "bit_depth": depth,
    }


def _mp3(file: RangeFile, head: bytes) -> dict[str, Any]:
    import av

    try:
        with av.open(file) as container:
            if container.format.name != "mp3":
                raise UnreadableError(
                    f"holds {content_name(head) or container.format.long_name}; Encord takes MP3, WAV and FLAC"
                )
            stream = container.streams.audio[0]
            frames = stream.duration if _tells_length(file) else _played(container, stream)
            codec = stream.codec_context
            return {
                "duration": float((frames or 0) * stream.time_base) if stream.time_base else 0.0,
                "mime_type": "audio/mpeg",
                "sample_rate": codec.sample_rate,
                "bit_depth": _MP3_DEPTH,
                "codec": codec.codec.canonical_name,
                "num_channels": codec.channels,
            }
    except av.FFmpegError:
        raise UnreadableError(f"is no recording that can be read: {guess(head)}") from None


def _tells_length(file: RangeFile) -> bool:
    """Tell whether the first frame is one of those that encoders write the number of frames into."""
    here = file.tell()
    file.seek(0)
    start = file.read(10)
    if start[:3] == b"ID3":  # its length has seven bits a byte
        file.seek(10 + sum(byte << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True)))
    else:
        file.seek(0)
    frame = file.read(1024)
    file.seek(here)
    return any(mark in frame for mark in _MP3_LENGTH_MARKS)


def _played(container: Any, stream: Any) -> int:
    """Return the length of all packets, since FFmpeg guesses it from the first where no header tells it."""
    return sum(packet.duration or 0 for packet in container.demux(stream))


def _after_colon(error: Exception) -> str:
    return re.sub(r"^Error opening <[^>]*>: ", "", str(error), flags=re.DOTALL)
