"""What the service answers under /api/3, one module for each kind of object."""

from __future__ import annotations

from ac_pipeline.sandbox.api import (
    contact_parts,
    contact_search,
    contact_sync,
    contacts,
    field_options,
    field_relations,
    field_values,
    fields,
    groups,
    users,
)
from ac_pipeline.sandbox.wire import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = (
    *users.ENDPOINTS,
    *contact_sync.ENDPOINTS,
    *contact_search.ENDPOINTS,
    *contacts.ENDPOINTS,
    *contact_parts.ENDPOINTS,
    *fields.ENDPOINTS,
    *field_options.ENDPOINTS,
    *field_relations.ENDPOINTS,
    *groups.ENDPOINTS,
    *field_values.ENDPOINTS,
)
"""Earlier ones win where two paths match."""
