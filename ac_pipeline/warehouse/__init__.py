"""Reads the user's warehouse, through dlt."""

from ac_pipeline.warehouse.connection import dialect_of
from ac_pipeline.warehouse.extract import extract

__all__ = ["dialect_of", "extract"]
