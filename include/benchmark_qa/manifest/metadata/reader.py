"""Reading parts of objects: what metadata needs of the bucket, and an object as a file that fetches what is read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK = 64 * 1024
_MOST_BLOCKS_AT_ONCE = 8  # of one request, when an object is read straight on
_KEPT_BLOCKS = 64  # 4 MB an object
_LONGEST_REASON = 200


class ObjectReader(Protocol):
    """The bucket, as far as metadata needs it; may be asked from several threads."""

    def read(self, key: str) -> bytes:
        """Return an object's content."""

    def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return ``length`` bytes from byte ``start``, or as many as there are."""

    def exists(self, key: str) -> bool:
        """Tell whether there is an object of exactly this key."""


class UnreadableError(ValueError):
    """An object is not what its type says; the message is one sentence for people."""


class RangeFile(io.RawIOBase):
    """
    An object as a seekable file that fetches blocks when they are read, the more at once the longer it is read on.

    Decoders make something else of an error of the bucket, or swallow it. So it ends the file for them, and
    ``decoding`` raises it when they are done.

    :param size: of the object in bytes, as listed
    """

    def __init__(self, reader: ObjectReader, key: str, size: int) -> None:
        super().__init__()
        self.key = key
        self.size = size
        self.fetched = 0  # bytes
        self.error: Exception | None = None  # of the bucket
        self._reader = reader
        self._position = 0
        self._blocks: dict[int, bytes] = {}  # by number, the one used last at the end
        self._next_block, self._blocks_at_once = 0, 1

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError(f"cannot seek to {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        done = 0
        while done < len(view) and self._position < self.size:
            offset = self._position % _BLOCK
            part = self._block(self._position // _BLOCK)[offset : offset + len(view) - done]
            if not part:
                break
            view[done : done + len(part)] = part
            done += len(part)
            self._position += len(part)
        return done

    def _block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks[number] = self._blocks.pop(number)
        else:
            self._fetch(number)
        return self._blocks.get(number, b"")

    def _fetch(self, number: int) -> None:
        is_read_on = number == self._next_block and number > 0
        self._blocks_at_once = min(2 * self._blocks_at_once, _MOST_BLOCKS_AT_ONCE) if is_read_on else 1
        length = min(self._blocks_at_once * _BLOCK, self.size - number * _BLOCK)
        try:
            data = self._reader.read_range(self.key, number * _BLOCK, length)
        except Exception as error:  # noqa: BLE001  # raised again by `decoding`
            self.error = self.error or error
            return
        self.fetched += len(data)
        for start in range(0, len(data), _BLOCK):
            self._blocks[number + start // _BLOCK] = data[start : start + _BLOCK]
        self._next_block = number + self._blocks_at_once
        while len(self._blocks) > _KEPT_BLOCKS:
            del self._blocks[next(iter(self._blocks))]


@contextmanager
def decoding(file: RangeFile) -> Iterator[None]:
    """
    Let a decoder work on a file.

    :raises UnreadableError: whatever damaged bytes led the decoder to raise, in a sentence
    """
    try:
        yield
    except UnreadableError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        raise UnreadableError(f"is damaged or cut off ({type(error).__name__}: {reason})") from error
    finally:
        if file.error is not None:  # matters more than what the decoder made of it
            raise file.error
