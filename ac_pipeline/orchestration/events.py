"""Streams of events as assets: what is new in them is read once, when the newest window is computed."""

from collections.abc import Iterator

import dagster as dg

from ac_pipeline.model.declaration import Declarations
from ac_pipeline.model.events import EventStream
from ac_pipeline.model.window import Window, window_ending_by
from ac_pipeline.orchestration.checks import extraction_spec
from ac_pipeline.orchestration.columns import owners_of
from ac_pipeline.orchestration.declared import COLUMNS, UpstreamKey
from ac_pipeline.orchestration.markdown import code
from ac_pipeline.orchestration.names import SNAPSHOT, stream_key
from ac_pipeline.orchestration.session import told_plainly
from ac_pipeline.orchestration.windows import Metadata, is_backfill, windows_of
from ac_pipeline.settings import Settings
from ac_pipeline.store.events_incoming import TakenIn
from ac_pipeline.sync.checkup import EXTRACTED
from ac_pipeline.sync.session import Session

_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("event_id", "text", "By it an event is told once; without it all of the row is."),
        dg.TableColumn("user_id or email", "text", "Whose event it is."),
        dg.TableColumn("occurred_at", "timestamp", "When it happened."),
        dg.TableColumn("event, value, url, referrer", "text", "What is told."),
    ]
)


def event_assets(
    declarations: Declarations,
    settings: Settings,
    partitions: dg.TimeWindowPartitionsDefinition,
    upstream: UpstreamKey,
) -> list[dg.AssetsDefinition]:
    """Return the multi-asset that reads the streams, with lineage from the relations they read; none without any."""
    keys = {stream_key(stream): stream for stream in declarations.events}
    if not keys:
        return []

    @dg.multi_asset(
        name="read_events",
        specs=[_spec(stream, partitions, upstream) for stream in declarations.events],
        check_specs=[extraction_spec(key) for key in keys],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"session"},
    )
    def read_events(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        session: Session = context.resources.session
        selected = {key: keys[key] for key in sorted(context.selected_asset_keys)}
        window = _newest(session, context, settings)
        taken: dict[str, TakenIn] = {}
        if window is not None:
            with told_plainly():
                names = frozenset(stream.key for stream in selected.values())
                taken = {one.key: one for one in session.take_events(window, names)}
        checked = {check.asset_key for check in context.selected_asset_check_keys}
        for key, stream in selected.items():
            one = taken.get(stream.key)
            check = dg.AssetCheckResult(check_name=EXTRACTED, asset_key=key, passed=one is None or not one.failure)
            yield dg.MaterializeResult(
                asset_key=key, metadata=_metadata(one), check_results=[check] if key in checked else []
            )

    return [read_events]


def _newest(session: Session, context: dg.AssetExecutionContext, settings: Settings) -> Window | None:
    """Return the window up to which streams are read; None in a run that computes history."""
    if session.snapshots:
        return max((taken.window for taken in session.snapshots if taken.newest), default=None)
    last = windows_of(context, settings)[-1]
    by_the_clock = last == window_ending_by(settings.sync_cron, session.clock())
    return last if by_the_clock and not is_backfill(context) else None


def _metadata(taken: TakenIn | None) -> Metadata:
    if taken is None:
        return {"not read": "this window is history; events are read up to the newest window only"}
    if taken.failure:
        return {"not read": taken.failure, "kept": "the cursor: what is missing is read when it can be"}
    return {"new": taken.new, "dagster/row_count": taken.new, "rejected": taken.rejected}


def _spec(stream: EventStream, partitions: dg.TimeWindowPartitionsDefinition, upstream: UpstreamKey) -> dg.AssetSpec:
    return dg.AssetSpec(
        stream_key(stream),
        deps=[SNAPSHOT, *(upstream(relation) for relation in stream.query.upstream)],
        description=stream.description or stream.key,
        group_name="events",
        kinds={"dlt", "duckdb"},
        owners=owners_of(stream),
        partitions_def=partitions,
        metadata={
            "declared in": stream.path.name,
            "call": stream.call.value,
            "sql": dg.MetadataValue.md(code(stream.query.text, "sql")),
            COLUMNS: _COLUMNS,
        },
    )
