"""The two shapes of a contact (reference, section 6.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.tables.contacts import Contact
from ac_pipeline.sandbox.wire import Json

_LINKS = (
    "bounceLogs",
    "contactAutomations",
    "contactData",
    "contactGoals",
    "contactLists",
    "contactLogs",
    "contactTags",
    "contactDeals",
    "deals",
    "fieldValues",
    "geoIps",
    "notes",
    "organization",
    "plusAppend",
    "trackingLogs",
    "scoreValues",
    "accountContacts",
    "automationEntryCounts",
)


def full(
    account: Account, contact: Contact, *, extra: Mapping[str, Json] | None = None, touched_at: int | None = None
) -> dict[str, Json]:
    """The shape of reads and of writes to an existing contact.

    `extra` goes where side-loaded id arrays stand; `touched_at` is the previous change, which
    `updated_timestamp` still shows in the answer (recorded for PUT, assumed for contact/sync).
    """
    time = account.time
    created, changed = contact.created_at, contact.updated_at if touched_at is None else touched_at
    return {
        "cdate": time.iso(created),
        "email": contact.email,
        "phone": contact.phone,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "orgid": str(contact.org_id),
        "orgname": contact.org_name,
        "segmentio_id": "",
        "bounced_hard": "0",
        "bounced_soft": "0",
        "bounced_date": None,
        "ip": "0",
        "ua": None,
        "hash": _hash(account, contact),
        "socialdata_lastcheck": None,
        "email_local": "",
        "email_domain": "",
        "sentcnt": "0",
        "rating_tstamp": None,
        "gravatar": "0",
        "deleted": "0",
        "anonymized": "0",
        "adate": None,
        "udate": time.iso(contact.updated_at),
        "edate": None,
        "deleted_at": None,
        "created_utc_timestamp": time.plain(created),
        "updated_utc_timestamp": time.plain(changed),
        "created_timestamp": time.plain(created),
        "updated_timestamp": time.plain(changed),
        "created_by": None,
        "updated_by": None,
        "email_empty": False,
        "last_open_date": None,
        "last_click_date": None,
        **(extra or {}),
        "links": _links(account, contact),
        "id": str(contact.id),
        "organization": str(contact.org_id) if contact.org_id else None,
    }


def account_contacts(contact: Contact) -> list[Json]:
    """The ids of the contact's links to customer accounts."""
    return [] if contact.account_contact is None else [str(contact.account_contact)]


def compact(account: Account, contact: Contact, sent: Mapping[str, str], values: list[str] | None) -> dict[str, Json]:
    """The shape of a contact just created: what was sent (by JSON key) comes back, the rest is left out."""
    shape: dict[str, Json] = {"email": contact.email}
    shape |= {key: sent[key] for key in ("phone", "firstName", "lastName") if key in sent}
    shape |= {
        "email_empty": False,
        "cdate": account.time.iso(contact.created_at),
        "udate": account.time.iso(contact.updated_at),
        "orgid": "",
        "orgname": "",
        "links": _links(account, contact),
        "hash": _hash(account, contact),
    }
    if values is not None:
        shape["fieldValues"] = values
    return shape | {"id": str(contact.id), "organization": ""}


def _links(account: Account, contact: Contact) -> dict[str, Json]:
    links: dict[str, Json] = {name: account.link(f"contacts/{contact.id}/{name}") for name in _LINKS}
    links["contactAutomations"] = f"{links['contactAutomations']}?limit=1000&orders%5Blastdate%5D=DESC"
    return links


def _hash(account: Account, contact: Contact) -> str:
    return hashlib.md5(f"{account.config.seed}:{contact.id}".encode(), usedforsecurity=False).hexdigest()
