"""ActiveCampaign as an asset: what a delivery did, in numbers that become plots, and a picture of the last windows."""

from collections.abc import Iterator

import dagster as dg

from ac_pipeline.model.declaration import Declarations
from ac_pipeline.model.events import EventState
from ac_pipeline.model.window import window_ending_by
from ac_pipeline.orchestration.checks import check_delivery, delivery_specs
from ac_pipeline.orchestration.columns import destination_columns
from ac_pipeline.orchestration.declared import COLUMNS
from ac_pipeline.orchestration.markdown import svg_image
from ac_pipeline.orchestration.names import ACTIVECAMPAIGN, CHANGES, SYNC_GROUP, stream_key
from ac_pipeline.orchestration.picture import draw
from ac_pipeline.orchestration.session import told_plainly
from ac_pipeline.orchestration.windows import Metadata
from ac_pipeline.settings import Settings
from ac_pipeline.store.store import naive
from ac_pipeline.sync.health import hours, read_health
from ac_pipeline.sync.report import Delivery
from ac_pipeline.sync.savings import by_single_calls
from ac_pipeline.sync.session import Session
from ac_pipeline.sync.trends import read_trends
from ac_pipeline.sync.verdicts import Standing


def delivery_asset(settings: Settings, declarations: Declarations) -> dg.AssetsDefinition:
    """Return the asset at the end of the chain. It has no windows: only the newest is ever delivered."""
    before = (CHANGES, *(stream_key(stream) for stream in declarations.events))

    @dg.asset(
        key=ACTIVECAMPAIGN,
        # Only the newest window is looked at, of the thousands there may be.
        deps=[dg.AssetDep(key, partition_mapping=dg.LastPartitionMapping()) for key in before],
        group_name=SYNC_GROUP,
        kinds={"activecampaign"},
        metadata={COLUMNS: destination_columns(declarations)},
        check_specs=delivery_specs(),
        description="Contacts in ActiveCampaign, told what changed. Only the newest window is ever delivered.",
        required_resource_keys={"session"},
    )
    def activecampaign(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        session: Session = context.resources.session
        with told_plainly():
            delivery = session.deliver(now_and_then=lambda standing: context.log.info(_said(standing)))
        session.store.note_run(session.report().summary())
        yield dg.MaterializeResult(
            metadata={**_numbers(session, delivery), **_picture(session, settings)},
            check_results=check_delivery(session, settings),
        )

    return activecampaign


def _numbers(session: Session, delivery: Delivery) -> Metadata:
    store = session.store
    health, now = read_health(store.connection), naive(session.clock())
    requests = delivery.total_requests + delivery.directory_requests
    singly = by_single_calls(store) if delivery.acknowledged else 0
    metadata: Metadata = {
        "planned": delivery.planned,
        "created": delivery.created,
        "acknowledged": delivery.acknowledged,
        "rejected": delivery.rejected,
        "unknown": delivery.unknown,
        "pending": health.pending,
        "oldest pending hours": hours(health.waited(now)),
        "held": len(health.held),
        "requests": delivery.total_requests,
        "requests to read contacts": delivery.directory_requests,
        "requests saved": max(0, singly - requests),
        "seconds": round(delivery.seconds, 2),
        **{f"withheld: {reason}": count for reason, count in delivery.withheld.items()},
        **_events(delivery),
    }
    if delivery.skipped:
        metadata["nothing sent"] = delivery.skipped
    return metadata


def _events(delivery: Delivery) -> Metadata:
    """Count events by state; nothing where there never was one."""
    report = delivery.events
    counts: Metadata = {f"events {state.value}": report.of(state) for state in EventState} if report.counts else {}
    return counts | ({"events not sent": "; ".join(report.blocked)} if report.blocked else {})


def _picture(session: Session, settings: Settings) -> Metadata:
    """Return sizes, churn and requests of the last windows as an image."""
    trends = read_trends(session.store.connection)
    window = window_ending_by(settings.sync_cron, session.clock())
    seconds = (window.end - window.start).total_seconds()
    allowed = int(settings.activecampaign_rate * settings.activecampaign_rate_share * seconds)
    about = f"Sizes, churn and requests of the last {len(trends.windows)} windows"
    return {"last windows": dg.MetadataValue.md(svg_image(draw(trends, allowed), about))} if trends.windows else {}


def _said(standing: Standing) -> str:
    """Say how far a delivery is; Dagster shows it at once."""
    return (
        f"{standing.done:,} of {standing.total:,} {standing.what}: {standing.acknowledged:,} acknowledged, "
        f"{standing.rejected:,} refused, {standing.unknown:,} without a certain answer"
    )
