"""What a crash test counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from soak.kills import Phase, Trigger
from soak.wire import Moment


@dataclass
class Figures:
    """What a crash test counted."""

    hits: Counter[tuple[Trigger, Phase]] = field(default_factory=Counter)
    missed: Counter[Trigger] = field(default_factory=Counter)
    """Syncs that had ended before what their kill waited for."""
    trees: Counter[Moment] = field(default_factory=Counter)
    """Kills of Dagster with everything it had started, by what its request was doing."""
    sandboxes: Counter[Phase] = field(default_factory=Counter)
    superseded: int = 0
    """Kills after which the data changed before the next sync."""
    repeats: list[int] = field(default_factory=list)
    """After each kill: requests sent again that the service had done, or did after the kill."""
    answered_again: list[int] = field(default_factory=list)
    """Of these, those whose success had been delivered before the kill."""
    under_way: list[int] = field(default_factory=list)
    """At each kill: requests without an answer that was delivered."""
    needless: int = 0
    """Requests sent again that had been answered with success to a sync that was not killed."""
    finished: list[int] = field(default_factory=list)
    """Syncs it took after each cycle's last kill until the account was equal."""
    compared: int = 0
    """Contacts compared, over all cycles."""
    requests: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    """Exit codes of syncs that were not killed."""
    idle: int = 0
    """Syncs after the account was equal, which asked for nothing."""
    failures: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """All that hit something."""
        return self.hits.total() + self.trees.total() + self.sandboxes.total()

    def __str__(self) -> str:
        again, failures = max(self.repeats, default=0), len(self.failures)
        return f"{self.kills} kills, {len(self.finished)} comparisons, at most {again} sent again, {failures} failures"

    def add(self, other: Figures) -> None:
        """Add what another worker counted."""
        self.hits.update(other.hits)
        self.missed.update(other.missed)
        self.codes.update(other.codes)
        self.trees.update(other.trees)
        self.sandboxes.update(other.sandboxes)
        self.repeats += other.repeats
        self.answered_again += other.answered_again
        self.needless += other.needless
        self.under_way += other.under_way
        self.finished += other.finished
        self.failures += other.failures
        self.superseded += other.superseded
        self.compared += other.compared
        self.requests += other.requests
        self.idle += other.idle
