from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from include.benchmark_qa.labels.assembling import assemble
from include.benchmark_qa.labels.careful_rows import read_carefully
from include.benchmark_qa.labels.columns import LabelColumns
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.rows import Blob, ReadRow, decoder_for
from include.benchmark_qa.labels.vocabulary import Vocabulary


class _LabelHash(msgspec.Struct):
    label_hash: str | None = ""


def is_unsaved(blob: object) -> bool:
    """Say whether nobody ever saved labels here: Encord gives such a row a null label hash."""
    if isinstance(blob, Mapping):
        return "label_hash" in blob and blob["label_hash"] is None
    try:
        return isinstance(blob, bytes) and msgspec.json.decode(blob, type=_LabelHash).label_hash is None
    except (ValueError, RecursionError):
        return False


def read_labels(blobs: Sequence[Blob | None], ontology: OntologyIndex, vocabulary: Vocabulary) -> LabelColumns:
    """
    Read raw label rows, without SDK objects, into columns.

    Never raises for what a row holds: what cannot be read is left out and named in the row's ``problems``.

    A row is decoded into types and put into columns at once; only one that is not as Encord writes it, or holds
    something that is out of order, is read again label by label. Both ways give the same columns for a good row.

    :param blobs: each the JSON as Encord sends it, or the dictionary of ``to_encord_dict()``; None for no row.
    :param vocabulary: takes up the answers; columns that are compared must share it.
    """
    with _without_collector():
        return _read(blobs, ontology, vocabulary)


def _read(blobs: Sequence[Blob | None], ontology: OntologyIndex, vocabulary: Vocabulary) -> LabelColumns:
    decode = decoder_for(frozenset(ontology.shapes.values())).decode
    decoded = [ReadRow(saved=False) if blob is None else decode(blob) for blob in blobs]
    named = {place for place, row in enumerate(decoded) if row is None}
    rows = [read_carefully(blob, ontology) if row is None else row for blob, row in zip(blobs, decoded, strict=True)]
    columns, doubtful = assemble(rows, ontology, vocabulary)
    if again := doubtful - named:
        for place in again:
            rows[place] = read_carefully(blobs[place], ontology)
        columns = assemble(rows, ontology, vocabulary).columns
    return columns


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the garbage collector: decoding makes very many lists, none of them in a cycle, and it looks at each."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
