"""Why a contact was told what it was told, or nothing: one timeline, and the reason for every value now.

Everything is read from the published copy, so that a sync under way is neither waited for nor disturbed.
"""

from ac_pipeline.why.explain import explain
from ac_pipeline.why.model import Event, Explanation, Standing

__all__ = ["Event", "Explanation", "Standing", "explain"]
