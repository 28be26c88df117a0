"""Reads the user's warehouse, through dlt."""

from ac_pipeline.warehouse.extract import extract
from ac_pipeline.warehouse.opening import dialect_of
from ac_pipeline.warehouse.streams import StreamsRead, read_streams

__all__ = ["StreamsRead", "dialect_of", "extract", "read_streams"]
