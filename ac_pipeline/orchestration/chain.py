"""Snapshot, changes and ActiveCampaign as assets."""

from collections.abc import Iterator, Sequence

import dagster as dg

from ac_pipeline.orchestration.session import told_plainly
from ac_pipeline.orchestration.windows import Metadata, windows_of
from ac_pipeline.settings import Settings
from ac_pipeline.store.snapshots import Snapshot, WindowSnapshot
from ac_pipeline.sync.session import Session
from ac_pipeline.sync.verdicts import Standing

SNAPSHOT = dg.AssetKey(["snapshot"])
CHANGES = dg.AssetKey(["changes"])
ACTIVECAMPAIGN = dg.AssetKey(["activecampaign"])
_GROUP = "sync"


def chain_assets(
    settings: Settings, partitions: dg.TimeWindowPartitionsDefinition, declared: Sequence[dg.AssetKey]
) -> list[dg.AssetsDefinition]:
    """Return the three assets behind the declared ones."""

    @dg.asset(
        key=SNAPSHOT,
        deps=declared,
        partitions_def=partitions,
        group_name=_GROUP,
        kinds={"duckdb"},
        description="The immutable result of all declarations for one window, kept in DuckDB.",
        check_specs=[dg.AssetCheckSpec("nothing_held", asset=SNAPSHOT, description="The guard held no declaration.")],
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"session"},
    )
    def snapshot(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        session: Session = context.resources.session
        with told_plainly():
            taken = [session.snapshot(window) for window in windows_of(context, settings)]
        held = {held.key: held.reason for held in session.report().held}
        check = dg.AssetCheckResult(
            check_name="nothing_held",
            passed=not held,
            metadata={**held, **({"what to do": "ac-pipeline release KEY"} if held else {})},
        )
        metadata: Metadata = {"windows": len(taken), "held": len(held), **_counts(taken[-1], "contacts")}
        for key, reason in taken[-1].missing:
            metadata[f"{key}: not computed"] = reason
        metadata.update({f"rows not used, {what}": count for what, count in taken[-1].problems.items()})
        yield dg.MaterializeResult(metadata=metadata, check_results=[check])

    @dg.asset(
        key=CHANGES,
        deps=[SNAPSHOT],
        partitions_def=partitions,
        group_name=_GROUP,
        kinds={"duckdb"},
        description="What changed since the computed window before: who entered, who exited, which values changed.",
        backfill_policy=dg.BackfillPolicy.single_run(),
        required_resource_keys={"session"},
    )
    def changes(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        session: Session = context.resources.session
        windows = set(windows_of(context, settings))
        newest = max((s for s in session.snapshots if s.window in windows), key=lambda s: s.window)
        moved: Metadata = {**_counts(newest, "entered"), **_counts(newest, "exited"), **_counts(newest, "changed")}
        return dg.MaterializeResult(metadata=moved)

    @dg.asset(
        key=ACTIVECAMPAIGN,
        deps=[CHANGES],
        group_name=_GROUP,
        kinds={"activecampaign"},
        description="Contacts in ActiveCampaign, told what changed. Only the newest window is ever delivered.",
        required_resource_keys={"session"},
    )
    def activecampaign(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        session: Session = context.resources.session
        with told_plainly():
            delivery = session.deliver(now_and_then=lambda standing: context.log.info(_said(standing)))
        metadata: Metadata = {
            "planned": delivery.planned,
            "created": delivery.created,
            "acknowledged": delivery.acknowledged,
            "rejected": delivery.rejected,
            "unknown": delivery.unknown,
            "requests": delivery.total_requests,
            "seconds": round(delivery.seconds, 2),
            **{f"withheld: {reason}": count for reason, count in delivery.withheld.items()},
        }
        if delivery.skipped:
            metadata["nothing sent"] = delivery.skipped
        return dg.MaterializeResult(metadata=metadata)

    return [snapshot, changes, activecampaign]


def _said(standing: Standing) -> str:
    """Say how far a delivery is; Dagster shows it at once."""
    return (
        f"{standing.done:,} of {standing.total:,} contacts: {standing.acknowledged:,} acknowledged, "
        f"{standing.rejected:,} refused, {standing.unknown:,} without a certain answer"
    )


def _counts(taken: WindowSnapshot, what: str) -> Metadata:
    """Return one number for each audience, and for traits where they can change."""
    shown: list[Snapshot] = [
        s for s in taken.snapshots if s.kind == "audience" or (s.kind == "trait" and what == "changed")
    ]
    label = {"contacts": "members"}.get(what, what)
    return {f"{s.key}: {label}": getattr(s, what) for s in shown if what != "changed" or s.kind == "trait"}
