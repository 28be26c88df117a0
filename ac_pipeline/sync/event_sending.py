"""Send events: of one contact in the order in which they happened, several contacts side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.events import (
    DueContact,
    DueEvent,
    EventEnd,
    begin_event_attempts,
    next_due,
    record_event_ends,
)
from ac_pipeline.store.store import Store
from ac_pipeline.sync.event_calls import EventSender, tell
from ac_pipeline.sync.verdicts import Verdicts

TRIES = 3
"""So often an event is refused without a reason, while others are taken, until it is rejected."""


async def send_due(store: Store, sender: EventSender, verdicts: Verdicts, automations: Mapping[str, str]) -> None:
    """Send what is due, until all is sent or `verdicts` says to stop.

    No more attempts are begun than requests are under way. A cancellation is a pause: answers that came are recorded,
    the others are looked into at the next start.
    """
    await _Sending(store, sender, verdicts, automations).run()


class _Sending:
    """The contacts under way."""

    def __init__(self, store: Store, sender: EventSender, verdicts: Verdicts, automations: Mapping[str, str]) -> None:
        self._store, self._sender, self._verdicts, self._automations = store, sender, verdicts, automations
        self._record = _Record(store)
        self._tasks: set[asyncio.Task[None]] = set()
        self._position = 0

    async def run(self) -> None:
        try:
            while True:
                if self._verdicts.go_on:
                    self._begin()
                if not self._tasks:
                    return
                done, self._tasks = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in self._tasks:
                task.cancel()
            self._record.flush()

    def _begin(self) -> None:
        room = self._sender.in_flight - len(self._tasks)
        contacts = next_due(self._store, self._position, room) if room > 0 else []
        for contact in contacts:
            self._position = contact.position
            self._tasks.add(asyncio.ensure_future(self._send(contact)))

    async def _send(self, contact: DueContact) -> None:
        for event in contact.events:
            if not self._verdicts.go_on:
                return
            attempt = await self._record.begin(event.event_id, contact.contact_id)
            answer = await tell(self._sender, contact, event, self._automations)
            self._verdicts.judge(answer)
            answer = self._unless_in_vain(event, answer)
            await self._record.end(EventEnd(attempt, contact.contact_id, answer))
            self._verdicts.ended(answer.outcome)
            # The contact's next event may not come before it is known whether this one arrived.
            if answer.outcome not in {Outcome.ACKNOWLEDGED, Outcome.REJECTED}:
                return

    def _unless_in_vain(self, event: DueEvent, answer: Answer) -> Answer:
        """Let an event that was refused without a reason come back, as long as all of them may be refused.

        A wrong key and a wrong event are answered alike (reference, section 12), and only the latter is for ever.
        """
        for_ever = event.attempts >= TRIES - 1 and self._verdicts.tally[Outcome.ACKNOWLEDGED] > 0
        if answer.unexplained and answer.outcome is Outcome.REJECTED and not for_ever:
            return replace(answer, outcome=Outcome.NOT_SENT)
        return answer


class _Record:
    """Attempts and ends that come at the same moment are written in one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._begun: dict[int, tuple[int, asyncio.Future[int]]] = {}
        self._ended: list[tuple[EventEnd, asyncio.Future[None]]] = []
        self._due = False

    async def begin(self, event_id: int, contact_id: int) -> int:
        """Write an attempt; return its id when it is durable."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._begun[event_id] = (contact_id, future)
        self._soon()
        return await future

    async def end(self, end: EventEnd) -> None:
        """Write how an attempt ended; return when that is durable."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended.append((end, future))
        self._soon()
        await asyncio.shield(future)

    def _soon(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def flush(self) -> None:
        """Write the ends that came; what was only about to begin is not begun."""
        for _, future in self._begun.values():
            future.cancel()
        self._begun = {}
        self._flush()

    def _flush(self) -> None:
        self._due = False
        begun, self._begun = {key: one for key, one in self._begun.items() if not one[1].cancelled()}, {}
        ended, self._ended = self._ended, []
        if not begun and not ended:
            return
        try:
            with self._store.transaction():
                record_event_ends(self._store, [end for end, _ in ended])
                contacts = {event_id: contact_id for event_id, (contact_id, _) in begun.items()}
                attempts = begin_event_attempts(self._store, contacts) if contacts else {}
        except BaseException as error:
            told = [_fail(future, error) for _, future in begun.values()]
            told += [_fail(future, error) for _, future in ended]
            if not any(told):
                raise
            return
        for event_id, (_, future) in begun.items():
            if not future.done():
                future.set_result(attempts[event_id])
        for _, end_future in ended:
            if not end_future.done():
                end_future.set_result(None)


def _fail(future: asyncio.Future[int] | asyncio.Future[None], error: BaseException) -> bool:
    """Tell whoever waits; return whether somebody does."""
    if future.done():
        return False
    future.set_exception(error)
    return True
