"""What hangs on a contact: bare arrays without `meta`, never paged (reference, section 2)."""

from __future__ import annotations

from collections.abc import Callable

from ac_pipeline.sandbox.api.contacts import known_contact
from ac_pipeline.sandbox.api.side_loads import LOADERS, account_links
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply

_EMPTY = (
    "bounceLogs",
    "contactGoals",
    "contactLogs",
    "contactDeals",
    "deals",
    "geoIps",
    "notes",
    "scoreValues",
    "automationEntryCounts",
)
_DATUM: dict[str, Json] = {
    "geoTstamp": None,
    "geoIp4": "0",
    "geoCountry2": "",
    "geo_country": "",
    "geoState": "",
    "geoCity": "",
    "geoZip": "",
    "geoArea": "0",
    "geoLat": "0.000000",
    "geoLon": "0.000000",
    "geoTz": "",
    "geoTzOffset": "0.00",
    "ga_campaign_source": "",
    "ga_campaign_name": "",
    "ga_campaign_medium": "",
    "ga_campaign_term": "",
    "ga_campaign_content": "",
    "ga_campaign_customsegment": "",
    "ga_first_visit": None,
    "ga_times_visited": "0",
    "fb_id": "0",
    "fb_name": "",
    "tw_id": "0",
    "created_timestamp": "0000-00-00 00:00:00",
    "updated_timestamp": "0000-00-00 00:00:00",
    "created_by": "0",
    "updated_by": "0",
    "links": [],
}


def _loaded(name: str) -> Callable[[Call], Reply]:
    def handle(call: Call) -> Reply:
        return Reply(200, {name: LOADERS[name](call.account, [known_contact(call)])})

    return handle


def _nothing(name: str) -> Callable[[Call], Reply]:
    def handle(call: Call) -> Reply:
        known_contact(call)
        return Reply(200, {name: []})

    return handle


def _data(call: Call) -> Reply:
    contact = known_contact(call)
    head = {"contact": str(contact.id), "tstamp": call.account.time.iso(contact.created_at)}
    return Reply(200, {"contactDatum": {**head, **_DATUM, "id": str(contact.id)}})


def _account_contacts(call: Call) -> Reply:
    return Reply(200, {"accountContacts": account_links(call.account, known_contact(call))})


def _organization(call: Call) -> Reply:
    """Its shape is not documented here; null without one is assumed."""
    contact = known_contact(call)
    shape = {"name": contact.org_name, "id": str(contact.org_id)} if contact.org_id else None
    return Reply(200, {"organization": shape})


ENDPOINTS = (
    *(Endpoint("GET", f"/contacts/{{id}}/{name}", _loaded(name)) for name in LOADERS),
    *(Endpoint("GET", f"/contacts/{{id}}/{name}", _nothing(name)) for name in _EMPTY),
    Endpoint("GET", "/contacts/{id}/contactData", _data),
    Endpoint("GET", "/contacts/{id}/accountContacts", _account_contacts),
    Endpoint("GET", "/contacts/{id}/organization", _organization),
    Endpoint("GET", "/contacts/{id}/plusAppend", _nothing("plusAppend")),
)
