"""Answers of three clouds to listings of objects that do not exist; ``benchmarks.listing_server`` serves them."""

from __future__ import annotations
