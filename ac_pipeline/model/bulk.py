"""Bulk import: what ActiveCampaign said to a batch, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ac_pipeline.errors import PipelineError
from ac_pipeline.model.delivery import Outcome


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row because of which a whole batch was refused. `position` counts from 1; `reason` has no personal data."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Submission:
    """What was said to one batch.

    ACKNOWLEDGED means queued under `batch_id`, not imported; `queued` contacts, fewer than were sent where
    addresses are excluded. With `refused` rows nothing was queued: the others can be sent again without them.
    """

    outcome: Outcome
    status: int | None = None
    reason: str = ""
    batch_id: str = ""
    queued: int = 0
    refused: tuple[RefusedRow, ...] = ()
    unexplained: bool = False
    stop: PipelineError | None = None


class ImportStatus(StrEnum):
    """Where a batch is (reference, section 10.2)."""

    PENDING = "pending"
    """Not known yet, or in a word this version does not know: ask again."""
    WAITING = "waiting"
    CLAIMED = "claimed"
    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"
    """Over, without a retry on the service's side; sending the batch again is safe."""
    INTERRUPTED = "interrupted"
    """As failed."""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self in {ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.INTERRUPTED}


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """`processed` are ids of contacts, new or not (reference, D7); `failed` are addresses, without a reason."""

    status: ImportStatus
    processed: tuple[str, ...] = ()
    failed: tuple[str, ...] = field(default=(), repr=False)
