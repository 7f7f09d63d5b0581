"""The files in the demo's bucket: real photographs, scans and clips, made from what PyPI packages ship."""

from __future__ import annotations

from include.demo.material.make import MaterialSummary, make_material

__all__ = ["MaterialSummary", "make_material"]
