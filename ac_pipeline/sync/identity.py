"""Which contact of the account a user is: by the user id it keeps, and when the new address is another contact's."""

from __future__ import annotations

import logging
from collections.abc import Collection

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.store.directory import Reading, reading
from ac_pipeline.store.identity import (
    adopt_users,
    forget_user_ids,
    note_holder,
    refused_renames,
    remote_ids_of_users,
    save_user_ids,
)
from ac_pipeline.store.store import Store

logger = logging.getLogger(__name__)

USER_IDS = "user_id"
"""What the reading is about; its cursor is the field and the offset, `7:200`."""
_BACK = 100
"""Values read again by a later run: some that were deleted meanwhile have moved the others forward."""


async def read_user_ids(store: Store, client: ActiveCampaign, field_id: str) -> None:
    """Read the user ids that contacts of the account keep in a custom field, once per home and field.

    Each page is durable. Raises OwnerMustAct or ServiceUnavailable.
    """
    known = reading(store, USER_IDS)
    field, _, offset = known.cursor.partition(":") if known else (field_id, ":", "0")
    if field != field_id:
        forget_user_ids(store, USER_IDS)
        known, offset = None, "0"
    if known is not None and known.complete:
        return
    as_of = store.now() if known is None else known.as_of
    count, reached = 0, int(offset)
    async for page in client.values_of_field(field_id, offset=max(0, reached - _BACK)):
        count, reached = count + len(page.values), page.offset
        save_user_ids(store, page.values, USER_IDS, Reading(f"{field_id}:{reached}", as_of, complete=False))
    save_user_ids(store, (), USER_IDS, Reading(f"{field_id}:{reached}", as_of, complete=True))
    logger.info("%d user ids read", count)


def no_user_ids_yet(store: Store, field_id: str) -> None:
    """Note that a custom field was made just now: nobody's user id needs to be read from it."""
    save_user_ids(store, (), USER_IDS, Reading(f"{field_id}:0", store.now(), complete=True))


async def adopt_by_user_id(store: Store, client: ActiveCampaign, contact_ids: Collection[int]) -> int:
    """Recognise those of these contacts of ours whose user id a contact of the account keeps; return how many.

    One whose address differs is then renamed by the plan. Raises OwnerMustAct or ServiceUnavailable.
    """
    remote_ids = remote_ids_of_users(store, contact_ids)
    if not remote_ids:
        return 0
    there = [contact async for contact in client.contacts(remote_ids)]
    adopted, ambiguous = adopt_users(store, contact_ids, there)
    logger.info("%d contacts recognised by their user id; for %d there were several", adopted, ambiguous)
    return adopted


async def resolve_conflicts(store: Store, client: ActiveCampaign) -> int:
    """Settle renames that were refused because a contact of the account has the address; return how many are due again.

    The rule: the contact that has the address is the user's, because the address is the contact key. The one the
    user had is left behind as a former contact, which is told its exits. To be called when outcomes are folded; the
    next reconcile acts upon it. Raises OwnerMustAct or ServiceUnavailable.
    """
    settled = conflicts = 0
    for refused in refused_renames(store):
        holder = await client.contact_of(refused.email)
        # Nobody has it: the refusal stands until the desired state changes or somebody asks for another try.
        if holder is not None:
            conflicts += note_holder(store, refused, holder.id)
            settled += 1
    if settled:
        logger.warning("%d addresses belonged to other contacts, %d of them unknown before", settled, conflicts)
    return settled
