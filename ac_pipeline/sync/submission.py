"""Hand over the outbox in bulk imports, as fast as their own limit allows."""

from __future__ import annotations

import asyncio
from itertools import takewhile

from ac_pipeline.activecampaign.line import Rank
from ac_pipeline.activecampaign.payloads import MOST_ROWS, Batch, pack
from ac_pipeline.errors import PipelineError
from ac_pipeline.model.delivery import NOT_TAKEN, Answer, Outcome
from ac_pipeline.store.batches import BulkRow, begin_batch, end_batch, next_rows, queue_batch
from ac_pipeline.store.ledger import begin_attempts, record_answers
from ac_pipeline.store.store import Store
from ac_pipeline.sync.importer import Importer, end_tasks, first_ended
from ac_pipeline.sync.verdicts import Verdicts

SUBMISSIONS = 3
"""Imports that are handed over side by side, so that a slow answer does not cost the rate."""


async def submit_all(store: Store, importer: Importer, verdicts: Verdicts, *, exclude_automations: bool) -> None:
    """Queue every contact of the outbox that goes by bulk import, in order, or until the delivery has to stop."""
    position = 0
    under_way: set[asyncio.Task[None]] = set()
    try:
        while verdicts.go_on and (rows := next_rows(store, position, MOST_ROWS)):
            # An import has one answer to whether automations run.
            alike = list(takewhile(lambda row: row.resend == rows[0].resend, rows))
            batch = next(pack(row.payload for row in alike))
            chosen = alike[: len(batch.rows)]
            position += len(chosen)
            sending = _send(store, importer, verdicts, chosen, exclude=exclude_automations or chosen[0].resend)
            under_way.add(asyncio.ensure_future(sending))
            if len(under_way) == SUBMISSIONS:
                under_way = await first_ended(under_way)
        await asyncio.gather(*under_way)
    finally:
        await end_tasks(under_way)


async def _send(store: Store, importer: Importer, verdicts: Verdicts, rows: list[BulkRow], *, exclude: bool) -> None:
    there = await _existing(store, importer, verdicts, rows)
    await _submit(store, importer, verdicts, there, exclude=exclude)


async def _existing(store: Store, importer: Importer, verdicts: Verdicts, rows: list[BulkRow]) -> list[BulkRow]:
    """Return the rows without those that would create somebody: who was deleted over there, or has another address.

    The latter are left to single calls, which find them by their ids.
    """
    asked = {row.remote_id for row in rows if row.must_exist and row.remote_id is not None}
    if not asked:
        return rows
    try:
        found = importer.contacts(asked, rank=Rank.FIRST)
        there = {contact.id: contact.email.strip().lower() async for contact in found}
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
