"""Contacts one at a time: contact/sync by e-mail, POST, PUT and GET by id, and a look whether an address is there."""

from __future__ import annotations

from urllib.parse import quote

from ac_pipeline.activecampaign.caller import Call, Caller, Ending, failure_of
from ac_pipeline.activecampaign.contact_shapes import ContactAnswer, ContactsAnswer
from ac_pipeline.activecampaign.reply import Reply
from ac_pipeline.activecampaign.shapes import read
from ac_pipeline.errors import ServiceUnavailable
from ac_pipeline.model.contact import Contact, ContactDetails
from ac_pipeline.model.delivery import Answer, Outcome


async def sync_contact(caller: Caller, body: str) -> Answer:
    """POST contact/sync: create or update by e-mail (reference, section 6.2)."""
    call = Call("POST", "/contact/sync", "contact/sync", shows=("contact",), body=body)
    return answer_of(await caller.end(call))


async def create_contact(caller: Caller, body: str) -> Answer:
    """POST contacts: create, and reject as `duplicate` when the address is taken (reference, section 6.3).

    Not made again once it may have taken effect: its repetition would find its own contact.
    """
    call = Call("POST", "/contacts", "contacts", shows=("contact",), body=body, repeatable=False)
    return answer_of(await caller.end(call))


async def update_contact(caller: Caller, remote_id: str, body: str) -> Answer:
    """PUT contacts/{id}: change a known contact, its e-mail too (reference, section 6.3)."""
    return answer_of(await caller.end(Call("PUT", "/contacts/{id}", _path(remote_id), shows=("contact",), body=body)))


async def get_contact(caller: Caller, remote_id: str) -> ContactDetails | None:
    """GET contacts/{id}, None when it is gone; slow, and seen as activity of the contact (reference, section 6.3)."""
    call = Call("GET", "/contacts/{id}", _path(remote_id), shows=("contact",))
    reply = await unless_gone(caller, call)
    if reply is None:
        return None
    answer = read(ContactAnswer, reply, call.endpoint)
    return ContactDetails(
        answer.contact.contact(),
        tuple(item.contact_value() for item in answer.values or ()),
        tuple(item.subscription() for item in answer.subscriptions or ()),
    )


async def find_contact(caller: Caller, email: str) -> Contact | None:
    """Return the contact with an address, None when the account has none (reference, section 6.3).

    Raises OwnerMustAct or ServiceUnavailable, also when the answer shows other contacts only: that proves nothing.
    """
    call = Call("GET", "/contacts", "contacts", shows=("contacts",), params={"email": email})
    answer = read(ContactsAnswer, await caller.needed(call), call.endpoint)
    found = [item.contact() for item in answer.contacts if address_key(item.email) == address_key(email)]
    if answer.contacts and not found:
        raise ServiceUnavailable("ActiveCampaign answered a look for one address with other contacts.")
    return found[0] if found else None


def address_key(email: str) -> str:
    """Return an e-mail address for comparison: without case and outer spaces."""
    return email.strip().casefold()


async def unless_gone(caller: Caller, call: Call) -> Reply | None:
    """Make a call whose answer is needed, None when the object it is about does not exist (reference, section 3).

    Raises OwnerMustAct or ServiceUnavailable.
    """
    ending = await caller.end(call)
    if ending.outcome is Outcome.ACKNOWLEDGED:
        return ending.reply
    if is_gone(ending):
        return None
    raise failure_of(ending)


def is_gone(ending: Ending) -> bool:
    """Whether the object of a call does not exist."""
    return ending.outcome is Outcome.REJECTED and ending.reply.status == 404


def answer_of(ending: Ending) -> Answer:
    """Return the end of one attempt on a contact as the ledger takes it."""
    accepted = ending.outcome is Outcome.ACKNOWLEDGED
    return Answer(
        outcome=ending.outcome,
        status=ending.reply.status,
        reason=ending.reason,
        remote_id=_contact_id(ending.reply.data) if accepted else None,
        unexplained=ending.unexplained,
        stop=ending.stop,
    )


def _path(remote_id: str) -> str:
    return f"contacts/{quote(remote_id, safe='')}"


def _contact_id(data: object) -> str | None:
    contact = data.get("contact") if isinstance(data, dict) else None
    found = contact.get("id") if isinstance(contact, dict) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else None
