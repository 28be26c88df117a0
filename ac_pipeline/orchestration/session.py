"""The run's session as a resource: the store is held from before the first step until after the last."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from ac_pipeline.errors import PipelineError
from ac_pipeline.orchestration.names import WITHOUT_WINDOW
from ac_pipeline.orchestration.windows import PARTITION_TAGS
from ac_pipeline.settings import Settings
from ac_pipeline.store.store import Clock
from ac_pipeline.sync.session import Session, open_session


def session_resource(settings: Settings, clock: Clock, windowed: frozenset[dg.AssetKey]) -> dg.ResourceDefinition:
    """Return the resource. `windowed` are the assets that need a window to be chosen.

    All steps of a run share it, because they run in one process.
    """

    @dg.resource(description="Holds the store of the home for the whole run.")
    def session(context: dg.InitResourceContext) -> Iterator[Session]:
        run = context.run
        if run is not None and _needs_window(run, windowed) and not any(tag in run.tags for tag in PARTITION_TAGS):
            raise dg.Failure(
                "This run was given no window. Choose a partition (the newest one for an ordinary sync), then launch."
            )
        run_id = run.run_id if run is not None else str(uuid.uuid4())
        kind = run.job_name if run is not None and run.job_name in WITHOUT_WINDOW else "dagster"
        with told_plainly(), open_session(settings, kind=kind, run_id=run_id, clock=clock) as opened:
            yield opened

    return session


def _needs_window(run: dg.DagsterRun, windowed: frozenset[dg.AssetKey]) -> bool:
    """Say whether it computes windows. Without any selection a job runs all of its assets; checks alone need none."""
    if run.job_name in WITHOUT_WINDOW:
        return False
    if run.asset_selection:
        return bool(windowed & run.asset_selection)
    return not run.asset_check_selection


@contextmanager
def told_plainly(session: Session | None = None) -> Iterator[None]:
    """Let Dagster show what a person can do, not where in the code it was noticed; the run's record says failed."""
    try:
        yield
    except PipelineError as error:
        if session is not None:
            session.failed = True
        raise dg.Failure(str(error), allow_retries=False) from None
