"""Single contacts: contact/sync by e-mail, PUT by id, and a look whether an address is there."""

from __future__ import annotations

from urllib.parse import quote

from ac_pipeline.activecampaign.caller import Call, Caller, Ending
from ac_pipeline.activecampaign.shapes import ContactsAnswer, read
from ac_pipeline.errors import ServiceUnavailable
from ac_pipeline.model.delivery import Answer, Outcome


async def sync_contact(caller: Caller, body: str) -> Answer:
    """POST contact/sync: create or update by e-mail (reference, section 6.2)."""
    call = Call("POST", "/contact/sync", "contact/sync", shows=("contact",), body=body)
    return answer_of(await caller.end(call))


async def update_contact(caller: Caller, remote_id: str, body: str) -> Answer:
    """PUT contacts/{id}: change a known contact, its e-mail too (reference, section 6.3)."""
    path = f"contacts/{quote(remote_id, safe='')}"
    return answer_of(await caller.end(Call("PUT", "/contacts/{id}", path, shows=("contact",), body=body)))


async def find_contact(caller: Caller, email: str) -> str | None:
    """Return the id of the contact with an address, None when the account has none (reference, section 6.3).

    Raises OwnerMustAct or ServiceUnavailable, also when the answer shows other contacts only: that proves nothing.
    """
    call = Call("GET", "/contacts", "contacts", shows=("contacts",), params={"email": email})
    answer = read(ContactsAnswer, await caller.needed(call), call.endpoint)
    found = [contact.id for contact in answer.contacts if address_key(contact.email) == address_key(email)]
    if answer.contacts and not found:
        raise ServiceUnavailable("ActiveCampaign answered a look for one address with other contacts.")
    return found[0] if found else None


def address_key(email: str) -> str:
    """Return an e-mail address for comparison: without case and outer spaces."""
    return email.strip().casefold()


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


def _contact_id(data: object) -> str | None:
    contact = data.get("contact") if isinstance(data, dict) else None
    found = contact.get("id") if isinstance(contact, dict) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else None
