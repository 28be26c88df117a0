"""Progress during a delivery of hours: the run's record and the published copy are renewed now and then."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict

from ac_pipeline.store.events import fold_events
from ac_pipeline.store.publish import publish
from ac_pipeline.store.store import Store
from ac_pipeline.sync.verdicts import EVENTS, Progress, Standing, no_progress

logger = logging.getLogger(__name__)

SECONDS, CONTACTS = 30.0, 1_000
"""What is published is renewed after so long, or so many contacts or events, whichever comes first."""
SHARE = 0.05
"""Share of the time that may go into it: the more the store holds, the longer nothing is sent meanwhile."""


class Refreshing:
    """Passes every standing on, and renews what is published at intervals.

    The ledger is brought up to date only after each pass, because the ends of a contact's steps are judged together.
    What was answered so far stands in the view `deliveries` at once. Events are brought up to date each time.
    """

    def __init__(
        self,
        store: Store,
        *,
        each: Progress = no_progress,
        now_and_then: Progress = no_progress,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._each = each
        self._now_and_then = now_and_then
        self._clock = clock
        self._at = clock()
        self._done, self._what = 0, ""
        self._rest = 0.0
        """Seconds without another renewal, so that they stay within their share."""

    def __call__(self, standing: Standing) -> None:
        """Take note of how far the delivery is."""
        self._each(standing)
        if standing.what != self._what:
            self._done, self._what = 0, standing.what
        since = self._clock() - self._at
        due = since >= SECONDS or standing.done - self._done >= CONTACTS
        if due and since >= self._rest:
            self._renew(standing)

    def _renew(self, standing: Standing) -> None:
        begun = self._clock()
        if standing.what == EVENTS:
            fold_events(self._store)
        self._store.note_run(asdict(standing))
        publish(self._store)
        self._at, self._done = self._clock(), standing.done
        self._rest = (self._at - begun) * (1 - SHARE) / SHARE
        logger.info(
            "told %d of %d %s: %d acknowledged, %d refused, %d without a certain answer",
            standing.done, standing.total, standing.what, standing.acknowledged, standing.rejected, standing.unknown,
        )  # fmt: skip
        self._now_and_then(standing)
