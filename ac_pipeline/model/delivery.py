"""What ActiveCampaign said to one request about one contact."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ac_pipeline.errors import PipelineError

OPT_OUT_REASONS = ("opted out", "bounced", "opt-in not confirmed", "unknown list status")
"""Why a subscription is not made: the person's own decision, or one that is not known to be otherwise."""

NOT_TAKEN = ("the import failed for it", "the import left it out")
"""Why a contact of a bulk import that ended is unknown; the service gives no reason."""


class Outcome(StrEnum):
    """How one attempt ended, as the ledger keeps it."""

    ACKNOWLEDGED = "acknowledged"
    """ActiveCampaign confirmed the values."""
    REJECTED = "rejected"
    """ActiveCampaign refused this contact; others go on."""
    UNKNOWN = "unknown"
    """The request may or may not have taken effect."""
    NOT_SENT = "not_sent"
    """Certainly without effect: refused before it was read, or never written."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of one attempt. `stop` is set when no further request may be made in this run."""

    outcome: Outcome
    status: int | None = None
    """HTTP status; None when there was no answer."""
    reason: str = ""
    """Short and free of personal data; empty when acknowledged."""
    remote_id: str | None = None
    """ActiveCampaign's contact id, when it was told."""
    unexplained: bool = False
    """A refusal of a kind the reference does not describe; three in a row stop the run."""
    stop: PipelineError | None = None
