"""What the account must have before an event is sent: tracking switched on, its name or its page's domain known."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from ac_pipeline.calls.connection import Connection
from ac_pipeline.calls.results import Request
from ac_pipeline.errors import OwnerMustAct, SettingsError
from ac_pipeline.model.events import Route
from ac_pipeline.store.called_events import CalledRow
from ac_pipeline.store.events import DOMAIN, EVENT, announce, announced
from ac_pipeline.sync.event_access import WHERE, tracking_access
from ac_pipeline.sync.event_readiness import switched_on

logger = logging.getLogger(__name__)


async def announce_event(
    connection: Connection, route: Route, name: str, row: CalledRow, *, dry_run: bool
) -> tuple[Request, ...]:
    """Register what is not known to be, and return what a dry run would register.

    Raises SettingsError without the credentials of the tracking host, OwnerMustAct where tracking is switched off.
    """
    _, why = tracking_access(connection.settings)
    if why:
        raise SettingsError(f"No events can be sent: {why}.", "Nothing was sent, and nothing is kept.")
    client, store = await connection.client(bind=not dry_run), connection.store
    if not await connection.once(route.value, lambda: switched_on(client, route)):
        what = "Event tracking" if route is Route.EVENT else "Site tracking"
        raise OwnerMustAct(f"{what} is switched off {WHERE}.", "Nothing was sent, and nothing is kept.")
    kind = EVENT if route is Route.EVENT else DOMAIN
    wanted = name if route is Route.EVENT else (urlsplit(row.url or "").hostname or "")
    if not wanted or wanted in announced(store, kind):
        return ()
    if dry_run:
        return (Request("POST /eventTrackingEvents" if route is Route.EVENT else "POST /siteTrackingDomains"),)
    if route is Route.EVENT:
        await client.register_events([wanted])
    elif not await client.register_domain(wanted):
        logger.warning("visits are kept only for domains that a person has added %s", WHERE)
    announce(store, kind, [wanted])
    return ()
