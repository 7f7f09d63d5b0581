from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.manifest.metadata.reader import RangeFile

CONTENT = bytes(range(251)) * 4000  # 15 blocks and a rest
STEPS = st.lists(
    st.tuples(st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END]), st.integers(-1_100_000, 1_100_000),
              st.integers(0, 300_000)),
    max_size=12,
)  # fmt: skip


class Memory:
    """An object in memory, cut at a length, as one that was replaced after it was listed."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[tuple[int, int]] = []

    def read_range(self, key: str, start: int, length: int) -> bytes:
        self.asked.append((start, length))
        return self.content[start : start + length]

    def read(self, key: str) -> bytes:
        raise NotImplementedError

    def exists(self, key: str) -> bool:
        raise NotImplementedError


@given(steps=STEPS, size=st.sampled_from([0, 1, 65_535, 65_536, 65_537, len(CONTENT)]))
def test_it_reads_as_a_file_does(steps: list[tuple[int, int, int]], size: int) -> None:
    content = CONTENT[:size]
    memory = Memory(content)
    ours, plain = RangeFile(memory, "key", size), io.BytesIO(content)
    for whence, offset, length in steps:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: plain.tell(), io.SEEK_END: size}[whence]
        if base + offset < 0:
            with pytest.raises(OSError, match="cannot seek"):
                ours.seek(offset, whence)
            continue
        assert ours.seek(offset, whence) == plain.seek(base + offset)
        assert ours.read(length) == plain.read(length)
        assert ours.tell() == plain.tell()
    assert ours.fetched <= size
    assert all(start + length <= size for start, length in memory.asked)


def test_reading_on_asks_for_more_and_more_at_once() -> None:
    memory = Memory(CONTENT)
    file = RangeFile(memory, "key", len(CONTENT))
    while file.read(1000):
        pass
    blocks = [-(-length // 65_536) for _, length in memory.asked]
    assert blocks == [1, 2, 4, 8, 1]
    assert file.fetched == len(CONTENT)


def test_an_object_that_has_become_shorter_ends_early() -> None:
    file = RangeFile(Memory(CONTENT[:70_000]), "key", len(CONTENT))
    assert file.read(100_000) == CONTENT[:70_000]
    assert file.read(10) == b""


def test_no_more_than_4_mb_are_kept() -> None:
    memory = Memory(CONTENT * 10)
    file = RangeFile(memory, "key", len(memory.content))
    while file.read(1 << 20):
        pass
    assert sum(map(len, file._blocks.values())) <= 4 * 1024 * 1024
    file.seek(0)
    assert file.read(10) == CONTENT[:10]
