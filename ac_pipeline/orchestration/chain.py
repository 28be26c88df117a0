"""Snapshot and changes as assets: the window's result, and how it differs from the one before."""

from collections import Counter
from collections.abc import Iterator, Sequence

import dagster as dg

from ac_pipeline.orchestration.checks import check_snapshot, snapshot_specs
from ac_pipeline.orchestration.columns import CHANGE_COLUMNS, SNAPSHOT_COLUMNS
from ac_pipeline.orchestration.declared import COLUMNS
from ac_pipeline.orchestration.names import CHANGES, SNAPSHOT, SYNC_GROUP
from ac_pipeline.orchestration.session import told_plainly
from ac_pipeline.orchestration.windows import Metadata, is_backfill, windows_of
from ac_pipeline.settings import Settings
from ac_pipeline.store.snapshots import Snapshot, WindowSnapshot
from ac_pipeline.sync.session import Session


def chain_assets(
    settings: Settings, partitions: dg.TimeWindowPartitionsDefinition, declared: Sequence[dg.AssetKey]
) -> list[dg.AssetsDefinition]:
    """Return the two assets between the declared ones and ActiveCampaign."""

    @dg.asset(
        key=SNAPSHOT,
        deps=declared,
        partitions_def=partitions,
        group_name=SYNC_GROUP,
        kinds={"duckdb"},
        metadata={COLUMNS: SNAPSHOT_COLUMNS},
        check_specs=snapshot_specs(),
        description="The immutable result of all declarations for one window, kept in DuckDB.",
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"session"},
    )
    def snapshot(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        session: Session = context.resources.session
        backfill = is_backfill(context)
        with told_plainly():
            taken = [session.snapshot(window, backfill=backfill) for window in windows_of(context, settings)]
        metadata: Metadata = {
            "windows": len(taken),
            "held": len(session.report().held),
            "members": _total(taken[-1], "contacts"),
            **_counts(taken[-1], "contacts"),
            **_missing(taken),
        }
        metadata.update({f"rows not used, {what}": count for what, count in taken[-1].problems.items()})
        yield dg.MaterializeResult(metadata=metadata, check_results=check_snapshot(session, settings))

    @dg.asset(
        key=CHANGES,
        deps=[SNAPSHOT],
        partitions_def=partitions,
        group_name=SYNC_GROUP,
        kinds={"duckdb"},
        metadata={COLUMNS: CHANGE_COLUMNS},
        description="What changed since the computed window before: who entered, who exited, which values changed.",
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"session"},
    )
    def changes(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        session: Session = context.resources.session
        windows = set(windows_of(context, settings))
        taken = [snapshot for snapshot in session.snapshots if snapshot.window in windows]
        if not taken:
            raise dg.Failure("No snapshot was taken in this run. Select the snapshot together with the changes.")
        newest = max(taken, key=lambda snapshot: snapshot.window)
        totals: Metadata = {what: _total(newest, what) for what in ("entered", "exited", "changed")}
        moved = {**_counts(newest, "entered"), **_counts(newest, "exited"), **_counts(newest, "changed")}
        return dg.MaterializeResult(metadata={**totals, **moved})

    return [snapshot, changes]


def _missing(taken: Sequence[WindowSnapshot]) -> Metadata:
    """Say which declarations are unknown, and of a range, for how many windows."""
    reasons = {key: reason for snapshot in taken for key, reason in snapshot.missing}
    windows = Counter(key for snapshot in taken for key, _ in snapshot.missing)
    many = len(taken) > 1
    return {
        f"{key}: not computed": f"{reason} ({windows[key]} of {len(taken)} windows)" if many else reason
        for key, reason in reasons.items()
    }


def _total(taken: WindowSnapshot, what: str) -> int:
    """Add up over all audiences; of traits only values can change."""
    return sum(getattr(one, what) for one in _shown(taken, what))


def _counts(taken: WindowSnapshot, what: str) -> Metadata:
    """Return one number for each audience, and for traits where they can change."""
    label = {"contacts": "members"}.get(what, what)
    return {f"{one.key}: {label}": getattr(one, what) for one in _shown(taken, what)}


def _shown(taken: WindowSnapshot, what: str) -> list[Snapshot]:
    kind = "trait" if what == "changed" else "audience"
    return [one for one in taken.snapshots if one.kind == kind]
