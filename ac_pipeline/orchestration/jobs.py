"""The jobs that run by themselves: the sync, and delivery alone."""

from __future__ import annotations

import dagster as dg

from ac_pipeline.orchestration.names import ACTIVECAMPAIGN, DELIVER, JOB


def sync_job(selection: dg.AssetSelection) -> dg.UnresolvedAssetJobDefinition:
    """Return the job: dbt, audiences and traits, snapshot, changes, ActiveCampaign, for one window."""
    return dg.define_asset_job(
        JOB,
        selection=selection,
        description="Brings ActiveCampaign up to date with one window of the warehouse. A range of windows, or a "
        "backfill, recomputes history in one run, and sends nothing unless the newest window is in it.",
    )


def deliver_job() -> dg.UnresolvedAssetJobDefinition:
    """Return the job that delivers what waits, without reading the warehouse."""
    return dg.define_asset_job(
        DELIVER,
        selection=dg.AssetSelection.assets(ACTIVECAMPAIGN),
        description="Tells ActiveCampaign what still waits to be told, without reading the warehouse.",
    )
