"""Names of assets, jobs and groups: people build on them, so they stay."""

from __future__ import annotations

import dagster as dg

from ac_pipeline.model.declaration import Declaration, Kind
from ac_pipeline.model.events import EventStream

SNAPSHOT = dg.AssetKey(["snapshot"])
CHANGES = dg.AssetKey(["changes"])
ACTIVECAMPAIGN = dg.AssetKey(["activecampaign"])
GROUPS = {Kind.CONTACTS: "contacts", Kind.AUDIENCE: "audiences", Kind.TRAIT: "traits"}
SYNC_GROUP = "sync"

JOB = "sync_audiences"
DELIVER, RESEND, RELEASE, RETRY, RETIRE = "deliver_pending", "resend", "release", "retry", "retire"
WITHOUT_WINDOW = frozenset({DELIVER, RESEND, RELEASE, RETRY, RETIRE})
"""Jobs that compute no window."""


def relation_key(relation: str) -> dg.AssetKey:
    """Return the asset key of a relation of the warehouse that nothing here builds: `warehouse/marts/orders`."""
    return dg.AssetKey(["warehouse", *relation.lower().split(".")])


def declaration_key(declaration: Declaration) -> dg.AssetKey:
    """Return the asset key: `audiences/<key>`, `traits/<key>` or `contacts`."""
    if declaration.kind is Kind.CONTACTS:
        return dg.AssetKey(["contacts"])
    return dg.AssetKey([GROUPS[declaration.kind], declaration.key])


def stream_key(stream: EventStream) -> dg.AssetKey:
    """Return the asset key of a stream of events: `events/<key>`."""
    return dg.AssetKey(["events", stream.key])
