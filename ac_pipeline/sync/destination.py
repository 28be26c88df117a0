"""Deliver what is pending: the account, its custom fields, the outbox, until nothing more can be sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from ac_pipeline.activecampaign import ActiveCampaign, connect
from ac_pipeline.activecampaign.address import parse_address
from ac_pipeline.model.declaration import CreateContacts, Declarations
from ac_pipeline.model.delivery import Outcome
from ac_pipeline.settings import Settings
from ac_pipeline.store.account import bind_account, require_host, save_fields
from ac_pipeline.store.ledger import fold, outcomes_of_run
from ac_pipeline.store.outbox import (
    Planned,
    fill_outbox,
    reconcile,
    require_fields,
    resolve_existence,
    unresolved_addresses,
)
from ac_pipeline.store.store import Store
from ac_pipeline.sync.deliver import Progress, deliver_outbox
from ac_pipeline.sync.fields import ensure_fields
from ac_pipeline.sync.report import Delivery

logger = logging.getLogger(__name__)

PASSES = 3
"""A renamed contact frees its address for another one; one that had been deleted over there and is made again
has to be told the rest of what it was. Both are sent in the pass after."""


def deliver_pending(store: Store, settings: Settings, declarations: Declarations, progress: Progress) -> Delivery:
    """Send everything that is due. Without anything due no request is made.

    Raises SettingsError, WrongAccount, OwnerMustAct, ServiceUnavailable or Inconsistent.
    """
    begun = time.monotonic()
    url, key = settings.account()
    address = parse_address(url)
    require_host(store, address.host)
    with_name = declarations.destination.create_contacts is CreateContacts.WITH_NAME
    fill = partial(fill_outbox, with_name=with_name, real_account=not address.loopback)
    reconcile(store)
    planned = fill(store)
    if planned.contacts == 0 and "may_not_exist" not in planned.withheld:
        return Delivery(withheld=planned.withheld, seconds=time.monotonic() - begun)

    async def run() -> tuple[Planned, Mapping[str, int]]:
        async with connect(
            url, key, rate=settings.activecampaign_rate, share=settings.activecampaign_rate_share
        ) as client:
            await client.me()
            bind_account(store, await client.account())
            save_fields(store, await ensure_fields(client, declarations))
            return await _passes(store, client, fill, progress), client.requests

    planned, requests = asyncio.run(run())
    outcomes = outcomes_of_run(store)
    logger.info("delivered: %s", ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()) or "nothing")
    return replace(
        Delivery.of_outcomes(outcomes),
        planned=planned.contacts,
        created=planned.creates,
        withheld=planned.withheld,
        requests=dict(requests),
        seconds=time.monotonic() - begun,
    )


async def _passes(
    store: Store, client: ActiveCampaign, fill: Callable[[Store], Planned], progress: Progress
) -> Planned:
    """Plan and send until another pass could not send more; return the plans added up."""
    contacts = creates = 0
    withheld: Mapping[str, int] = {}
    for _ in range(PASSES):
        for contact_id, email in unresolved_addresses(store):
            resolve_existence(store, contact_id, email, await client.find_contact(email))
        reconcile(store)
        planned = fill(store)
        require_fields(store)
        contacts, creates, withheld = contacts + planned.contacts, creates + planned.creates, planned.withheld
        try:
            answered = await deliver_outbox(
                store, client, total=planned.contacts, in_flight=client.in_flight, progress=progress
            )
        finally:
            doubted = fold(store)
        if not answered[Outcome.ACKNOWLEDGED] or not (doubted or "address_in_use" in withheld):
            break
    return Planned(contacts, creates, withheld)
