"""Small handles on Arrow's arrays, for the modules that work on columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Rows = npt.NDArray[np.bool_]

# An Arrow array. Not its own type: the stubs of the kernels want to know the kind of array, which only the data tell.
Column: TypeAlias = Any


def kernels() -> Any:
    """Return ``pyarrow.compute``, imported when it is first needed."""
    import pyarrow.compute

    return pyarrow.compute


def as_rows(flags: Column) -> Rows:
    """Return a boolean array without nulls as numpy's."""
    rows: Rows = flags.to_numpy(zero_copy_only=False)
    return rows


def lengths(texts: Column) -> Any:
    """Return the length of each text in bytes, as numpy's array."""
    return text_layout(texts)[0]


def text_layout(texts: Column) -> tuple[Any, Any, Any]:
    """Return lengths and starts in bytes of each text of a string array, and the bytes from the first to the last."""
    import numpy as np

    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    values = texts.buffers()[2]
    content = np.frombuffer(values, np.uint8) if values else np.zeros(0, np.uint8)
    return np.diff(offsets), offsets[:-1] - offsets[0], content[offsets[0] : offsets[-1]]


def text_array(offsets: Any, content: Any) -> Column:
    """Return the string array whose texts lie one after the other in a buffer of UTF-8, between some offsets."""
    import numpy as np
    import pyarrow as pa

    return pa.StringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(np.asarray(offsets, np.int32).tobytes()), pa.py_buffer(content)
    )


def slices(content: Any, begins: Any, ends: Any) -> Column:
    """Return the stretches of an array of UTF-8 as a string array; none may begin before the last one ends."""
    import numpy as np

    cuts = np.column_stack([begins, ends]).ravel()
    is_wanted = np.arange(len(cuts) + 1) % 2 == 1
    wanted = np.repeat(is_wanted, np.diff(cuts, prepend=0, append=len(content)))
    return text_array(np.append(0, np.cumsum(ends - begins)), content[wanted])
