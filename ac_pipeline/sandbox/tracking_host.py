"""The tracking host: events by form, visits by address (reference, sections 12 and 13).

The service has it elsewhere, with credentials of its own and no API key; here it is the same server.
"""

from __future__ import annotations

import hmac
import json
from urllib.parse import urlsplit

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.api.event_tracking import LONGEST, registered
from ac_pipeline.sandbox.tables import contacts, tracked, tracking
from ac_pipeline.sandbox.wire import Call, Endpoint, Refusal, Reply

_SPAWNED = "Event spawned"
_NO_ACCOUNT = "An account ID must be provided."
"""Seen. The words of all other refusals are assumed."""
_NOTHING_TO_RUN = b"/* */"


def _event(call: Call) -> Reply:
    """Track an event. Nothing says when it happened, and the same one again is another one."""
    account, sent = call.account, call.form()
    if not sent.get("actid"):
        raise _refused(account, _NO_ACCOUNT)
    key = hmac.compare_digest(sent.get("key", "").encode(), account.config.event_key.encode())
    if not key or sent["actid"] != account.config.actid:
        raise _refused(account, "The account ID or the event key is not valid.")
    name, switches = sent.get("event", "").strip(), account.switches
    if not name or (switches.refused_event and account.event_key(name) == account.event_key(switches.refused_event)):
        raise _refused(account, "An event must be provided.")
    if len(name) > LONGEST and switches.long_event == "refused":
        raise _refused(account, "The event name is too long.")
    if not tracking.is_on(account.db, "events"):
        if switches.disabled_tracking == "refused":
            raise _refused(account, "Event tracking is not enabled.")
        return _answer(account, 1, _SPAWNED)
    known = tracking.event_name(account.db, account.event_key(name[:LONGEST]))
    if known is None and switches.unknown_event == "registered":
        known = registered(account, name)
    if known is not None:
        _keep(account, _visitor(sent.get("visit", "")), known, sent.get("eventdata", "")[: switches.event_value_limit])
    return _answer(account, 1, _SPAWNED)


def _visit(call: Call) -> Reply:
    """Track a page visit, or not: a browser that loads this as a script is told nothing either way."""
    account, sent = call.account, call.form()
    page = sent.get("u", "")
    if sent.get("actid") == account.config.actid and tracking.is_on(account.db, "site") and _is_tracked(account, page):
        _keep(account, sent.get("e", ""), tracked.VISIT, page, sent.get("r", ""))
    return Reply(200, raw=_NOTHING_TO_RUN, media_type="text/javascript; charset=UTF-8")


def _keep(account: Account, email: str, kind: str, value: str, referrer: str = "") -> None:
    email = account.email(email)
    key = account.email_key(email)
    contact = contacts.find_key(account.db, key)
    if contact is None and account.switches.unknown_visitor == "dropped":
        return
    now = account.clock.microseconds()
    tracked.add(account.db, contact.id if contact else None, email, key, (kind, value, referrer), now)


def _visitor(sent: str) -> str:
    """Return the address in `visit`, which is an object as JSON; none for anything else."""
    try:
        visit = json.loads(sent)
    except (ValueError, RecursionError):
        return ""
    email = visit.get("email") if isinstance(visit, dict) else None
    return email if isinstance(email, str) else ""


def _is_tracked(account: Account, page: str) -> bool:
    """Whether a page is on a domain of the account or below one; that subdomains are is assumed."""
    try:
        host = urlsplit(page).hostname or ""
    except ValueError:
        return False
    names, _ = tracking.domains(account.db)
    return any(host == name or host.endswith(f".{name}") for name in names)


def _refused(account: Account, message: str) -> Refusal:
    if account.switches.event_refusal == "400":
        return Refusal(Reply(400, {}))
    return Refusal(_answer(account, 0, message))


def _answer(account: Account, success: int, message: str) -> Reply:
    if account.switches.event_answer == "text":
        return Reply(200, raw=str(success).encode(), media_type="text/html; charset=UTF-8")
    return Reply(200, {"success": success, "message": message})


ENDPOINTS = (Endpoint("POST", "/event", _event), Endpoint("GET", "/visit", _visit))
