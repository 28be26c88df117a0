"""Whether visits are tracked, and on which domains (reference, section 13)."""

from __future__ import annotations

from ac_pipeline.sandbox.api.event_tracking import enabled
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import tracking
from ac_pipeline.sandbox.wire import Call, Endpoint, Refusal, Reply, text

_CODE = """<script type="text/javascript">
    // The service's own script for pages stands here.
    pgo('setAccount', {});
    pgo('process');
</script>"""


def _status(call: Call) -> Reply:
    return Reply(200, {"siteTracking": {"enabled": tracking.is_on(call.account.db, "site")}})


def _switch(call: Call) -> Reply:
    tracking.switch(call.account.db, "site", on=enabled(call, "siteTracking"))
    return _status(call)


def _code(call: Call) -> Reply:
    return Reply(200, raw=_CODE.format(call.account.config.actid).encode(), media_type="text/plain")


def _list(call: Call) -> Reply:
    _check(call)
    page = page_of(call)
    names, total = tracking.domains(call.account.db, limit=page.limit, offset=page.offset)
    return Reply(200, {"siteTrackingDomains": [{"name": name} for name in names], "meta": {"total": total}})


def _add(call: Call) -> Reply:
    """Always 200 (reference, section 13); a domain that is there already is assumed to stay as it is."""
    _check(call)
    name = text(call.wrapped("siteTrackingDomain").get("name")).strip().lower()
    if not name:
        raise Refusal(Reply(400, {}))
    tracking.add_domain(call.account.db, name)
    return Reply(200, {"siteTrackingDomain": {"name": name}})


def _remove(call: Call) -> Reply:
    _check(call)
    tracking.remove_domain(call.account.db, call.params["name"].lower())
    return Reply(204)


def _check(call: Call) -> None:
    """Refuse with 404 where the account is of the kind that has no such list any more (a switch)."""
    if call.account.switches.site_domains == "gone":
        raise Refusal(Reply(404, {"message": "Not Found"}))


ENDPOINTS = (
    Endpoint("GET", "/siteTracking", _status),
    Endpoint("PUT", "/siteTracking", _switch),
    Endpoint("GET", "/siteTracking/code", _code),
    Endpoint("GET", "/siteTrackingDomains", _list),
    Endpoint("POST", "/siteTrackingDomains", _add),
    Endpoint("DELETE", "/siteTrackingDomains/{name}", _remove),
)
