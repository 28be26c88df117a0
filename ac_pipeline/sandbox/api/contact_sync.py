"""POST /contact/sync: create or update by address (reference, section 6.2)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import contact_writes
from ac_pipeline.sandbox.tables import contacts
from ac_pipeline.sandbox.wire import Call, Endpoint, Reply


def _sync(call: Call) -> Reply:
    sent = contact_writes.sent_contact(call)
    if not sent.email:
        raise refusals.email_missing()
    existing = contacts.find_key(call.account.db, call.account.email_key(sent.email))
    if existing is None:
        return contact_writes.create(call.account, sent)
    reply = contact_writes.update(call.account, existing, sent, all_values=call.account.switches.sync_values == "all")
    return Reply(201 if call.account.switches.sync_status == "always_201" else 200, reply.body)


ENDPOINTS = (Endpoint("POST", "/contact/sync", _sync),)
