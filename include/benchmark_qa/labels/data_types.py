from __future__ import annotations

# Encord's data types by how labels lie in them: one data unit a frame, one data unit with a dictionary of frames, or
# ranges of the whole file and no frames at all.
STILL_TYPES = frozenset({"image", "img_group"})
MOVING_TYPES = frozenset({"video", "dicom", "nifti", "pdf"})
FRAMELESS_TYPES = frozenset({"audio", "plain_text", "html", "time_series"})
FRAMED_TYPES = STILL_TYPES | MOVING_TYPES
SUPPORTED_TYPES = FRAMED_TYPES | FRAMELESS_TYPES

# Shapes that are ranges of a file and stand in `object_answers`, not on a frame.
RANGE_SHAPES = frozenset({"audio", "time_range", "text"})
