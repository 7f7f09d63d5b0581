"""
Labels: what people make on a data unit, the *labels part*, and the document that the SDK reads and writes around it.

``structure`` says what a document must look like at all, ``acceptance`` what is kept of one that is sent, ``documents``
what is answered, ``features`` and ``validation`` whether labels fit the project's ontology.
"""

from __future__ import annotations

from include.encord_emulator.labels.acceptance import accept_part
from include.encord_emulator.labels.documents import Blob, empty_part, frames_of, has_labels, whole_blob

__all__ = ["Blob", "accept_part", "empty_part", "frames_of", "has_labels", "whole_blob"]
