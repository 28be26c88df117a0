"""What bulk delivery asks of the client, and how long it waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from ac_pipeline.activecampaign.line import Rank
from ac_pipeline.activecampaign.payloads import Batch
from ac_pipeline.model.bulk import ImportProgress, Submission
from ac_pipeline.model.contact import Contact

Sleep = Callable[[float], Awaitable[None]]


class Importer(Protocol):
    """The part of the ActiveCampaign client that bulk delivery needs."""

    @property
    def in_flight(self) -> int:
        """How many requests are under way at most."""

    async def submit_import(self, batch: Batch) -> Submission:
        """Queue a batch of contacts."""

    async def import_progress(self, batch_id: str) -> ImportProgress:
        """Return where a batch is."""

    def contacts(self, remote_ids: Iterable[str], *, rank: Rank = Rank.USUAL) -> AsyncIterator[Contact]:
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


async def end_tasks(tasks: Iterable[asyncio.Future[None]]) -> None:
    """Cancel what is not done, and wait for it."""
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def first_ended(tasks: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Wait until one of these is done and return the others; raises what one of them raised."""
    done, left = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return left
