"""Lists, and who is subscribed to them. Nobody who left a list is subscribed again unless that is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from ac_pipeline.activecampaign.caller import Call, Caller
from ac_pipeline.activecampaign.contact_shapes import SubscriptionsAnswer
from ac_pipeline.activecampaign.contacts import answer_of, unless_gone
from ac_pipeline.activecampaign.pages import pages
from ac_pipeline.activecampaign.shapes import Identified, Page, Text, read
from ac_pipeline.model.contact import ListStatus, MailingList, Subscription
from ac_pipeline.model.delivery import Answer, Outcome

REASONS: Mapping[ListStatus | None, str] = {
    ListStatus.UNSUBSCRIBED: "opted out",
    ListStatus.UNCONFIRMED: "opt-in not confirmed",
    ListStatus.BOUNCED: "bounced",
    None: "unknown list status",
}
"""Why a subscription was not made, by the state the contact is in."""
_RESUBSCRIBING = 4
"""`sourceid` as documented for a subscription after an opt-out (reference, section 9)."""


class _ListObject(Identified):
    name: Text = ""
    channel: Text = ""


class _ListsAnswer(Page):
    lists: tuple[_ListObject, ...]


async def all_lists(caller: Caller) -> list[MailingList]:
    """Return every list the key's user may see, all pages."""
    found: dict[str, MailingList] = {}
    async for page in pages(caller, "lists", _ListsAnswer, lambda page: page.lists):
        for item in page.lists:
            found.setdefault(item.id, MailingList(item.id, item.name, item.channel))
    return list(found.values())


async def subscriptions(caller: Caller, contact_id: str) -> list[Subscription] | None:
    """Return a contact's state on each list it ever was on, None when the contact is gone."""
    path = f"contacts/{quote(contact_id, safe='')}/contactLists"
    call = Call("GET", "/contacts/{id}/contactLists", path, shows=("contactLists",))
    reply = await unless_gone(caller, call)
    if reply is None:
        return None
    return [item.subscription() for item in read(SubscriptionsAnswer, reply, call.endpoint).subscriptions]


async def subscribe(caller: Caller, contact_id: str, list_id: str, *, resubscribe: bool) -> Answer:
    """Subscribe a contact to a list.

    The service would subscribe people again who opted out, and confirm those who did not (reference, section 9).
    Without `resubscribe` the state is read first, one request more, and such a contact is rejected: REASONS.
    Raises OwnerMustAct or ServiceUnavailable when the state cannot be read.
    """
    if resubscribe:
        return await _set(caller, contact_id, list_id, ListStatus.ACTIVE, source=_RESUBSCRIBING)
    known = await subscriptions(caller, contact_id)
    if known is None:
        return Answer(Outcome.REJECTED, 404, "not found")
    state = next((item for item in known if item.list_id == list_id), None)
    if state is not None and state.status is ListStatus.ACTIVE:
        return Answer(Outcome.ACKNOWLEDGED)
    if state is not None:
        return Answer(Outcome.REJECTED, reason=REASONS[state.status])
    return await _set(caller, contact_id, list_id, ListStatus.ACTIVE)


async def unsubscribe(caller: Caller, contact_id: str, list_id: str) -> Answer:
    """Unsubscribe a contact from a list; the state stays on record, it cannot be removed (reference, section 9)."""
    return await _set(caller, contact_id, list_id, ListStatus.UNSUBSCRIBED)


async def _set(caller: Caller, contact_id: str, list_id: str, status: ListStatus, source: int = 0) -> Answer:
    state = {"list": list_id, "contact": contact_id, "status": int(status), "sourceid": source}
    body = json.dumps({"contactList": state})
    return answer_of(await caller.end(Call("POST", "/contactLists", "contactLists", shows=("contactList",), body=body)))
