"""What the calls that write a contact have in common: its attributes and field values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.api import contact_shapes, field_value_shapes
from ac_pipeline.sandbox.tables import contacts, field_values
from ac_pipeline.sandbox.tables.contacts import Contact
from ac_pipeline.sandbox.wire import Call, Json, Reply, text, whole


@dataclass(frozen=True, slots=True)
class Sent:
    """What a caller sent about a contact. A key that is absent leaves its attribute alone, "" erases it."""

    email: str
    """"" when absent."""
    names: Mapping[str, str]
    """firstName, lastName, phone: those that were sent."""
    values: Mapping[int, str] | None
    """By field id; None when no fieldValues were sent."""

    @property
    def columns(self) -> dict[str, str]:
        """`names` by column."""
        return {contacts.NAMES[key]: value for key, value in self.names.items()}


def sent_contact(call: Call) -> Sent:
    """Read the contact in the body; null counts as "" (the reference's default for an unknown)."""
    contact = call.wrapped("contact")
    names = {key: text(contact[key]) for key in contacts.NAMES if key in contact}
    entries = contact.get("fieldValues")
    values = None
    if isinstance(entries, list):
        pairs = [entry for entry in entries if isinstance(entry, dict)]
        values = {whole(entry.get("field")): text(entry.get("value")) for entry in pairs}
    return Sent(text(contact.get("email")), names, values)


def create(account: Account, sent: Sent) -> Reply:
    """Create the contact and answer 201 with the compact shape; Refusal when the address is none."""
    if not contacts.is_email(sent.email):
        raise refusals.email_invalid()
    contact = contacts.add(account.db, sent.email, sent.columns, account.clock.microseconds())
    values = _write_values(account, contact, sent)
    ids = None if values is None else [str(value["id"]) for value in values]
    return Reply(201, _envelope(contact_shapes.compact(account, contact, sent.names, ids), values))


def update(account: Account, existing: Contact, sent: Sent, *, email: str | None = None) -> Reply:
    """Write what was sent and answer 200 with the full shape; `email` renames the contact."""
    columns = sent.columns
    if email is not None:
        columns |= {"email": email, "email_key": contacts.email_key(email)}
    contact = contacts.change(account.db, existing.id, columns, account.clock.microseconds())
    values = _write_values(account, contact, sent)
    extra = None if values is None else {"fieldValues": [value["id"] for value in values]}
    shape = contact_shapes.full(account, contact, extra=extra, touched_at=existing.updated_at)
    return Reply(200, _envelope(shape, values))


def _write_values(account: Account, contact: Contact, sent: Sent) -> list[dict[str, Json]] | None:
    """Write field values and return the rows of this call only; unknown ids are ignored in silence."""
    if sent.values is None:
        return None
    now = contact.updated_at
    written = [
        field_values.write(account.db, contact.id, field, value, now, account.time)
        for field, value in sent.values.items()
    ]
    return [field_value_shapes.full(account, row[0], by=None) for row in written if row is not None]


def _envelope(contact: Mapping[str, Json], values: list[dict[str, Json]] | None) -> dict[str, Json]:
    return {"contact": contact} if values is None else {"fieldValues": values, "contact": contact}
