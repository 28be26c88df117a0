"""Bulk import (reference, section 10): checked at once, done later, by the sandbox's clock.

A callback is checked and never called: the sandbox speaks to nobody, and what the service would
send is not known.
"""

from ac_pipeline.sandbox.imports.check import INVALID, checked, parsed, refused, row_count, too_many
from ac_pipeline.sandbox.imports.run import catch_up, current

__all__ = ["INVALID", "catch_up", "checked", "current", "parsed", "refused", "row_count", "too_many"]
