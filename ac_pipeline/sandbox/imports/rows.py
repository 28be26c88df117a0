"""One row of a bulk import: what it may do, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.api import contact_writes, value_writes
from ac_pipeline.sandbox.api.inline import tag_named
from ac_pipeline.sandbox.tables import contact_lists, contact_tags, contacts, customers, fields, lists
from ac_pipeline.sandbox.tables.contacts import Contact
from ac_pipeline.sandbox.tables.fields import Field
from ac_pipeline.sandbox.wire import text, whole

Row = Mapping[str, object]
_NAMES = ("first_name", "last_name", "phone")
_SOURCE = 3


class RowFailed(Exception):
    """Raised for a row of which nothing may be kept."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The id of the contact, and whether it was created."""

    contact: int
    new: bool


@dataclass(frozen=True, slots=True)
class Importer:
    """Imports rows at the moment `now` (microseconds since 1970)."""

    account: Account
    now: int
    known_fields: dict[int, Field | None] = field(default_factory=dict)
    known_tags: dict[str, int] = field(default_factory=dict)

    def run(self, row: Row) -> Imported:
        """Import a row. Raises RowFailed or Refusal."""
        db, email = self.account.db, self.account.email(text(row["email"]))
        existing = contacts.find_key(db, self.account.email_key(email))
        joins = self._joins(row, existing)
        columns = self._names(row)
        if existing is None:
            contact = contact_writes.add(self.account, email, columns, self.now)
        else:
            contact = contacts.change(db, existing.id, columns, self.now)
        self._values(row, contact)
        for name in _array(row, "tags"):
            if isinstance(name, str) and name.strip():
                contact_tags.add(db, contact.id, self._tag(name), self.now)
        leaves = dict.fromkeys(self._lists(row, "unsubscribe"), contact_lists.UNSUBSCRIBED)
        for number, status in (dict.fromkeys(joins, contact_lists.ACTIVE) | leaves).items():
            contact_lists.put(db, contact.id, number, status, _SOURCE, self.now)
        self._customer(row, contact)
        return Imported(contact.id, existing is None)

    def _joins(self, row: Row, existing: Contact | None) -> list[int]:
        """Return the lists to subscribe to; nobody who left is taken back, nobody who bounced imported."""
        numbers = self._lists(row, "subscribe")
        if existing is None:
            return numbers
        if contact_lists.bounced(self.account.db, existing.id):
            raise RowFailed
        left = [
            number
            for number in numbers
            if contact_lists.status(self.account.db, existing.id, number) == contact_lists.UNSUBSCRIBED
        ]
        if left and self.account.switches.bulk_unsubscribed == "row_fails":
            raise RowFailed
        return [number for number in numbers if number not in left]

    def _names(self, row: Row) -> dict[str, str | int]:
        switches = self.account.switches
        columns: dict[str, str | int] = {}
        for name in _NAMES:
            value = row.get(name)
            ignored = switches.null_name == "ignored" if value is None else switches.bulk_empty_name == "ignored"
            if name in row and not isinstance(value, list | dict) and (text(value) or not ignored):
                columns[name] = text(value)[: switches.text_limit]
        return columns

    def _values(self, row: Row, contact: Contact) -> None:
        for entry in _array(row, "fields"):
            if not isinstance(entry, dict) or isinstance(entry.get("value"), list | dict):
                continue
            known = self._field(whole(entry.get("id")))
            if known is not None:
                value_writes.put(
                    self.account,
                    contact.id,
                    known,
                    entry.get("value"),
                    self.now,
                    empty=self.account.switches.bulk_empty_value,
                )

    def _field(self, number: int) -> Field | None:
        if number not in self.known_fields:
            self.known_fields[number] = fields.find(self.account.db, number)
        return self.known_fields[number]

    def _tag(self, name: str) -> int:
        if name not in self.known_tags:
            self.known_tags[name] = tag_named(self.account, name, self.now)
        return self.known_tags[name]

    def _lists(self, row: Row, key: str) -> list[int]:
        numbers = [whole(entry.get("listid")) for entry in _array(row, key) if isinstance(entry, dict)]
        return [number for number in numbers if lists.find(self.account.db, number) is not None]

    def _customer(self, row: Row, contact: Contact) -> None:
        name = row.get("customer_acct_name")
        if not isinstance(name, str) or not name.strip():
            return
        number = customers.named(self.account.db, name)
        if number != contact.org_id:
            link = customers.link(self.account.db, contact.id, number)
            columns: dict[str, str | int] = {"org_id": number, "org_name": name, "account_contact": link}
            contacts.change(self.account.db, contact.id, columns, self.now)


def _array(row: Row, key: str) -> list[object]:
    value = row.get(key)
    return value if isinstance(value, list) else []
