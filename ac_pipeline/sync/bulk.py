"""Send the outbox by bulk import: batches are queued at once, and asked about until they are over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from ac_pipeline.activecampaign.payloads import MOST_ROWS, Batch, pack
from ac_pipeline.errors import PipelineError
from ac_pipeline.model.bulk import ImportProgress, ImportStatus, Submission
from ac_pipeline.model.contact import Contact
from ac_pipeline.model.delivery import NOT_TAKEN, Answer, Outcome
from ac_pipeline.store.batches import (
    BulkRow,
    QueuedBatch,
    begin_batch,
    end_batch,
    known_remote_ids,
    next_rows,
    oldest_queued,
    queue_batch,
)
from ac_pipeline.store.ledger import begin_attempts, record_answers
from ac_pipeline.store.store import Store
from ac_pipeline.sync.verdicts import Verdicts

logger = logging.getLogger(__name__)

SUBMISSIONS = 3
"""Imports that are handed over side by side, so that a slow answer does not cost the rate."""
Sleep = Callable[[float], Awaitable[None]]


class Importer(Protocol):
    """The part of the ActiveCampaign client that bulk delivery needs."""

    async def submit_import(self, batch: Batch) -> Submission:
        """Queue a batch of contacts."""

    async def import_progress(self, batch_id: str) -> ImportProgress:
        """Return where a batch is."""

    def contacts(self, remote_ids: Iterable[str]) -> AsyncIterator[Contact]:
        """Return those of these contacts that exist."""


@dataclass(frozen=True, slots=True)
class ImportWaits:
    """When an import is asked about: `first` seconds after it was queued, then after ever longer waits up to `longest`.

    One that is not over `lost` seconds later counts as lost: the service makes no promise about when it ends.
    """

    first: float = 7.0
    longest: float = 60.0
    lost: float = 900.0
    sleep: Sleep = asyncio.sleep


async def deliver_in_bulk(
    store: Store, importer: Importer, verdicts: Verdicts, waits: ImportWaits, *, exclude_automations: bool
) -> None:
    """Send every contact of the outbox that goes by bulk import, and wait until the imports are over.

    Imports that are not over when the delivery has to stop stay queued: a later run asks about them by their ids.
    """
    submitting = asyncio.ensure_future(_submit_all(store, importer, verdicts, exclude=exclude_automations))
    resolving = asyncio.ensure_future(resolve_batches(store, importer, verdicts, waits, until=submitting))
    try:
        await asyncio.gather(submitting, resolving)
    finally:
        await end_tasks({submitting, resolving})


async def _submit_all(store: Store, importer: Importer, verdicts: Verdicts, *, exclude: bool) -> None:
    position = 0
    under_way: set[asyncio.Task[None]] = set()
    try:
        while verdicts.go_on and (rows := next_rows(store, position, MOST_ROWS)):
            # An import has one answer to whether automations run.
            alike = list(takewhile(lambda row: row.resend == rows[0].resend, rows))
            batch = next(pack(row.payload for row in alike))
            chosen = alike[: len(batch.rows)]
            position += len(chosen)
            sending = _send(store, importer, verdicts, chosen, exclude=exclude or chosen[0].resend)
            under_way.add(asyncio.ensure_future(sending))
            if len(under_way) == SUBMISSIONS:
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        await asyncio.gather(*under_way)
    finally:
        await end_tasks(under_way)


async def _send(store: Store, importer: Importer, verdicts: Verdicts, rows: list[BulkRow], *, exclude: bool) -> None:
    there = await _existing(store, importer, verdicts, rows)
    await _submit(store, importer, verdicts, there, exclude=exclude)


async def end_tasks(tasks: Iterable[asyncio.Future[None]]) -> None:
    """Cancel what is not done, and wait for it."""
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def _existing(store: Store, importer: Importer, verdicts: Verdicts, rows: list[BulkRow]) -> list[BulkRow]:
    """Return the rows without those that would create somebody: who was deleted over there, or has another address.

    The latter are left to single calls, which find them by their ids.
    """
    asked = {row.remote_id for row in rows if row.must_exist and row.remote_id is not None}
    if not asked:
        return rows
    try:
        there = {contact.id: contact.email.strip().lower() async for contact in importer.contacts(asked)}
    except PipelineError as error:
        verdicts.judge(Answer(Outcome.NOT_SENT, reason=error.message, stop=error))
        return []
    answers = {
        row.contact_id: Answer(Outcome.UNKNOWN, reason=NOT_TAKEN[1])
        if row.remote_id in there
        else Answer(Outcome.UNKNOWN, 404, "not found")
        for row in rows
        if row.must_exist and there.get(row.remote_id or "") != row.email
    }
    if answers:
        attempts = begin_attempts(store, list(answers))
        record_answers(store, {attempt: answers[contact_id] for (contact_id, _), attempt in attempts.items()})
        verdicts.ended(Outcome.UNKNOWN, len(answers))
    return [row for row in rows if row.contact_id not in answers]


async def _submit(store: Store, importer: Importer, verdicts: Verdicts, rows: list[BulkRow], *, exclude: bool) -> None:
    """Queue one batch. When single rows are refused, the others are sent again at once."""
    while rows:
        batch_id, attempts = begin_batch(store, [row.contact_id for row in rows], exclude_automations=exclude)
        said = await importer.submit_import(Batch(tuple(row.payload for row in rows), exclude))
        everyone = Answer(said.outcome, said.status, said.reason, unexplained=said.unexplained, stop=said.stop)
        if said.outcome is Outcome.ACKNOWLEDGED and said.batch_id:
            queue_batch(store, batch_id, said.batch_id, said.queued)
            verdicts.judge(everyone)
            return
        refused = {rows[row.position - 1].contact_id: row.reason for row in said.refused if row.position <= len(rows)}
        if not refused:
            # Accepted without an id is unknown: nobody can be asked. Refused as a whole is not any contact's fault.
            unknown = said.outcome in {Outcome.ACKNOWLEDGED, Outcome.UNKNOWN}
            reason = said.reason or "the import has no id"
            answer = Answer(Outcome.UNKNOWN if unknown else Outcome.NOT_SENT, said.status, reason)
            end_batch(store, batch_id, dict.fromkeys(attempts.values(), answer), lost=unknown)
            verdicts.judge(everyone)
            verdicts.ended(answer.outcome, len(rows))
            return
        end_batch(store, batch_id, {
            attempt: Answer(Outcome.REJECTED, said.status, refused[contact_id])
            if contact_id in refused
            else Answer(Outcome.NOT_SENT, said.status, "another contact of the batch was refused")
            for contact_id, attempt in attempts.items()
        })  # fmt: skip
        verdicts.ended(Outcome.REJECTED, len(refused))
        rows = [row for row in rows if row.contact_id not in refused]


async def resolve_batches(
    store: Store,
    importer: Importer,
    verdicts: Verdicts,
    waits: ImportWaits,
    *,
    until: asyncio.Future[None] | None = None,
) -> None:
    """Ask about queued imports, oldest first, until each is over or lost, or the delivery has to stop.

    With `until` more may come while that is not done. The service imports them in turn, so that one that is over
    needs one request.
    """
    wait, asked = waits.first, dict[int, float]()
    while verdicts.go_on:
        batch = oldest_queued(store)
        if batch is None:
            if until is None or until.done():
                return
            await asyncio.wait({until}, timeout=waits.first)
            continue
        since = asked.setdefault(batch.batch_id, verdicts.clock())
        age = (store.now() - batch.submitted_at).total_seconds()
        if age < waits.first and verdicts.clock() - since < waits.first:
            await waits.sleep(waits.first - age)
        try:
            progress = await importer.import_progress(batch.remote_id)
            if progress.status.over:
                await _close(store, importer, verdicts, batch, progress)
                wait = waits.first / 4
                continue
        except PipelineError as error:
            verdicts.judge(Answer(Outcome.NOT_SENT, reason=error.message, stop=error))
            return
        if age > waits.lost or verdicts.clock() - since > waits.lost:
            logger.warning("import %s is not over after %.0f s: it counts as lost", batch.remote_id, waits.lost)
            _lose(store, verdicts, batch, "the import did not end", lost=True)
            continue
        await waits.sleep(wait)
        wait = min(wait * 1.5, waits.longest)


async def _close(
    store: Store, importer: Importer, verdicts: Verdicts, batch: QueuedBatch, progress: ImportProgress
) -> None:
    """Write what an import that is over did with each contact.

    `processed` names contacts by ids, by one reading only those that are new (reference, D7); `failed` by addresses.
    Whoever is in neither was imported, unless fewer were queued than were sent: then nobody knows who was left out.
    """
    if progress.status is not ImportStatus.COMPLETED:
        _lose(store, verdicts, batch, f"the import {progress.status.value}", lost=False)
        return
    known = known_remote_ids(store, [contact_id for contact_id, _ in batch.attempts.values()])
    processed = set(progress.processed)
    new = processed - set(known.values())
    ids = {contact.email.strip().lower(): contact.id async for contact in importer.contacts(new)} if new else {}
    failed = {email.strip().lower() for email in progress.failed}
    answers: dict[int, Answer] = {}
    for email, (contact_id, attempt) in batch.attempts.items():
        named = email in ids or known.get(contact_id) in processed
        if email in failed:
            answers[attempt] = Answer(Outcome.UNKNOWN, reason=NOT_TAKEN[0])
        elif named or batch.queued == len(batch.attempts):
            answers[attempt] = Answer(Outcome.ACKNOWLEDGED, remote_id=ids.get(email))
        else:
            answers[attempt] = Answer(Outcome.UNKNOWN, reason=NOT_TAKEN[1])
    _end(store, verdicts, batch, answers)


def _lose(store: Store, verdicts: Verdicts, batch: QueuedBatch, reason: str, *, lost: bool) -> None:
    answer = Answer(Outcome.UNKNOWN, reason=reason)
    answers = {attempt: answer for _, attempt in batch.attempts.values()}
    _end(store, verdicts, batch, answers, lost=lost)


def _end(
    store: Store, verdicts: Verdicts, batch: QueuedBatch, answers: Mapping[int, Answer], *, lost: bool = False
) -> None:
    end_batch(store, batch.batch_id, answers, lost=lost)
    for outcome in Outcome:
        if count := sum(answer.outcome is outcome for answer in answers.values()):
            verdicts.ended(outcome, count)
