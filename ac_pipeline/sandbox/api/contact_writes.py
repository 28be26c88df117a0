"""What the calls that write a contact have in common: its attributes and field values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.api import contact_shapes, field_value_shapes, inline, value_writes
from ac_pipeline.sandbox.tables import contacts, field_values, fields, tracked
from ac_pipeline.sandbox.tables.contacts import Contact
from ac_pipeline.sandbox.tables.field_values import FieldValue
from ac_pipeline.sandbox.wire import Call, Json, Reply, text, whole


@dataclass(frozen=True, slots=True)
class Sent:
    """What a caller sent about a contact. A key that is absent leaves its attribute alone, "" erases it."""

    email: str
    """"" when absent."""
    names: Mapping[str, str]
    """firstName, lastName, phone: those that were sent."""
    values: Mapping[int, object] | None
    """By field id; None when no fieldValues were sent."""
    inline: inline.Inline

    @property
    def columns(self) -> dict[str, str | int]:
        """`names` by column."""
        return {contacts.NAMES[key]: value for key, value in self.names.items()}


def sent_contact(call: Call) -> Sent:
    """Read the contact in the body; a name that is null counts as "" (a switch)."""
    contact, switches = call.wrapped("contact"), call.account.switches
    keep_null = switches.null_name == "ignored"
    names = {
        key: text(contact[key])[: switches.text_limit]
        for key in contacts.NAMES
        if key in contact and not (keep_null and contact[key] is None)
    }
    entries = contact.get("fieldValues")
    values = None
    if isinstance(entries, list):
        pairs = [entry for entry in entries if isinstance(entry, dict)]
        values = {whole(entry.get("field")): entry.get("value") for entry in pairs}
    return Sent(call.account.email(text(contact.get("email"))), names, values, inline.read(call, contact))


def create(account: Account, sent: Sent) -> Reply:
    """Create the contact and answer 201 with the compact shape; Refusal when the address is none."""
    if not contacts.is_email(sent.email):
        raise refusals.email_invalid()
    contact = add(account, sent.email, sent.columns, account.clock.microseconds())
    values = _write_values(account, contact, sent)
    inline.apply(account, contact, sent.inline)
    shapes = None if values is None else _shapes(account, values)
    ids = None if shapes is None else [str(shape["id"]) for shape in shapes]
    compact = contact_shapes.compact(account, contact, sent.names, ids)
    return Reply(account.status(new=True), _envelope(compact, shapes))


def add(account: Account, email: str, columns: Mapping[str, str | int], now: int) -> Contact:
    """Create a contact whose address is free and valid; Refusal 403 when the account is full (a switch)."""
    if account.switches.contact_limit and contacts.count(account.db) >= account.config.subscriber_limit:
        raise refusals.contact_limit()
    key = account.email_key(email)
    old = contacts.deleted_id(account.db, key) if account.switches.deleted_contact == "same_id" else None
    contact = contacts.add(account.db, email, key, columns, now, number=old)
    tracked.adopt(account.db, contact.id, key)
    return contact


def update(
    account: Account, existing: Contact, sent: Sent, *, email: str | None = None, all_values: bool = False
) -> Reply:
    """Write what was sent and answer 200 with the full shape; `email` renames the contact."""
    columns = sent.columns
    if email is not None:
        columns |= {"email": email, "email_key": account.email_key(email)}
    before = _values_of(account, existing) if account.switches.unchanged_sync == "leaves" else None
    contact = contacts.change(account.db, existing.id, columns, account.clock.microseconds())
    tracked.adopt(account.db, contact.id, account.email_key(contact.email))
    values = _write_values(account, contact, sent)
    inline.apply(account, contact, sent.inline)
    if before is not None and _attributes(contact) == _attributes(existing) and _values_of(account, contact) == before:
        contact = contacts.change(account.db, existing.id, {}, existing.updated_at)
    if all_values and values is not None:
        values = field_values.of_contacts(account.db, [contact.id])
    shapes = None if values is None else _shapes(account, values)
    extra = None if shapes is None else {"fieldValues": [shape["id"] for shape in shapes]}
    full = contact_shapes.full(account, contact, extra=extra, touched_at=existing.updated_at)
    return Reply(200, _envelope(full, shapes))


def _write_values(account: Account, contact: Contact, sent: Sent) -> list[FieldValue] | None:
    """Write field values and return the rows of this call only; unknown ids are ignored in silence (a switch)."""
    if sent.values is None:
        return None
    written, switches = list[FieldValue](), account.switches
    for number, value in sent.values.items():
        field = fields.find(account.db, number)
        if field is None:
            if switches.unknown_field == "refused":
                raise refusals.field_invalid()
            text(value)  # refuses lists and objects
            continue
        row = value_writes.put(
            account, contact.id, field, value, account.clock.microseconds(), empty=switches.empty_value
        )
        if row is not None:
            written.append(row[0])
    return written


def _shapes(account: Account, rows: Sequence[FieldValue]) -> list[dict[str, Json]]:
    return [field_value_shapes.full(account, row, by=None) for row in rows]


def _attributes(contact: Contact) -> tuple[str, ...]:
    return contact.email, contact.first_name, contact.last_name, contact.phone


def _values_of(account: Account, contact: Contact) -> dict[int, str]:
    return {row.field: row.value for row in field_values.of_contacts(account.db, [contact.id])}


def _envelope(contact: Mapping[str, Json], values: list[dict[str, Json]] | None) -> dict[str, Json]:
    return {"contact": contact} if values is None else {"fieldValues": values, "contact": contact}
