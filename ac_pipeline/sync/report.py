"""What a run did, in numbers, for the CLI, Dagster's metadata and the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ac_pipeline.model.delivery import Outcome
from ac_pipeline.store.desired import Held
from ac_pipeline.store.snapshots import WindowSnapshot
from ac_pipeline.sync.event_report import NO_EVENTS, EventReport
from ac_pipeline.sync.plan import Plan


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was sent, in contacts; `requests` counts every HTTP request by endpoint, repeats included."""

    planned: int = 0
    created: int = 0
    acknowledged: int = 0
    rejected: int = 0
    unknown: int = 0
    not_sent: int = 0
    withheld: Mapping[str, int] = field(default_factory=dict)
    opted_out: int = 0
    """Subscriptions that were not made because somebody opted out or bounced."""
    requests: Mapping[str, int] = field(default_factory=dict)
    directory_requests: int = 0
    """Requests to learn which contacts the account has, counted apart."""
    seconds: float = 0.0
    skipped: str = ""
    """Why nothing was sent on purpose; empty when a delivery took place."""
    blocked: bool = False
    """Whether that concerns the newest window by the clock: nothing can be sent until time catches up."""
    plan: Plan | None = None
    """What it set out to do; None when it did not come so far."""
    events: EventReport = NO_EVENTS
    """What became of events, which follow the contacts."""

    @classmethod
    def of_outcomes(cls, outcomes: Mapping[Outcome, int]) -> Delivery:
        """Return what the ledger says of a delivery; the rest is not known."""
        return cls(
            acknowledged=outcomes.get(Outcome.ACKNOWLEDGED, 0),
            rejected=outcomes.get(Outcome.REJECTED, 0),
            unknown=outcomes.get(Outcome.UNKNOWN, 0),
            not_sent=outcomes.get(Outcome.NOT_SENT, 0),
        )

    @property
    def total_requests(self) -> int:
        """All HTTP requests."""
        return sum(self.requests.values())


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything one run did."""

    snapshots: tuple[WindowSnapshot, ...]
    entered: int
    """Memberships that became desired in this run, over all audiences."""
    exited: int
    """Memberships that ended in this run, over all audiences."""
    held: tuple[Held, ...]
    failed: tuple[tuple[str, str], ...]
    """Declarations that should have been extracted and were not, and why."""
    delivery: Delivery
    seconds: float

    @property
    def needs_attention(self) -> bool:
        """Whether something waits for a person: held, failed, refused or without a certain outcome."""
        delivery = self.delivery
        refused = delivery.blocked or delivery.rejected or delivery.unknown or delivery.events.needs_attention
        return bool(self.held or self.failed or refused)

    def summary(self) -> dict[str, object]:
        """Return counts only, for the run's record in the store."""
        delivery = self.delivery
        return {
            "windows": [snapshot.window.key for snapshot in self.snapshots],
            "problems": {what: count for snapshot in self.snapshots for what, count in snapshot.problems.items()},
            "entered": self.entered,
            "exited": self.exited,
            "held": [held.key for held in self.held],
            "failed": [key for key, _ in self.failed],
            "plan": delivery.plan.summary() if delivery.plan else None,
            "planned": delivery.planned,
            "acknowledged": delivery.acknowledged,
            "rejected": delivery.rejected,
            "unknown": delivery.unknown,
            "not_sent": delivery.not_sent,
            "withheld": dict(delivery.withheld),
            "opted_out": delivery.opted_out,
            "requests": dict(delivery.requests),
            "directory_requests": delivery.directory_requests,
            "events": delivery.events.summary(),
            "skipped": delivery.skipped,
            "seconds": round(self.seconds, 1),
        }
