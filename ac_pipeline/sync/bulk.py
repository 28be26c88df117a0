"""Send the outbox by bulk import: batches are queued at once, and asked about until they are over."""

from __future__ import annotations

import asyncio

from ac_pipeline.store.batches import oldest_queued
from ac_pipeline.store.store import Store
from ac_pipeline.sync.importer import Importer, ImportWaits, Sleep, end_tasks
from ac_pipeline.sync.naming import name_imported
from ac_pipeline.sync.resolution import Resolution
from ac_pipeline.sync.submission import submit_all
from ac_pipeline.sync.verdicts import Verdicts

__all__ = ["ImportWaits", "Importer", "Sleep", "deliver_in_bulk", "end_tasks", "resolve_batches"]


async def deliver_in_bulk(
    store: Store, importer: Importer, verdicts: Verdicts, waits: ImportWaits, *, exclude_automations: bool
) -> None:
    """Send every contact of the outbox that goes by bulk import, and wait until the imports are over.

    A contact is acknowledged as soon as its import is known to have taken it; the account's ids of those that are
    new there are read while nobody else wants to make a request. Imports that are not over when the delivery has to
    stop stay queued, and ids unread: a later run goes on with both.
    """
    resolution = Resolution(store, importer, verdicts, waits)
    submitting = asyncio.ensure_future(submit_all(store, importer, verdicts, exclude_automations=exclude_automations))
    resolving = asyncio.ensure_future(resolution.run(until=submitting))
    resolving.add_done_callback(lambda _: resolution.ended.set())
    naming = asyncio.ensure_future(name_imported(store, importer, verdicts, more=resolution.ended, until=resolving))
    try:
        await asyncio.gather(submitting, resolving, naming)
    finally:
        await end_tasks({submitting, resolving, naming})


async def resolve_batches(store: Store, importer: Importer, verdicts: Verdicts, waits: ImportWaits) -> None:
    """Ask about the imports of an earlier run until each is over or lost, and whose the contacts are they made.

    Ends before that when the delivery has to stop.
    """
    oldest = oldest_queued(store)
    if oldest is not None:
        await Resolution(store, importer, verdicts, waits).run()
        await name_imported(store, importer, verdicts, since=oldest.batch_id)
