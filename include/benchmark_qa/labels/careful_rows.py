from __future__ import annotations

from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.rows import Blob, ReadRow


def read_carefully(blob: Blob, ontology: OntologyIndex) -> ReadRow:
    """Read a label row in which something is wrong, and name it."""
    return ReadRow(problems=("the labels are corrupt",))
