"""Bulk import (reference, section 10): checked at once, done later, by the sandbox's clock.

A callback is checked and never called: the sandbox speaks to nobody, and what the service would
send is not known.
"""

from ac_pipeline.sandbox.imports.check import checked, parsed, row_count, too_many
from ac_pipeline.sandbox.imports.run import catch_up, current

__all__ = ["catch_up", "checked", "current", "parsed", "row_count", "too_many"]
