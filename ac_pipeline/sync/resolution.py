"""Ask about queued imports until each is over, or lost."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from ac_pipeline.errors import PipelineError
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.batches import QueuedBatch, queued_batches
from ac_pipeline.store.store import Store
from ac_pipeline.sync.import_ends import close_batch, lose_batch
from ac_pipeline.sync.import_questions import Questions
from ac_pipeline.sync.importer import Importer, ImportWaits, end_tasks, first_ended
from ac_pipeline.sync.verdicts import Verdicts

logger = logging.getLogger(__name__)

QUESTIONS = 4
"""Imports that are asked about side by side, so that slow answers do not put off what is known of others."""


@dataclass(slots=True)
class Resolution:
    """The questions of one delivery. Each import is closed by its own answer; `ended` is set whenever one came."""

    store: Store
    importer: Importer
    verdicts: Verdicts
    waits: ImportWaits
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, until: asyncio.Future[None] | None = None) -> None:
        """Go on until no import is queued, or the delivery has to stop; more may come while `until` is not done."""
        questions = Questions(self.waits)
        under_way: dict[int, asyncio.Task[None]] = {}
        try:
            while self.verdicts.go_on:
                queued = queued_batches(self.store)
                for batch in self._due(questions, queued, under_way):
                    under_way[batch.batch_id] = asyncio.ensure_future(self._ask(questions, batch))
                if under_way:
                    left = await first_ended(set(under_way.values()))
                    under_way = {batch_id: task for batch_id, task in under_way.items() if task in left}
                elif queued:
                    await self.waits.sleep(self._within_budget(questions.wait(self.verdicts.clock())))
                elif until is None or until.done():
                    return
                else:
                    await asyncio.wait({until}, timeout=self.waits.first)
            await asyncio.gather(*under_way.values())
        finally:
            await end_tasks(under_way.values())

    def _due(
        self, questions: Questions, queued: list[QueuedBatch], under_way: dict[int, asyncio.Task[None]]
    ) -> list[QueuedBatch]:
        now, moment = self.verdicts.clock(), self.store.now()
        questions.see({batch.batch_id: (moment - batch.submitted_at).total_seconds() for batch in queued}, now)
        due = [batch for batch in questions.due(queued, now) if batch.batch_id not in under_way]
        return due[: QUESTIONS - len(under_way)]

    async def _ask(self, questions: Questions, batch: QueuedBatch) -> None:
        try:
            progress = await self.importer.import_progress(batch.remote_id)
            questions.answered(batch.batch_id, self.verdicts.clock(), over=progress.status.over)
            if progress.status.over:
                await close_batch(self.store, self.importer, self.verdicts, batch, progress)
            elif questions.lost(batch.batch_id):
                logger.warning("import %s is not over: it counts as lost", batch.remote_id)
                lose_batch(self.store, self.verdicts, batch, "the import did not end", lost=True)
        except PipelineError as error:
            self.verdicts.judge(Answer(Outcome.NOT_SENT, reason=error.message, stop=error))
        self.ended.set()

    def _within_budget(self, seconds: float) -> float:
        """Return a wait that does not outlast the time budget."""
        deadline = self.verdicts.deadline
        return seconds if deadline is None else min(seconds, max(0.0, deadline - self.verdicts.clock()))
