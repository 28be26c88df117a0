"""Send the outbox: attempts are durable before their request, outcomes after."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping

from ac_pipeline.errors import Inconsistent, PipelineError, ServiceUnavailable
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.ledger import begin_attempts, record_answers
from ac_pipeline.store.outbox import OutboxContact, OutboxStep, next_contacts
from ac_pipeline.store.store import Store
from ac_pipeline.sync.steps import Sender, take

logger = logging.getLogger(__name__)

UNEXPLAINED_IN_A_ROW = 3
UNCERTAIN_IN_A_ROW = 5
"""Each was already tried several times: the service is down, and asking on helps nobody."""


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
    """The contacts under way, and what was answered so far."""

    def __init__(self, store: Store, sender: Sender, in_flight: int, progress: Callable[[int], None]) -> None:
        self.store = store
        self.sender = sender
        self.in_flight = in_flight
        self.progress = progress
        self.tally: Counter[Outcome] = Counter()
        self.stop: PipelineError | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: dict[int, Answer] = {}
        self._recorded: asyncio.Future[None] | None = None
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
                done, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in self._tasks:
                task.cancel()
            self._flush()

    def _begin(self) -> None:
        contacts = next_contacts(self.store, self._position, self.in_flight - len(self._tasks))
        if not contacts:
            return
        self._position += len(contacts)
        attempts = begin_attempts(self.store, [contact.contact_id for contact in contacts])
        for contact in contacts:
            self._tasks.add(asyncio.ensure_future(self._send(contact, attempts)))

    async def _send(self, contact: OutboxContact, attempts: Mapping[tuple[int, int], int]) -> None:
        """Take the steps of one contact, each after the answer to the one before is on record."""
        remote_id, worst = contact.remote_id, Answer(Outcome.ACKNOWLEDGED)
        for number, step in enumerate(contact.steps):
            answer = await take(self.sender, remote_id, step)
            await self._record({attempts[contact.contact_id, step.number]: answer})
            self._judge(answer)
            remote_id = answer.remote_id or remote_id
            if answer.outcome is not Outcome.ACKNOWLEDGED:
                worst = answer
            left = _left(step, answer)
            if left is None and self.stop is not None and step is not contact.steps[-1]:
                worst = left = Answer(Outcome.NOT_SENT, reason="the run was stopped")
            if left is not None:
                later = contact.steps[number + 1 :]
                await self._record({attempts[contact.contact_id, one.number]: left for one in later})
                break
        self.tally[worst.outcome] += 1
        self.progress(self.tally.total())

    async def _record(self, answers: Mapping[int, Answer]) -> None:
        """Write answers durably, those that came at the same moment in one transaction."""
        if not answers:
            return
        self._answers.update(answers)
        if self._recorded is None:
            self._recorded = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(self._flush)
        await asyncio.shield(self._recorded)

    def _flush(self) -> None:
        recorded, self._recorded = self._recorded, None
        answers, self._answers = self._answers, {}
        try:
            record_answers(self.store, answers)
        except BaseException as error:
            if recorded is None:
                raise
            recorded.set_exception(error)
            return
        if recorded is not None:
            recorded.set_result(None)

    def _judge(self, answer: Answer) -> None:
        if answer.stop is not None and self.stop is None:
            self.stop = answer.stop
        self._unexplained = self._unexplained + 1 if answer.unexplained else 0
        certain = answer.outcome in {Outcome.ACKNOWLEDGED, Outcome.REJECTED}
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


def _left(step: OutboxStep, answer: Answer) -> Answer | None:
    """Return what becomes of the steps behind one that did not succeed; None when they go on.

    Without its fields a contact gets no tags and lists. A single tag or list that is refused keeps none of the others.
    """
    if answer.outcome is Outcome.ACKNOWLEDGED:
        return None
    if step.number == 0 and answer.outcome is Outcome.REJECTED:
        return Answer(Outcome.REJECTED, answer.status, answer.reason)
    if answer.outcome is Outcome.REJECTED:
        return None
    return Answer(Outcome.NOT_SENT, reason="the step before it has no certain end")
