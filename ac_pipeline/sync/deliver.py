"""Send the outbox contact by contact: attempts are durable before their request, outcomes after."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.ledger import begin_attempts, record_answers
from ac_pipeline.store.outbox import OutboxContact, OutboxStep, next_contacts
from ac_pipeline.store.store import Store
from ac_pipeline.sync.bulk import Importer, ImportWaits, deliver_in_bulk, end_tasks
from ac_pipeline.sync.steps import Sender, take
from ac_pipeline.sync.verdicts import Verdicts


class Destination(Sender, Importer, Protocol):
    """The part of the ActiveCampaign client that delivery needs."""

    @property
    def in_flight(self) -> int:
        """How many requests are under way at most."""


async def deliver_outbox(
    store: Store, destination: Destination, verdicts: Verdicts, *, waits: ImportWaits, exclude_automations: bool
) -> None:
    """Send every contact of the outbox, single calls and bulk imports side by side; `verdicts` say how it went."""
    ways = [
        asyncio.ensure_future(deliver_singly(store, destination, verdicts, in_flight=destination.in_flight)),
        asyncio.ensure_future(
            deliver_in_bulk(store, destination, verdicts, waits, exclude_automations=exclude_automations)
        ),
    ]
    try:
        await asyncio.gather(*ways)
    finally:
        await end_tasks(ways)


async def deliver_singly(store: Store, sender: Sender, verdicts: Verdicts, *, in_flight: int) -> None:
    """Send every contact of the outbox that goes by single calls, up to `in_flight` at a time.

    Ends when all are sent or `verdicts` says so, after all answers are recorded. A cancellation is a pause: answers
    that came are recorded, the others become unknown at the next start.
    """
    await _Delivery(store, sender, verdicts, in_flight).run()


class _Delivery:
    """The contacts under way."""

    def __init__(self, store: Store, sender: Sender, verdicts: Verdicts, in_flight: int) -> None:
        self.store = store
        self.sender = sender
        self.verdicts = verdicts
        self.in_flight = in_flight
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: dict[int, Answer] = {}
        self._recorded: asyncio.Future[None] | None = None
        self._position = 0

    async def run(self) -> None:
        try:
            while True:
                # Refilled in groups, because each group costs one durable write.
                if self.verdicts.go_on and len(self._tasks) <= self.in_flight // 2:
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
            self.verdicts.judge(answer)
            remote_id = answer.remote_id or remote_id
            if answer.outcome is not Outcome.ACKNOWLEDGED:
                worst = answer
            left = what_is_left(step, answer)
            if left is None and not self.verdicts.go_on and step is not contact.steps[-1]:
                worst = left = Answer(Outcome.NOT_SENT, reason="the run was stopped")
            if left is not None:
                later = contact.steps[number + 1 :]
                await self._record({attempts[contact.contact_id, one.number]: left for one in later})
                break
        self.verdicts.ended(worst.outcome)

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


def what_is_left(step: OutboxStep, answer: Answer) -> Answer | None:
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
