"""Which contacts the account has, and who opted out there: read in pages, resumed where an earlier run stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.activecampaign.directory import START
from ac_pipeline.activecampaign.lists import REASONS
from ac_pipeline.model.contact import ListStatus
from ac_pipeline.store.directory import (
    Reading,
    adopt_by_address,
    finish_reading,
    follow_addresses,
    reading,
    save_contacts,
)
from ac_pipeline.store.opt_outs import begin_opt_outs, gather_opt_outs, replace_opt_outs
from ac_pipeline.store.store import Store, naive

logger = logging.getLogger(__name__)

DIRECTORY, CHANGES = "directory", "directory changes"
"""What a reading is about: all contacts, or those that changed since all were read."""
_LONG_AGO = naive(datetime(1970, 1, 1, tzinfo=UTC))
_OPT_OUTS = (ListStatus.UNSUBSCRIBED, ListStatus.BOUNCED, ListStatus.UNCONFIRMED)


async def read_directory(store: Store, client: ActiveCampaign, learn: Callable[[str, int], None] | None = None) -> int:
    """Read the account's contacts, later only those that changed, and recognise ours among them by their address.

    Returns how many contacts were read; `learn` is told of how many of ours that said something new. Each page is
    durable with its cursor; after a reading that an earlier run began, what changed meanwhile is read too. Raises
    OwnerMustAct or ServiceUnavailable.
    """
    count, resumed = 0, True
    while resumed:
        read, resumed = await _read_on(store, client)
        count += read
    moved, adopted = follow_addresses(store), adopt_by_address(store)
    if learn is not None:
        learn("contacts of the account", moved + adopted)
    logger.info("directory: %d contacts read, %d with another address, %d recognised", count, moved, adopted)
    return count


async def _read_on(store: Store, client: ActiveCampaign) -> tuple[int, bool]:
    """Read to the end; return how many contacts, and whether an earlier run had begun."""
    known = reading(store, DIRECTORY)
    since = known.as_of if known is not None and known.complete else None
    what = DIRECTORY if since is None else CHANGES
    begun = reading(store, what)
    resumed, count = begun is not None, 0
    async for page in client.directory(
        cursor=START if begun is None else begun.cursor,
        updated_after=None if since is None else since.replace(tzinfo=UTC),
    ):
        begun = Reading(page.cursor, naive(page.asked_at) if begun is None else begun.as_of, complete=False)
        save_contacts(store, page.contacts, what, begun)
        count += len(page.contacts)
    # Without a page nothing says what time it is over there: the same moment is asked from again.
    as_of = begun.as_of if begun is not None else since or _LONG_AGO
    finish_reading(store, DIRECTORY, CHANGES, Reading(START, as_of, complete=True))
    return count, resumed


async def read_opt_outs(store: Store, client: ActiveCampaign, list_ids: Mapping[int, str]) -> None:
    """Read who unsubscribed from, bounced on or did not confirm these lists: property id → list id.

    What was known of a list is replaced when all of it was read. Raises OwnerMustAct or ServiceUnavailable.
    """
    for property_id, list_id in list_ids.items():
        begin_opt_outs(store)
        for status in _OPT_OUTS:
            async for page in client.directory(on_list=list_id, status=status):
                gather_opt_outs(store, page.contacts, REASONS[status])
        count = replace_opt_outs(store, property_id)
        logger.info("list %s: %d contacts of ours are not to be subscribed", list_id, count)
