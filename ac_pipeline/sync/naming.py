"""Read whose contacts the imports made: their ids came without addresses. At the rate that nobody else wants."""

from __future__ import annotations

import asyncio

from ac_pipeline.activecampaign.line import Rank
from ac_pipeline.activecampaign.pages import PAGE
from ac_pipeline.errors import PipelineError
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.naming import name_contacts, next_unnamed
from ac_pipeline.store.store import Store
from ac_pipeline.sync.importer import Importer, end_tasks, first_ended
from ac_pipeline.sync.verdicts import Verdicts


async def name_imported(
    store: Store,
    importer: Importer,
    verdicts: Verdicts,
    *,
    since: int = 0,
    more: asyncio.Event | None = None,
    until: asyncio.Future[None] | None = None,
) -> None:
    """Read the addresses of contacts that imports from number `since` on told the ids of, 100 a request.

    With `until` more may come while that is not done, and `more` says when; only full pages are read until then.
    What is not read when the delivery has to stop is read by a later run.
    """
    under_way: set[asyncio.Task[None]] = set()
    asked: set[str] = set()

    async def read(page: list[str]) -> None:
        try:
            there = [contact async for contact in importer.contacts(page, rank=Rank.SPARE)]
        except PipelineError as error:
            verdicts.judge(Answer(Outcome.NOT_SENT, reason=error.message, stop=error))
        else:
            name_contacts(store, page, there)
        finally:
            asked.difference_update(page)

    try:
        while verdicts.go_on:
            complete = until is None or until.done()
            page = next_unnamed(store, asked, PAGE, since=since) if len(under_way) < importer.in_flight else []
            if len(page) == PAGE or (page and complete):
                asked.update(page)
                under_way.add(asyncio.ensure_future(read(page)))
            elif under_way:
                under_way = await first_ended(under_way)
            elif complete or more is None:
                return
            else:
                more.clear()
                await more.wait()
        await asyncio.gather(*under_way)
    finally:
        await end_tasks(under_way)
