"""What must be known of the account, or be there, before the first contact is sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.errors import OwnerMustAct
from ac_pipeline.model.account import Field
from ac_pipeline.model.declaration import Declarations, ValueType
from ac_pipeline.model.properties import USER_ID
from ac_pipeline.store.account import save_catalog
from ac_pipeline.store.ledger import refuse_pending
from ac_pipeline.store.opt_outs import refuse_opted_out
from ac_pipeline.store.store import Store
from ac_pipeline.store.wanted import (
    has_user_ids,
    many_subscriptions,
    people_to_create,
    wanted_choices,
    wanted_lists,
    wanted_tags,
)
from ac_pipeline.sync.current import CurrentPlan
from ac_pipeline.sync.directory import read_directory, read_opt_outs
from ac_pipeline.sync.fields import ensure_fields, ensure_options
from ac_pipeline.sync.identity import adopt_by_user_id, no_user_ids_yet, read_user_ids
from ac_pipeline.sync.names import ensure_tags, find_lists

logger = logging.getLogger(__name__)

MOST_NEW_OPTIONS = 100
"""More unknown choices than that at once are no choices but free text."""
_CHOICES = frozenset({"dropdown", "radio", "listbox", "checkbox"})


async def prepare(store: Store, client: ActiveCampaign, declarations: Declarations, current: CurrentPlan) -> None:
    """Find or create fields, tags and lists, and recognise contacts the account already has; `current` learns of it.

    Raises OwnerMustAct or ServiceUnavailable before any contact is changed. What concerns single contacts only (a list
    the account does not have, a value that is no option) refuses these values, and the rest goes on.
    """
    fields = await ensure_fields(client, declarations, with_user_id=has_user_ids(store))
    current.learn("custom fields", save_catalog(store, {key: field.id for key, field in fields.by_key.items()}))
    await prepare_names(store, client, current)
    current.learn("values that are no options", await _options(store, client, declarations, fields.by_key))
    if declarations.destination.needs_directory:
        await read_directory(store, client, current.learn)
    await _opt_outs(store, client, declarations.destination.import_from, current)
    if USER_ID in fields.created:
        no_user_ids_yet(store, fields.by_key[USER_ID].id)
    elif USER_ID in fields.by_key and current.planned().creates:
        people = people_to_create(store)
        await read_user_ids(store, client, fields.by_key[USER_ID].id)
        current.learn("contacts known by their user id", await adopt_by_user_id(store, client, people))


async def prepare_names(store: Store, client: ActiveCampaign, current: CurrentPlan) -> None:
    """Find or create the tags, and find the lists, of what is pending. Raises OwnerMustAct or ServiceUnavailable."""
    # Lists are only read: what is wrong with them is found before any tag is created.
    lists = await _lists(store, client, current)
    tags = wanted_tags(store)
    found = {**lists, **await ensure_tags(client, tags.names, create=tags.needed)}
    current.learn("tags and lists", save_catalog(store, found))


async def _opt_outs(store: Store, client: ActiveCampaign, least: int, current: CurrentPlan) -> None:
    """Learn who opted out of lists to which many are to be subscribed: a bulk import cannot look at each of them."""
    lists = many_subscriptions(store, least)
    if lists:
        await read_opt_outs(store, client, lists)
    if count := refuse_opted_out(store, lists):
        logger.info("%d contacts are not subscribed: they opted out or bounced", count)
    # Imports may subscribe to these lists now; until then nobody is subscribed that way.
    current.learn("lists whose opt-outs were read", len(lists))


async def _lists(store: Store, client: ActiveCampaign, current: CurrentPlan) -> Mapping[str, str]:
    """Return the ids of the lists; a list that only data names is refused to those who name it."""
    wanted = wanted_lists(store)
    found = await find_lists(client, wanted.names)
    if declared := [fault for key, fault in found.faults.items() if key in wanted.needed]:
        raise OwnerMustAct(
            f"Lists that audiences name cannot be used: {'; '.join(declared)}. Nothing was sent.",
            "Create the list in ActiveCampaign, or correct membership.list: a name, or the list's id.",
        )
    for key, fault in found.faults.items():
        current.learn("values that name no list", refuse_pending(store, "key = $key", fault, key=key))
    return found.by_key


async def _options(
    store: Store, client: ActiveCampaign, declarations: Declarations, fields: Mapping[str, Field]
) -> int:
    """Create the options that values need, or refuse these values, as each trait says; return how many were refused."""
    refused = 0
    for trait in declarations.traits:
        field = fields.get(trait.key)
        if field is None or field.type not in _CHOICES or trait.value_type is ValueType.BOOLEAN:
            continue
        unknown = [choice for choice in wanted_choices(store, trait.key) if choice not in field.options]
        create = trait.choices.create and declarations.destination.create_fields
        if create and len(unknown) <= MOST_NEW_OPTIONS:
            await ensure_options(client, field, tuple(unknown))
        elif unknown:
            reason = "not one of the field's options"
            if create:
                reason += f", and one of more than {MOST_NEW_OPTIONS} new ones"
            count = refuse_pending(
                store,
                """key = $key and exists (
                    select 1 from (select unnest(string_split(value, '||')) as choice) as chosen
                    where list_contains($unknown, chosen.choice)
                )""",
                reason,
                key=trait.key,
                unknown=unknown,
            )
            refused += count
            logger.warning("%s: %d values are no options of its field", trait.key, count)
    return refused
