"""What the service answers under /api/3, one module for each kind of object."""

from __future__ import annotations

from ac_pipeline.sandbox.api import (
    automations,
    bulk_import,
    contact_automations,
    contact_lists,
    contact_parts,
    contact_search,
    contact_sync,
    contact_tags,
    contacts,
    event_tracking,
    exclusions,
    field_options,
    field_relations,
    field_values,
    fields,
    groups,
    linked,
    lists,
    site_tracking,
    tags,
    tracking_logs,
    users,
    webhooks,
)
from ac_pipeline.sandbox.wire import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *users.ENDPOINTS,
    *contact_sync.ENDPOINTS,
    *contact_search.ENDPOINTS,
    *contacts.ENDPOINTS,
    *tracking_logs.ENDPOINTS,
    *contact_automations.ENDPOINTS,
    *contact_parts.ENDPOINTS,
    *fields.ENDPOINTS,
    *field_options.ENDPOINTS,
    *field_relations.ENDPOINTS,
    *groups.ENDPOINTS,
    *field_values.ENDPOINTS,
    *tags.ENDPOINTS,
    *contact_tags.ENDPOINTS,
    *exclusions.ENDPOINTS,
    *lists.ENDPOINTS,
    *contact_lists.ENDPOINTS,
    *bulk_import.ENDPOINTS,
    *automations.ENDPOINTS,
    *event_tracking.ENDPOINTS,
    *site_tracking.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *linked.ENDPOINTS,
)
"""Earlier ones win where two paths match."""
