"""Deliver what is pending: the account, its custom fields, the outbox, until nothing more can be sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from ac_pipeline.activecampaign import ActiveCampaign, connect
from ac_pipeline.activecampaign.address import parse_address
from ac_pipeline.activecampaign.pages import PAGE
from ac_pipeline.model.declaration import Declarations
from ac_pipeline.model.delivery import Outcome
from ac_pipeline.settings import Settings
from ac_pipeline.store.account import bind_account
from ac_pipeline.store.batches import oldest_queued
from ac_pipeline.store.ledger import fold, opt_outs_of_run, outcomes_of_run
from ac_pipeline.store.naming import count_unnamed
from ac_pipeline.store.outbox import (
    Planned,
    fill_outbox,
    require_catalog,
    resolve_existence,
    unnamed,
    unresolved_addresses,
)
from ac_pipeline.store.store import Store
from ac_pipeline.sync.bulk import ImportWaits, resolve_batches
from ac_pipeline.sync.current import CurrentPlan
from ac_pipeline.sync.deliver import deliver_outbox
from ac_pipeline.sync.event_access import tracking_access
from ac_pipeline.sync.event_plan import with_events
from ac_pipeline.sync.events import Events
from ac_pipeline.sync.identity import resolve_conflicts
from ac_pipeline.sync.naming import name_imported
from ac_pipeline.sync.planning import plan_pending
from ac_pipeline.sync.preparation import prepare, prepare_names
from ac_pipeline.sync.report import Delivery
from ac_pipeline.sync.verdicts import Progress, Verdicts

logger = logging.getLogger(__name__)

PASSES = 4
"""A renamed contact frees its address for another one, or finds it taken; one that had been deleted over there and is
made again has to be told the rest of what it was; who was created may be told an explicit `false`. These are sent in
the pass after."""


def deliver_pending(
    store: Store, settings: Settings, declarations: Declarations, progress: Progress, *, budget: float | None = None
) -> Delivery:
    """Send everything that is due, for `budget` seconds at most. Without anything due no request is made.

    Raises SettingsError, WrongAccount, OwnerMustAct, ServiceUnavailable or Inconsistent.
    """
    begun = time.monotonic()
    url, key = settings.account()
    ahead = plan_pending(store, settings, declarations, budget=budget)
    plan = with_events(store, settings, declarations, ahead.plan)
    events = Events(store, settings, declarations)
    if not plan.requests:
        unsent = events.without_requests(plan.events.blocked)
        return Delivery(withheld=plan.withheld, seconds=time.monotonic() - begun, plan=plan, events=unsent)
    real_account = not parse_address(url).loopback
    limit = settings.activecampaign_import_limit
    fill = partial(fill_outbox, destination=declarations.destination, real_account=real_account, import_limit=limit)
    current = CurrentPlan(store, fill, ahead.planned)
    current.learn("opt-outs that were taken for read", ahead.assumed)
    waits = ImportWaits(first=settings.activecampaign_import_wait, lost=limit)

    verdicts = Verdicts(progress=progress, deadline=None if budget is None else begun + budget)
    send = partial(
        deliver_outbox,
        waits=waits,
        exclude_automations=settings.exclude_automations,
    )

    async def run() -> tuple[Planned, Mapping[str, int], int]:
        rate, share = settings.activecampaign_rate, settings.activecampaign_rate_share
        async with connect(url, key, tracking=tracking_access(settings)[0], rate=rate, share=share) as client:
            await client.me()
            bind_account(store, await client.account())
            await events.look(client)
            planned = Planned(0, 0)
            if ahead.plan.requests:
                await _settle_imports(store, client, verdicts, waits, current)
                await prepare(store, client, declarations, current)
                planned = await _passes(store, client, current, send, verdicts)
            await events.deliver(client, verdicts)
            return planned, client.requests, client.directory_requests

    planned, requests, directory_requests = asyncio.run(run())
    outcomes = outcomes_of_run(store)
    logger.info("delivered: %s", ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()) or "nothing")
    return replace(
        Delivery.of_outcomes(outcomes),
        planned=planned.contacts,
        created=planned.creates,
        withheld=planned.withheld,
        opted_out=opt_outs_of_run(store),
        requests=dict(requests),
        directory_requests=directory_requests,
        seconds=time.monotonic() - begun,
        plan=plan,
        events=events.report(),
    )


async def _settle_imports(
    store: Store, client: ActiveCampaign, verdicts: Verdicts, waits: ImportWaits, current: CurrentPlan
) -> None:
    """Ask about imports that an earlier run queued, before anything else is said of their contacts."""
    if oldest_queued(store) is None:
        return
    try:
        await resolve_batches(store, client, verdicts, waits)
    finally:
        fold(store)
    current.learn("what became of earlier imports", 1)
    current.reconcile()
    if verdicts.stop is not None:
        raise verdicts.stop


async def _passes(
    store: Store,
    client: ActiveCampaign,
    current: CurrentPlan,
    send: Callable[..., Awaitable[None]],
    verdicts: Verdicts,
) -> Planned:
    """Plan and send until another pass could not send more; return the plans added up."""
    contacts = creates = 0
    withheld: Mapping[str, int] = {}
    for _ in range(PASSES):
        planned = current.planned()
        planned = await _resolve_existence(store, client, current, verdicts) or planned
        if unnamed(store):
            # Somebody who has to be told everything again may need a tag or list that nobody else does.
            await prepare_names(store, client, current)
            planned = current.planned()
        require_catalog(store)
        contacts, creates, withheld = contacts + planned.contacts, creates + planned.creates, planned.withheld
        verdicts.total, unknown = verdicts.total + planned.contacts, verdicts.tally[Outcome.UNKNOWN]
        try:
            await send(store, client, verdicts)
        finally:
            doubted = fold(store)
        if verdicts.stop is not None:
            raise verdicts.stop
        settled = await resolve_conflicts(store, client)
        unsure = doubted or settled or verdicts.tally[Outcome.UNKNOWN] > unknown
        again = unsure or planned.creates or planned.left_over or "address_in_use" in withheld
        if not planned.contacts or not again or not verdicts.go_on:
            break
        current.learn("answers", planned.contacts)
    return Planned(contacts, creates, withheld)


async def _resolve_existence(
    store: Store, client: ActiveCampaign, current: CurrentPlan, verdicts: Verdicts
) -> Planned | None:
    """Look for those of whom nobody knows whether they became contacts; return the plan if that changed it.

    What imports of earlier runs left unread comes first, where it is quicker: a page tells of a hundred contacts, a
    look for an address of one.
    """
    unresolved, unread = unresolved_addresses(store), count_unnamed(store)
    if not unresolved:
        return None
    if 0 < unread < PAGE * len(unresolved):
        await name_imported(store, client, verdicts)
        current.learn("whose contacts imports made", unread)
        current.planned()
        unresolved = unresolved_addresses(store)
    for contact_id, email in unresolved:
        resolve_existence(store, contact_id, email, await client.find_contact(email))
    current.learn("who exists", len(unresolved))
    return current.planned()
