"""What of the events a sync would send: counted, and added to the plan. No request is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ac_pipeline.model.declaration import Declarations
from ac_pipeline.model.estimate import Estimate, at_least, at_most, exactly, total
from ac_pipeline.model.events import Route
from ac_pipeline.settings import Settings
from ac_pipeline.store.event_counts import PlannedRoute, event_counts, planned_routes
from ac_pipeline.store.events import fill_due, note_members
from ac_pipeline.store.store import Store
from ac_pipeline.store.streams import has_streams
from ac_pipeline.sync.event_access import tracking_access
from ac_pipeline.sync.event_report import PlannedEvents
from ac_pipeline.sync.plan import Plan, PlannedRequests
from ac_pipeline.sync.planning import Pace

_SENT_BY = {
    Route.EVENT: "POST /event",
    Route.VISIT: "GET /visit",
    Route.ENROL: "POST /contactAutomations",
}


def with_events(store: Store, settings: Settings, declarations: Declarations, plan: Plan) -> Plan:
    """Return a plan with the events that are due now, the outbox being filled. The time for them is added."""
    if not has_streams(store):
        return plan
    note_members(store, declarations)
    fill_due(store, drops=False)
    routes = planned_routes(store)
    reason = tracking_access(settings)[1]
    sent = [one for one in routes if one.route == Route.ENROL.value or not reason]
    requests = _added_up(request for one in sent for request in _requests(one))
    if requests and not plan.requests:
        requests = [
            *(PlannedRequests(f"GET {path}", exactly(1)) for path in ("/users/me", "/settings/account")),
            *requests,
        ]
    blocked = (reason,) if len(sent) < len(routes) else ()
    due, following = sum(one.due for one in sent), sum(one.following for one in sent)
    planned = PlannedEvents(event_counts(store), due, due + following, blocked)
    reckoned = sum(one.requests.expected or one.requests.least for one in requests)
    return replace(
        plan,
        requests=(*plan.requests, *requests),
        seconds=plan.seconds + reckoned * Pace.of(settings).any,
        events=planned,
    )


def _added_up(requests: Iterable[PlannedRequests]) -> list[PlannedRequests]:
    lines: dict[str, list[Estimate]] = {}
    for one in requests:
        lines.setdefault(one.endpoint, []).append(one.requests)
    found = [PlannedRequests(endpoint, total(estimates)) for endpoint, estimates in lines.items()]
    return [one for one in found if one.requests.most != 0]


def _requests(one: PlannedRoute) -> list[PlannedRequests]:
    route = Route(one.route)
    asked = exactly(1) if one.due or one.following else exactly(0)
    found = [PlannedRequests(_SENT_BY[route], Estimate(one.due + one.following, one.due, one.due + one.following))]
    if route is Route.ENROL:
        found.append(PlannedRequests("GET /automations", at_least(asked.least) if asked.most else asked))
        found.append(PlannedRequests("GET /contacts/{id}/contactAutomations", exactly(one.doubtful_contacts)))
        return found
    event = route is Route.EVENT
    found.append(PlannedRequests("GET /eventTracking" if event else "GET /siteTracking", asked))
    if one.new_names:
        names = "eventTrackingEvents" if event else "siteTrackingDomains"
        found.append(PlannedRequests(f"GET /{names}", at_least(1)))
        found.append(PlannedRequests(f"POST /{names}", at_most(one.new_names)))
    found.append(PlannedRequests("GET /contacts/{id}/trackingLogs", exactly(one.doubtful_contacts)))
    return found
