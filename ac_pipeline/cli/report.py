"""`ac-pipeline report`: one HTML page."""

from __future__ import annotations


def report() -> None:
    """Write the report."""
