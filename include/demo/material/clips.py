"""Clips made from photographs: a video that pans over one, and a sound that is played from one."""

from __future__ import annotations

from io import BytesIO

import av
import numpy as np
import soundfile

from include.demo.material.photos import moving_windows
from include.demo.material.sources import photograph

_FRAMES_PER_SECOND = 24
_VIDEO_SIZE = (320, 240)
_SAMPLES_PER_SECOND = 16_000


def video_objects(prefix: str, source: str, seconds: int = 2) -> dict[str, bytes]:
    """Return an MP4 (H.264, 320x240, 24 frames a second), as ``videos/<source>.mp4``."""
    buffer = BytesIO()
    with av.open(buffer, mode="w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=_FRAMES_PER_SECOND)
        stream.width, stream.height = _VIDEO_SIZE
        stream.pix_fmt = "yuv420p"
        # One thread: the encoder's output then does not depend on the number of cores.
        stream.options = {"preset": "veryfast", "crf": "26", "threads": "1"}
        for window in moving_windows(photograph(source), seconds * _FRAMES_PER_SECOND):
            frame = av.VideoFrame.from_ndarray(np.asarray(window.resize(_VIDEO_SIZE)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return {f"{prefix}videos/{source}.mp4": buffer.getvalue()}


def audio_objects(prefix: str, source: str, seconds: int = 3) -> dict[str, bytes]:
    """
    Return a WAV (mono, 16 bit, 16 kHz), as ``audio/<source>.wav``.

    The photograph is read as a spectrogram: columns are moments, rows are pitches (high ones on top), light is loud.
    """
    pitches, moments = 32, 60
    light = np.asarray(photograph(source).convert("L").resize((moments, pitches)), dtype=np.float64) / 255
    time = np.arange(seconds * _SAMPLES_PER_SECOND) / _SAMPLES_PER_SECOND
    column_times = np.linspace(0, seconds, moments)
    sound = np.zeros_like(time)
    for row, frequency in enumerate(np.geomspace(3000, 150, pitches)):
        sound += np.interp(time, column_times, light[row] ** 2) * np.sin(2 * np.pi * frequency * time)
    buffer = BytesIO()
    soundfile.write(buffer, 0.9 * sound / np.abs(sound).max(), _SAMPLES_PER_SECOND, format="WAV", subtype="PCM_16")
    return {f"{prefix}audio/{source}.wav": buffer.getvalue()}
