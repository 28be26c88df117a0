"""The shapes of lists, of groups that see them, and of subscriptions (reference, section 9)."""

from __future__ import annotations

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.tables.contact_lists import ContactList
from ac_pipeline.sandbox.tables.contacts import Contact
from ac_pipeline.sandbox.tables.lists import ListGroup, MailingList
from ac_pipeline.sandbox.wire import Json

_PERMISSIONS = (
    *("list_add", "list_edit", "list_delete", "list_sync", "list_filter"),
    *("message_add", "message_edit", "message_delete", "message_send"),
    *("subscriber_add", "subscriber_edit", "subscriber_delete", "subscriber_import", "subscriber_approve"),
)
_SUBSCRIPTION_LINKS = (
    "automation",
    "list",
    "contact",
    "form",
    "autosyncLog",
    "campaign",
    "unsubscribeAutomation",
    "message",
)


def listed(account: Account, row: MailingList) -> dict[str, Json]:
    """The shape of reads."""
    user = None if row.user is None else str(row.user)
    return {
        "stringid": row.stringid,
        "userid": user or "0",
        "name": row.name,
        "cdate": account.time.iso(row.created_at),
        "p_use_tracking": "1",
        "p_use_analytics_read": "0",
        "p_use_analytics_link": "0",
        "p_use_twitter": "0",
        "p_use_facebook": "0",
        "p_embed_image": "1",
        "p_use_captcha": "1",
        "send_last_broadcast": row.send_last_broadcast,
        "private": "0",
        "analytics_domains": None,
        "analytics_source": "",
        "analytics_ua": "",
        "twitter_token": "",
        "twitter_token_secret": "",
        "facebook_session": None,
        "carboncopy": row.carboncopy,
        "subscription_notify": row.subscription_notify,
        "unsubscription_notify": row.unsubscription_notify,
        "require_name": "0",
        "get_unsubscribe_reason": "0",
        "to_name": "Subscriber",
        "optinoptout": "1",
        "sender_name": "",
        "sender_addr1": "",
        "sender_addr2": "",
        "sender_city": "",
        "sender_state": "",
        "sender_zip": "",
        "sender_country": "",
        "sender_phone": "",
        "sender_url": row.sender_url,
        "sender_reminder": row.sender_reminder,
        "fulladdress": None,
        "optinmessageid": "0",
        "optoutconf": "0",
        "deletestamp": None,
        "channel": row.channel,
        "udate": account.time.iso(row.updated_at),
        "created_timestamp": account.time.plain(row.created_at),
        "updated_timestamp": account.time.plain(row.updated_at),
        "created_by": None,
        "updated_by": None,
        "links": _links(account, row),
        "id": str(row.id),
        "user": user,
    }


def created(account: Account, row: MailingList, sent: dict[str, Json]) -> dict[str, Json]:
    """The shape of the answer to POST: what was `sent`, and times."""
    times = {"cdate": account.time.iso(row.created_at), "udate": account.time.iso(row.updated_at)}
    return {**sent, **times, "links": _links(account, row), "id": str(row.id)}


def group(account: Account, row: ListGroup) -> dict[str, Json]:
    """The shape of reads of a group that sees a list."""
    return {
        "list": str(row.list),
        "group": str(row.group_id),
        **{f"p_{permission}": "0" for permission in _PERMISSIONS},
        "links": group_links(account, row),
        "id": str(row.id),
    }


def group_links(account: Account, row: ListGroup) -> dict[str, Json]:
    """The links of a group that sees a list."""
    return {name: account.link(f"listGroups/{row.id}/{name}") for name in ("list", "group")}


def subscription(account: Account, row: ContactList, contact: Contact) -> dict[str, Json]:
    """The shape of reads of a subscription; the names are the contact's."""
    iso = account.time.iso
    return {
        "contact": str(row.contact),
        "list": str(row.list),
        "form": None,
        "seriesid": "0",
        "sdate": None if row.subscribed_at is None else iso(row.subscribed_at),
        "udate": None if row.unsubscribed_at is None else iso(row.unsubscribed_at),
        "status": str(row.status),
        "responder": "1",
        "sync": "0",
        "unsubreason": None,
        "campaign": None,
        "message": None,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "ip4Sub": "0",
        "sourceid": str(row.sourceid),
        "autosyncLog": None,
        "ip4_last": "0",
        "ip4Unsub": "0",
        "created_timestamp": account.time.plain(row.created_at),
        "updated_timestamp": account.time.plain(row.updated_at),
        "created_by": None,
        "updated_by": None,
        "unsubscribeAutomation": None,
        "links": _subscription_links(account, row),
        "id": str(row.id),
        "automation": None,
    }


def subscribed(account: Account, row: ContactList, contact: Contact, echo: dict[str, Json]) -> dict[str, Json]:
    """The shape of the answer to POST for a new row; status and ids come back as in `echo`."""
    shape = subscription(account, row, contact)
    kept = ("sdate", "udate", "unsubreason", "campaign", "message", "first_name", "last_name", "sourceid")
    return {
        **echo,
        **{key: shape[key] for key in kept},
        "unsubreason": "",
        "sourceid": row.sourceid,
        "unsubscribeAutomation": None,
        "links": shape["links"],
        "id": str(row.id),
    }


def resubscribed(account: Account, row: ContactList, contact: Contact, echo: dict[str, Json]) -> dict[str, Json]:
    """The shape of the answer to POST for a row that existed."""
    return {**subscription(account, row, contact), **echo, "unsubreason": "", "sourceid": str(row.sourceid)}


def _links(account: Account, row: MailingList) -> dict[str, Json]:
    return {name: account.link(f"lists/{row.id}/{name}") for name in ("contactGoalLists", "user", "addressLists")}


def _subscription_links(account: Account, row: ContactList) -> dict[str, Json]:
    return {name: account.link(f"contactLists/{row.id}/{name}") for name in _SUBSCRIPTION_LINKS}
