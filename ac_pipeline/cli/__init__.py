"""The command line: `ac-pipeline`."""

from ac_pipeline.cli.app import main

__all__ = ["main"]
