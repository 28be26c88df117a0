"""The steps of one contact as calls of the client."""

from __future__ import annotations

import json
from typing import Protocol

from ac_pipeline.errors import Inconsistent, OwnerMustAct, PipelineError
from ac_pipeline.model.contact import ContactTag, Tagged
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.store.outbox import OutboxStep


class Sender(Protocol):
    """The part of the ActiveCampaign client that delivery needs."""

    async def sync_contact(self, body: str) -> Answer:
        """Create or update the contact of that address."""

    async def update_contact(self, remote_id: str, body: str) -> Answer:
        """Update the contact of that id."""

    async def contact_tags(self, contact_id: str) -> list[ContactTag] | None:
        """Return the tags on a contact."""

    async def add_tag(self, contact_id: str, tag_id: str) -> Tagged:
        """Put a tag on a contact."""

    async def remove_tag(self, association_id: str) -> Answer:
        """Take a tag off a contact."""

    async def subscribe(self, contact_id: str, list_id: str, *, resubscribe: bool = False) -> Answer:
        """Subscribe a contact to a list."""

    async def unsubscribe(self, contact_id: str, list_id: str) -> Answer:
        """Unsubscribe a contact from a list."""


async def take(sender: Sender, remote_id: str | None, step: OutboxStep) -> Answer:
    """Take one step. A contact that is gone is UNKNOWN with status 404: nothing it was told can be relied on."""
    if step.route == "sync":
        return await sender.sync_contact(step.payload)
    if remote_id is None:
        return Answer(Outcome.NOT_SENT, reason="the account gave the contact no id")
    answer = await _to_known(sender, remote_id, step)
    if answer.status == 404 and answer.outcome is Outcome.REJECTED:
        return Answer(Outcome.UNKNOWN, 404, answer.reason)
    return answer


async def _to_known(sender: Sender, remote_id: str, step: OutboxStep) -> Answer:
    match step.route:
        case "update":
            return await sender.update_contact(remote_id, step.payload)
        case "untag":
            return await _untag(sender, remote_id, step.payload)
        case "tag":
            return (await sender.add_tag(remote_id, step.payload)).answer
        case "list":
            return await _list(sender, remote_id, step.payload)
        case _:
            raise Inconsistent(f"The outbox has a step of an unknown kind: {step.route}.")


async def _untag(sender: Sender, remote_id: str, payload: str) -> Answer:
    """Take tags off, one request each; those that are not on the contact any more need none."""
    wanted = json.loads(payload)
    if wanted == {"remove": []}:
        return Answer(Outcome.ACKNOWLEDGED)
    try:
        present = await sender.contact_tags(remote_id)
    except PipelineError as error:
        return _unread(error)
    if present is None:
        return Answer(Outcome.REJECTED, 404, "not found")
    keep, remove = set(wanted.get("keep", ())), set(wanted.get("remove", ()))
    leaving = [one for one in present if one.tag_id in remove or ("keep" in wanted and one.tag_id not in keep)]
    answer = Answer(Outcome.ACKNOWLEDGED)
    for one in leaving:
        answer = await sender.remove_tag(one.id)
        if answer.outcome is not Outcome.ACKNOWLEDGED:
            return answer
    return answer


async def _list(sender: Sender, remote_id: str, payload: str) -> Answer:
    wanted = json.loads(payload)
    if wanted["status"] == "unsubscribed":
        return await sender.unsubscribe(remote_id, wanted["list"])
    try:
        return await sender.subscribe(remote_id, wanted["list"], resubscribe=wanted["resubscribe"])
    except PipelineError as error:
        return _unread(error)


def _unread(error: PipelineError) -> Answer:
    """What had to be known first could not be read; only the owner's faults stop the run at once."""
    return Answer(Outcome.NOT_SENT, reason=str(error), stop=error if isinstance(error, OwnerMustAct) else None)
