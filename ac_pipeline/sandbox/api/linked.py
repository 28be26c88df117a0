"""What `links` of other objects lead to, and collections this account has nothing in."""

from __future__ import annotations

from collections.abc import Callable

from ac_pipeline.sandbox.api import (
    contact_lists,
    contact_shapes,
    contact_tags,
    field_options,
    field_shapes,
    field_values,
    fields,
    list_shapes,
    lists,
    tag_shapes,
    tags,
)
from ac_pipeline.sandbox.wire import Call, Endpoint, Reply

_EMPTY = (
    *("accounts", "accountContacts", "accountCustomFieldData", "accountCustomFieldMeta", "activities", "addresses"),
    *("automationBlocks", "bounceLogs", "brandings", "calendars", "campaignLists", "campaignMessages"),
    *("campaigns", "configs", "connections", "contactConversions", "contactData"),
    *("contactDeals", "contactEmails", "conversionTriggers", "conversions", "dealActivities", "dealCustomFieldData"),
    *("dealCustomFieldMeta", "dealGroupUsers", "dealGroups", "dealStages", "dealTasks", "dealTasktypes", "deals"),
    *("ecomCustomers", "ecomOrderActivities", "ecomOrders", "emailActivities", "forms", "goals", "links", "messages"),
    *("notes", "savedResponses", "scores", "segments", "siteMessages", "sms", "templates"),
)
"""Collections of the service that tools read and nothing here fills."""


def _root(_call: Call) -> Reply:
    """Tools check a key here; what the service answers with is not recorded, only that it is 200."""
    return Reply(200, {})


def _nothing(name: str) -> Callable[[Call], Reply]:
    return lambda call: Reply(200, {name: [], "meta": {"total": call.account.total(0)}})


def _no_part(name: str) -> Callable[[Call], Reply]:
    return lambda _call: Reply(200, {name: []})


def _contact(call: Call, number: int) -> Reply:
    contact = contact_lists.contact_with_id(call, number)
    return Reply(200, {"contact": contact_shapes.full(call.account, contact)})


def _field(call: Call, number: int) -> Reply:
    field = fields.field_with_id(call, number)
    return Reply(200, {"field": field_shapes.listed(call.account, field, [], [])})


def _list(call: Call, number: int) -> Reply:
    return Reply(200, {"list": list_shapes.listed(call.account, lists.list_with_id(call, number))})


def _tag(call: Call, number: int) -> Reply:
    return Reply(200, {"tag": tag_shapes.listed(call.account, tags.tag_with_id(call, number))})


ENDPOINTS = (
    Endpoint("GET", "/", _root),
    Endpoint("GET", "", _root),
    Endpoint("GET", "/contactTags/{id}/tag", lambda call: _tag(call, contact_tags.known_association(call).tag)),
    Endpoint(
        "GET", "/contactTags/{id}/contact", lambda call: _contact(call, contact_tags.known_association(call).contact)
    ),
    Endpoint("GET", "/contactLists/{id}/list", lambda call: _list(call, contact_lists.known_subscription(call).list)),
    Endpoint(
        "GET", "/contactLists/{id}/contact", lambda call: _contact(call, contact_lists.known_subscription(call).contact)
    ),
    Endpoint("GET", "/listGroups/{id}/list", lambda call: _list(call, lists.known_list_group(call).list)),
    Endpoint("GET", "/fieldValues/{id}/owner", lambda call: _contact(call, field_values.known_value(call).contact)),
    Endpoint("GET", "/fieldValues/{id}/field", lambda call: _field(call, field_values.known_value(call).field)),
    Endpoint("GET", "/fieldOptions/{id}/field", lambda call: _field(call, field_options.known_option(call).field)),
    Endpoint("GET", "/tags/{id}/contactGoalTags", _no_part("contactGoalTags")),
    Endpoint("GET", "/tags/{id}/templateTags", _no_part("templateTags")),
    Endpoint("GET", "/lists/{id}/contactGoalLists", _no_part("contactGoalLists")),
    Endpoint("GET", "/lists/{id}/addressLists", _no_part("addressLists")),
    *(Endpoint("GET", f"/{name}", _nothing(name)) for name in _EMPTY),
)
