"""Whether a delivery may go on: what its answers so far say of the key, the service and the time that is left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ac_pipeline.errors import Inconsistent, PipelineError, ServiceUnavailable
from ac_pipeline.model.delivery import Answer, Outcome

CONTACTS, EVENTS = "contacts", "events"
"""What is told, one after the other."""
UNEXPLAINED_IN_A_ROW = 3
UNCERTAIN_IN_A_ROW = 5
"""Each was already tried several times: the service is down, and asking on helps nobody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a delivery is, in contacts, and then in events. `total` grows when something is left for another pass."""

    done: int
    total: int
    acknowledged: int = 0
    rejected: int = 0
    unknown: int = 0
    what: str = CONTACTS


Progress = Callable[[Standing], None]
"""Is told after each contact, import or event how far the delivery is."""


def no_progress(_standing: Standing) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Verdicts:
    """Contacts, or events, by outcome, and why the delivery has to stop, if it has to.

    `deadline` is a moment of `clock` after which nothing new is begun: what is under way is waited for.
    """

    total: int = 0
    progress: Progress = no_progress
    what: str = CONTACTS
    deadline: float | None = None
    clock: Callable[[], float] = time.monotonic
    tally: Counter[Outcome] = field(default_factory=Counter)
    stop: PipelineError | None = None
    _unexplained: int = 0
    _uncertain: int = 0

    @property
    def out_of_time(self) -> bool:
        """Whether the time budget is used up."""
        return self.deadline is not None and self.clock() >= self.deadline

    @property
    def go_on(self) -> bool:
        """Whether another request may be begun."""
        return self.stop is None and not self.out_of_time

    def ended(self, outcome: Outcome, contacts: int = 1) -> None:
        """Count contacts whose identify ended, or an event."""
        self.tally[outcome] += contacts
        self.progress(self.standing)

    @property
    def standing(self) -> Standing:
        """How far the delivery is. Imports of an earlier run may end before anything is planned."""
        done, tally = self.tally.total(), self.tally
        counts = (tally[Outcome.ACKNOWLEDGED], tally[Outcome.REJECTED], tally[Outcome.UNKNOWN])
        return Standing(done, max(done, self.total), *counts, what=self.what)

    def judge(self, answer: Answer) -> None:
        """Take an answer into account. Several of a kind in a row are no accident any more."""
        if answer.stop is not None and self.stop is None:
            self.stop = answer.stop
        self._unexplained = self._unexplained + 1 if answer.unexplained else 0
        # Somebody who was deleted over there leaves what is known of them unsure, not the service.
        certain = answer.outcome in {Outcome.ACKNOWLEDGED, Outcome.REJECTED} or answer.status == 404
        self._uncertain = 0 if certain else self._uncertain + 1
        if self._uncertain >= UNCERTAIN_IN_A_ROW and self.stop is None:
            self.stop = ServiceUnavailable(
                f"ActiveCampaign gave no certain answer {UNCERTAIN_IN_A_ROW} times in a row ({answer.reason}).",
                "Nothing is lost: a later run sends these contacts again.",
            )
        if self._unexplained >= UNEXPLAINED_IN_A_ROW and self.stop is None:
            self.stop = Inconsistent(
                f"ActiveCampaign refused {UNEXPLAINED_IN_A_ROW} contacts in a row for a reason that is not known "
                f"({answer.reason}). The run was stopped before it refuses more.",
                "Look at the last rejections (`ac-pipeline query 'from rejections'`); nothing is lost.",
            )
