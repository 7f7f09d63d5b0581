from __future__ import annotations

from collections.abc import Sequence

import msgspec

from include.benchmark_qa.labels.assembling import Assembly
from include.benchmark_qa.labels.careful_rows import read_carefully
from include.benchmark_qa.labels.columns import LabelColumns
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.rows import Blob, ReadRow, decode_row
from include.benchmark_qa.labels.vocabulary import Vocabulary


class _LabelHash(msgspec.Struct):
    label_hash: str | None = ""


def is_unsaved(blob: Blob) -> bool:
    """Say whether nobody ever saved labels here: Encord gives such a row a null label hash."""
    if not isinstance(blob, bytes):
        return "label_hash" in blob and blob["label_hash"] is None
    try:
        return msgspec.json.decode(blob, type=_LabelHash).label_hash is None
    except (ValueError, RecursionError):
        return False


def read_labels(blobs: Sequence[Blob | None], ontology: OntologyIndex, vocabulary: Vocabulary) -> LabelColumns:
    """
    Read raw label rows, without SDK objects, into columns.

    Never raises for what a row holds: what cannot be read is left out and named in the row's ``problems``.

    :param blobs: each the JSON as Encord sends it, or the dictionary of ``to_encord_dict()``; None for no row.
    :param vocabulary: takes up the answers; columns that are compared must share it.
    """
    rows = [_read(blob, ontology) for blob in blobs]
    columns, doubtful = Assembly(ontology, vocabulary).run(rows)
    if len(doubtful):
        for place in doubtful.tolist():
            rows[place] = read_carefully(blobs[place], ontology)
        columns, _ = Assembly(ontology, vocabulary).run(rows)
    return columns


def _read(blob: Blob | None, ontology: OntologyIndex) -> ReadRow:
    if blob is None:
        return ReadRow(saved=False)
    return decode_row(blob) or read_carefully(blob, ontology)
