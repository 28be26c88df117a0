"""Whether events are tracked, and of which names (reference, section 12)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import tracking
from ac_pipeline.sandbox.wire import Call, Endpoint, Refusal, Reply, text

LONGEST = 32
"""Characters of a name."""


def registered(account: Account, name: str) -> str:
    """Register a name that is not, and return it as the account keeps it. Refusal for one that is too long."""
    if len(name) > LONGEST and account.switches.long_event == "refused":
        raise refusals.event_too_long()
    name = name[:LONGEST]
    key = account.event_key(name)
    known = tracking.event_name(account.db, key)
    if known is None:
        tracking.add_event_name(account.db, name, key)
    return known or name


def _status(call: Call) -> Reply:
    return Reply(200, {"eventTracking": {"enabled": tracking.is_on(call.account.db, "events")}})


def _switch(call: Call) -> Reply:
    tracking.switch(call.account.db, "events", on=enabled(call, "eventTracking"))
    return _status(call)


def enabled(call: Call, name: str) -> bool:
    """Return what is sent as `enabled`; Refusal 400 `{}` when it is no flag (reference E9)."""
    sent = call.wrapped(name).get("enabled")
    if not isinstance(sent, bool) and sent not in (0, 1, "0", "1"):
        raise Refusal(Reply(400, {}))
    return sent in (True, "1")


def _list(call: Call) -> Reply:
    page = page_of(call)
    names, total = tracking.event_names(call.account.db, limit=page.limit, offset=page.offset)
    return Reply(200, {"eventTrackingEvents": [{"name": name} for name in names], "meta": {"total": total}})


def _add(call: Call) -> Reply:
    """Register a name; what one that is registered already is answered with is not known (a switch)."""
    account, name = call.account, text(call.wrapped("eventTrackingEvent").get("name")).strip()
    if not name:
        raise Refusal(Reply(400, {}))
    new = tracking.event_name(account.db, account.event_key(name[:LONGEST])) is None
    if not new and account.switches.duplicate_event == "refused":
        raise refusals.event_duplicate()
    return Reply(account.status(new=new), {"eventTrackingEvent": {"name": registered(account, name)}})


def _remove(call: Call) -> Reply:
    if not tracking.remove_event_name(call.account.db, call.account.event_key(call.params["name"])):
        raise Refusal(Reply(400, {}))
    return Reply(200, {})


ENDPOINTS = (
    Endpoint("GET", "/eventTracking", _status),
    Endpoint("PUT", "/eventTracking", _switch),
    Endpoint("POST", "/eventTracking", _switch),  # as a tutorial of the service has it
    Endpoint("GET", "/eventTrackingEvents", _list),
    Endpoint("POST", "/eventTrackingEvents", _add),
    Endpoint("DELETE", "/eventTrackingEvents/{name}", _remove),
)
