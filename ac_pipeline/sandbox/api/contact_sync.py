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
    existing = contacts.find_email(call.account.db, sent.email)
    if existing is None:
        return contact_writes.create(call.account, sent)
    return contact_writes.update(call.account, existing, sent)


ENDPOINTS = (Endpoint("POST", "/contact/sync", _sync),)
