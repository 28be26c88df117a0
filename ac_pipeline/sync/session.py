"""One run of the pipeline, step by step; the CLI and Dagster both drive it."""

from __future__ import annotations

import atexit
import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from ac_pipeline.declarations import require_declarations
from ac_pipeline.errors import Inconsistent, UnknownName
from ac_pipeline.home import Home
from ac_pipeline.model.declaration import Declarations, Kind
from ac_pipeline.model.extraction import Extracted, Extraction
from ac_pipeline.model.window import Window, window_ending_by
from ac_pipeline.settings import Settings
from ac_pipeline.store import desired
from ac_pipeline.store.desired import Step
from ac_pipeline.store.events import recover_events
from ac_pipeline.store.events_incoming import TakenIn
from ac_pipeline.store.ledger import outcomes_of_run, recover
from ac_pipeline.store.properties import register
from ac_pipeline.store.publish import publish
from ac_pipeline.store.retention import forget_old
from ac_pipeline.store.snapshots import WindowSnapshot, newest_computed, take_snapshot
from ac_pipeline.store.store import Clock, Store, open_store, utc_now
from ac_pipeline.store.streams import register_streams
from ac_pipeline.sync.approval import judge
from ac_pipeline.sync.budget import delivery_budget
from ac_pipeline.sync.event_intake import take_events
from ac_pipeline.sync.plan import Plan, PlannedDeclaration
from ac_pipeline.sync.progress import Refreshing
from ac_pipeline.sync.report import Delivery, RunReport
from ac_pipeline.sync.verdicts import Progress, no_progress
from ac_pipeline.warehouse import dialect_of, extract

logger = logging.getLogger(__name__)

# To look through all that Dagster and dlt made once more takes a fifth of a second, of a process that ends anyway.
atexit.register(gc.disable)

P = ParamSpec("P")
T = TypeVar("T")


def _step(method: Callable[Concatenate[Session, P], T]) -> Callable[Concatenate[Session, P], T]:
    """Note on the session that a step raised: Dagster closes it in order all the same."""

    @wraps(method)
    def noted(self: Session, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            self.failed = True
            raise

    return noted


@dataclass(slots=True)
class Session:
    """A run that holds the store. Steps are called in order: extract, snapshot, deliver."""

    settings: Settings
    store: Store
    declarations: Declarations
    ids: dict[str, int]
    clock: Clock
    started: float = field(default_factory=time.monotonic)
    snapshots: list[WindowSnapshot] = field(default_factory=list)
    approved: dict[str, Step] = field(default_factory=dict)
    delivery: Delivery = field(default_factory=Delivery)
    publishes: bool = True
    """Whether the published copy is renewed."""
    failed: bool = False
    """Whether a step raised."""
    past: bool = False
    """Whether a backfill computed a window that is over for longer than the newest one."""
    taken_in: dict[str, TakenIn] = field(default_factory=dict)
    """What was read of each stream of events."""
    _extractions: dict[Window, Extraction] = field(default_factory=dict)

    @_step
    def extract(
        self,
        window: Window,
        selected: frozenset[str] | None = None,
        progress: Callable[[Extracted], None] = lambda _: None,
    ) -> Extraction:
        """Read the declarations of a window (`selected` keys, or all) from the warehouse.

        A declaration that describes now is read only for the newest complete window.
        Raises WarehouseError, or UnknownName for a window that is not over.
        """
        now = self.clock()
        if window.end > now:
            raise UnknownName(
                f"The window {window.key} ends at {window.end:%Y-%m-%d %H:%M} UTC, which is in the future.",
                "Choose a window that is over.",
            )
        wanted = tuple(d for d in self.declarations.all if selected is None or d.key in selected)
        self._extractions[window] = extract(
            self.settings.warehouse(),
            wanted,
            as_of=window.as_of,
            is_now=window == window_ending_by(self.settings.sync_cron, now),
            folder=self.store.work / f"{window.end:%Y%m%dT%H%M%S}",
            timeout=self.settings.warehouse_timeout,
            progress=progress,
        )
        return self._extractions[window]

    @_step
    def snapshot(self, window: Window, *, backfill: bool = False) -> WindowSnapshot:
        """Write the window's extraction into history; the newest window also passes the guard.

        A backfill makes past windows history only, in a new home as well, where nothing newer was computed.
        Raises Inconsistent when the window was not extracted in this run: results of earlier runs are never taken up.
        """
        extraction = self._extractions.get(window)
        if extraction is None:
            raise Inconsistent(
                f"The window {window.key} was not extracted in this run, so there is nothing to take a snapshot of.",
                "Select the audiences and traits together with the snapshot.",
            )
        taken = take_snapshot(self.store, window, extraction, self.ids)
        if taken.newest and backfill and window != window_ending_by(self.settings.sync_cron, self.clock()):
            taken, self.past = replace(taken, newest=False), True
        self.snapshots.append(taken)
        if taken.newest:
            self.approved = judge(self.store, self.declarations, self.ids, taken)
        else:
            logger.info("window %s is older than the newest one: history only", window.key)
        if self.publishes:
            publish(self.store)  # people need not wait for a long delivery to see it
        return taken

    @_step
    def take_events(self, window: Window, selected: frozenset[str] | None = None) -> tuple[TakenIn, ...]:
        """Read what is new in the streams of events (`selected` keys, or all) up to the end of a window.

        To be called for the newest window only: how far a stream was read never goes back. Delivery calls it for
        what was not read before. Raises WarehouseError.
        """
        taken = take_events(self.store, self.settings, self.declarations, window, selected)
        self.taken_in.update({one.key: one for one in taken})
        return taken

    def _take_the_rest(self) -> None:
        newest = [snapshot.window for snapshot in self.snapshots if snapshot.newest]
        left = frozenset(stream.key for stream in self.declarations.events) - self.taken_in.keys()
        if newest and left:
            self.take_events(max(newest), left)

    @_step
    def plan(self) -> Plan:
        """Return what `deliver` would do now. No request is made.

        Raises SettingsError or WrongAccount.
        """
        if (skipped := self._skipped_delivery()) is not None:
            return Plan(declarations=self._moves(), skipped=skipped.skipped)
        from ac_pipeline.sync.event_plan import with_events
        from ac_pipeline.sync.planning import plan_pending  # the HTTP client is needed only here

        self._take_the_rest()
        budget = delivery_budget(self.settings, self.clock())
        plan = plan_pending(self.store, self.settings, self.declarations, budget=budget).plan
        plan = with_events(self.store, self.settings, self.declarations, plan)
        return replace(plan, declarations=self._moves())

    @_step
    def deliver(self, progress: Progress = no_progress, *, now_and_then: Progress = no_progress) -> Delivery:
        """Tell ActiveCampaign what changed, unless this run computed only older windows.

        `progress` is told of each contact; `now_and_then` when the published copy was renewed meanwhile.

        Raises SettingsError, WrongAccount, OwnerMustAct, ServiceUnavailable or Inconsistent; whatever
        was answered before is recorded.
        """
        if (skipped := self._skipped_delivery()) is not None:
            self.delivery = skipped
            return self.delivery
        from ac_pipeline.sync.destination import deliver_pending  # the HTTP client is needed only here

        try:
            self._take_the_rest()
            budget = delivery_budget(self.settings, self.clock())
            told = Refreshing(self.store, each=progress, now_and_then=now_and_then)
            self.delivery = deliver_pending(self.store, self.settings, self.declarations, told, budget=budget)
        except BaseException:
            self.delivery = Delivery.of_outcomes(outcomes_of_run(self.store))
            raise
        if self.delivery.plan is not None:
            plan = replace(self.delivery.plan, declarations=self._moves())
            self.delivery = replace(self.delivery, plan=plan)
        return self.delivery

    def _skipped_delivery(self) -> Delivery | None:
        """Return a delivery of nothing when only older windows were computed."""
        if not self.snapshots or any(snapshot.newest for snapshot in self.snapshots):
            return None
        if self.past:
            return Delivery(skipped="these are past windows, computed for history; only the newest is delivered")
        newest = newest_computed(self.store)
        reason = f"the window that ends {newest:%Y-%m-%d %H:%M} UTC was computed before; only the newest is delivered"
        by_the_clock = window_ending_by(self.settings.sync_cron, self.clock())
        blocked = any(snapshot.window == by_the_clock for snapshot in self.snapshots)
        return Delivery(skipped=reason, blocked=blocked)

    def _moves(self) -> tuple[PlannedDeclaration, ...]:
        """Return how each audience and trait changes by what this run approved, and what the guard holds."""
        held = {one.key: one.reason for one in desired.held_now(self.store)}
        moves = []
        for declaration in self.declarations.all:
            key, kind = declaration.key, declaration.kind.value
            step = self.approved.get(key)
            if key in held:
                moves.append(PlannedDeclaration(key, kind, 0, 0, 0, held[key]))
            elif declaration.kind is Kind.CONTACTS:
                continue
            elif step is None:
                moves.append(PlannedDeclaration(key, kind, None, None, None))
            else:
                moves.append(PlannedDeclaration(key, kind, step.entries, step.exits, step.changed))
        return tuple(moves)

    def report(self) -> RunReport:
        """Return what the run did so far."""
        failed = tuple(
            (result.declaration.key, result.failure)
            for extraction in self._extractions.values()
            for result in extraction.failed
        )
        unusable = tuple(
            (key, reason)
            for snapshot in self.snapshots
            for key, reason in snapshot.missing
            if key not in dict(failed) and not self._skipped(snapshot.window, key)
        )
        seconds = time.monotonic() - self.started
        held = desired.held_now(self.store)
        unread = tuple((one.key, one.failure) for one in self.taken_in.values() if one.failure)
        audiences = [self.approved[d.key] for d in self.declarations.audiences if d.key in self.approved]
        return RunReport(
            tuple(self.snapshots),
            entered=sum(step.entries for step in audiences),
            exited=sum(step.exits for step in audiences),
            held=held,
            failed=(*failed, *unusable, *unread),
            delivery=self.delivery,
            seconds=seconds,
        )

    def _skipped(self, window: Window, key: str) -> bool:
        results = self._extractions[window].results
        return any(result.skipped for result in results if result.declaration.key == key)


@contextmanager
def open_session(
    settings: Settings, *, kind: str, run_id: str, clock: Clock = utc_now, publishes: bool = True
) -> Iterator[Session]:
    """Check declarations and settings, hold the store, and record the run; publish at the end.

    The published copy is renewed however the run ends, unless `publishes` is off. Raises DeclarationsError,
    SettingsError, StoreBusy.
    """
    declarations = require_declarations(settings.ac_pipeline_assets, _dialect(settings))
    home = Home.at(settings.ac_pipeline_home)
    wait, memory = settings.ac_pipeline_lock_wait, settings.store_memory
    with open_store(home, kind=kind, run_id=run_id, wait=wait, clock=clock, memory=memory) as store:
        recover(store)
        recover_events(store)
        ids = register(store, declarations)
        register_streams(store, declarations)
        session = Session(settings, store, declarations, ids, clock, publishes=publishes)
        try:
            yield session
            report = session.report()
            ended = "failed" if session.failed else "attention" if report.needs_attention else "succeeded"
            store.finish_run(ended, report.summary())
            if publishes:
                forget_old(store, settings.history_retention)
        except BaseException:
            store.finish_run("failed", session.report().summary())
            raise
        finally:
            if publishes:
                publish(store)


def _dialect(settings: Settings) -> str:
    return dialect_of(settings.warehouse_url) if settings.warehouse_url else "duckdb"
