"""Who the key belongs to, and the account (reference, section 1)."""

from __future__ import annotations

from collections.abc import Callable

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.tables import contacts
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply

_EMAIL = "admin@sandbox.example"
_NAME = "admin"
_LINKS = (
    "lists",
    "userGroup",
    "dealGroupTotals",
    "dealGroupUsers",
    "configs",
    "dealConnection",
    "userConversationsPermission",
    "seatUser",
)


def _user(call: Call) -> dict[str, Json]:
    return {
        "username": _NAME,
        "firstName": "Sandbox",
        "lastName": "Admin",
        "email": _EMAIL,
        "phone": "",
        "signature": "",
        "localZoneid": "America/Chicago",
        "password_updated_utc_timestamp": "0000-00-00 00:00:00",
        "cdate": None,
        "udate": "2021-03-31T02:25:28-05:00",
        "mfaEnabled": "0",
        "links": {name: call.account.link(f"users/1/{name}") for name in _LINKS},
        "id": "1",
    }


def _me(call: Call) -> Reply:
    return Reply(200, {"user": _user(call)})


def _list(call: Call) -> Reply:
    return Reply(200, {"users": [_user(call)], "meta": {"total": call.account.total(1)}})


def _one(name: str, value: str) -> Callable[[Call], Reply]:
    def handle(call: Call) -> Reply:
        if call.params[name].casefold() != value:
            raise refusals.not_found("User", call.number(name))
        return _me(call)

    return handle


def _groups(call: Call) -> Reply:
    """The group of administrators, without its hundred permissions."""
    links: Json = {name: call.account.link(f"groups/3/{name}") for name in ("userGroups", "groupLimit", "listGroups")}
    group: Json = {"title": "Admin", "descript": "", "p_admin": "1", "links": links, "id": "3"}
    return Reply(200, {"groups": [group], "meta": {"total": call.account.total(1)}})


def _account(call: Call) -> Reply:
    config = call.account.config
    if not config.admin_key:
        return refusals.forbidden()
    return Reply(
        200,
        {
            "account": config.account_name,
            "email": _EMAIL,
            "first_name": "Sandbox",
            "last_name": "Admin",
            "cname": "",
            "status": "active",
            "subscriber_limit": config.subscriber_limit,
            "subscriber_total": contacts.count(call.account.db),
            "trial": False,
            "credits": None,
            "branding": True,
        },
    )


ENDPOINTS = (
    Endpoint("GET", "/users/me", _me),
    Endpoint("GET", "/settings/account", _account),
    Endpoint("GET", "/groups", _groups),
    Endpoint("GET", "/users", _list),
    Endpoint("GET", "/users/{id}", _one("id", "1")),
    Endpoint("GET", "/users/email/{email}", _one("email", _EMAIL)),
    Endpoint("GET", "/users/username/{name}", _one("name", _NAME)),
)
