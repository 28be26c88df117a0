"""Send the outbox: attempts are durable before their request, outcomes after."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from ac_pipeline.errors import Inconsistent, PipelineError, ServiceUnavailable
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.ledger import begin_attempts, record_answers
from ac_pipeline.store.outbox import OutboxRow, next_rows
from ac_pipeline.store.store import Store

logger = logging.getLogger(__name__)

UNEXPLAINED_IN_A_ROW = 3
UNCERTAIN_IN_A_ROW = 5
"""Each was already tried several times: the service is down, and asking on helps nobody."""


class Sender(Protocol):
    """The part of the ActiveCampaign client that delivery needs."""

    async def sync_contact(self, body: str) -> Answer:
        """Create or update the contact of that address."""

    async def update_contact(self, remote_id: str, body: str) -> Answer:
        """Update the contact of that id."""


Progress = Callable[[int, int], None]
"""Is told how many contacts were answered so far, and how many there are."""


def no_progress(_done: int, _total: int) -> None:
    """Tell nobody."""


async def deliver_outbox(
    store: Store, sender: Sender, *, total: int, in_flight: int, progress: Progress = no_progress
) -> Counter[Outcome]:
    """Send every contact of the outbox, up to `in_flight` requests at a time; return contacts by outcome.

    `total` is how many contacts the outbox has; `progress` is told.

    Raises the error that stops the run (a refused key, for instance) after all answers are recorded.
    A cancellation is a pause: answers that came are recorded, the others become unknown at the next start.
    """
    delivery = _Delivery(store, sender, in_flight, lambda done: progress(done, total))
    await delivery.run()
    if delivery.stop is not None:
        raise delivery.stop
    return delivery.tally


class _Delivery:
    """The requests under way, and what was answered so far."""

    def __init__(self, store: Store, sender: Sender, in_flight: int, progress: Callable[[int], None]) -> None:
        self.store = store
        self.sender = sender
        self.in_flight = in_flight
        self.progress = progress
        self.tally: Counter[Outcome] = Counter()
        self.stop: PipelineError | None = None
        self._tasks: dict[asyncio.Task[Answer], int] = {}
        self._position = 0
        self._unexplained = 0
        self._uncertain = 0

    async def run(self) -> None:
        try:
            while True:
                # Refilled in groups, because each group costs one durable write.
                if self.stop is None and len(self._tasks) <= self.in_flight // 2:
                    self._begin()
                if not self._tasks:
                    return
                done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                self._record(done)
        except BaseException:
            self._record({task for task in self._tasks if task.done() and not task.cancelled()})
            for task in self._tasks:
                task.cancel()
            raise

    def _begin(self) -> None:
        rows = next_rows(self.store, self._position, self.in_flight - len(self._tasks))
        if not rows:
            return
        self._position = rows[-1][0]
        attempts = begin_attempts(self.store, [row.contact_id for _, row in rows])
        for _, row in rows:
            task = asyncio.ensure_future(self._send(row))
            self._tasks[task] = attempts[row.contact_id]

    async def _send(self, row: OutboxRow) -> Answer:
        if row.route == "rename" and row.remote_id is not None:
            answer = await self.sender.update_contact(row.remote_id, row.payload)
            if answer.status == 404:
                return Answer(Outcome.UNKNOWN, answer.status, answer.reason)
            return answer
        return await self.sender.sync_contact(row.payload)

    def _record(self, done: set[asyncio.Task[Answer]]) -> None:
        answers = {self._tasks.pop(task): task.result() for task in done}
        record_answers(self.store, answers)
        for answer in answers.values():
            self.tally[answer.outcome] += 1
            self._judge(answer)
        self.progress(self.tally.total())

    def _judge(self, answer: Answer) -> None:
        if answer.stop is not None and self.stop is None:
            self.stop = answer.stop
        self._unexplained = self._unexplained + 1 if answer.unexplained else 0
        self._uncertain = self._uncertain + 1 if answer.outcome is Outcome.UNKNOWN else 0
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
