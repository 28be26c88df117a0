"""Tell events: after everything else, to contacts that are known to exist, for as long as there is time."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from ac_pipeline.errors import OwnerMustAct, PipelineError, ServiceUnavailable
from ac_pipeline.model.declaration import Declarations
from ac_pipeline.model.events import EventState
from ac_pipeline.settings import Settings
from ac_pipeline.store.event_counts import event_counts
from ac_pipeline.store.event_retention import forget_events
from ac_pipeline.store.events import fill_due, fold_events, note_members
from ac_pipeline.store.store import Store
from ac_pipeline.store.streams import has_streams
from ac_pipeline.sync.event_access import tracking_access
from ac_pipeline.sync.event_calls import EventSender
from ac_pipeline.sync.event_doubts import settle_doubts
from ac_pipeline.sync.event_readiness import Readiness
from ac_pipeline.sync.event_report import EventReport
from ac_pipeline.sync.event_sending import send_due
from ac_pipeline.sync.verdicts import EVENTS, Verdicts

logger = logging.getLogger(__name__)


class Events:
    """The events of one delivery: looked at before the contacts are told, sent after."""

    def __init__(self, store: Store, settings: Settings, declarations: Declarations) -> None:
        self._store, self._declarations = store, declarations
        self._readiness = Readiness(tracking_access(settings)[1])
        self._failures: list[str] = []

    async def look(self, sender: EventSender) -> None:
        """Say what stands in the way of events before anything is sent; the rest of the delivery goes on."""
        await self._unless_out_of_reach(self._readiness.look(self._store, sender))

    async def deliver(self, sender: EventSender, verdicts: Verdicts) -> None:
        """Send what is due, as far as the time of `verdicts` goes. What the account or the network refuses is noted."""
        if verdicts.stop is not None or self._failures or not has_streams(self._store):
            return
        own = Verdicts(
            progress=verdicts.progress, what=EVENTS, deadline=verdicts.deadline, clock=verdicts.clock,
        )  # fmt: skip
        await self._unless_out_of_reach(self._deliver(sender, own))
        if own.stop is not None:
            self._fail(own.stop)

    async def _deliver(self, sender: EventSender, verdicts: Verdicts) -> None:
        store = self._store
        await settle_doubts(store, sender, verdicts, self._readiness.automations)
        note_members(store, self._declarations)
        if due := fill_due(store):
            verdicts.total = due
            await self._readiness.prepare(store, sender)
            try:
                await send_due(store, sender, verdicts, self._readiness.automations)
            finally:
                fold_events(store)
                fill_due(store)  # what was sent makes others wait, or no longer
        forget_events(store, self._declarations)

    async def _unless_out_of_reach(self, work: Awaitable[None]) -> None:
        try:
            await work
        except (OwnerMustAct, ServiceUnavailable) as error:
            self._fail(error)

    def _fail(self, error: PipelineError) -> None:
        self._failures.append(str(error))
        logger.warning("events were not all sent: %s", error)

    def without_requests(self, blocked: tuple[str, ...]) -> EventReport:
        """Drop what need not be waited for any more, when nothing is to be sent; `blocked` says what could not be."""
        if has_streams(self._store):
            fill_due(self._store)
            forget_events(self._store, self._declarations)
        self._failures += blocked
        return self.report()

    def report(self) -> EventReport:
        """Return what became of events so far."""
        if not has_streams(self._store):
            return EventReport()
        report = EventReport(event_counts(self._store), (*self._readiness.blocked, *self._failures))
        logger.info("events: %s", ", ".join(f"{report.of(state)} {state.value}" for state in EventState))
        return report
