"""What is tracked: events of which names, visits to which domains, and what of it a contact's log shows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import quote

from pydantic import BeforeValidator, Field

from ac_pipeline.activecampaign.caller import Call, Caller, failure_of
from ac_pipeline.activecampaign.catalog import name_key
from ac_pipeline.activecampaign.contact_shapes import Moment
from ac_pipeline.activecampaign.contacts import is_gone, unless_gone
from ac_pipeline.activecampaign.pages import PAGE, pages
from ac_pipeline.activecampaign.shapes import Identified, Page, Shape, Text, read
from ac_pipeline.errors import Inconsistent
from ac_pipeline.model.delivery import Outcome
from ac_pipeline.model.tracking import LoggedEvent, event_name_fault

_Flag = Annotated[bool, BeforeValidator(lambda value: str(value).lower() in {"1", "true"})]


class _Switch(Shape):
    enabled: _Flag


class _EventSwitch(Shape):
    switch: _Switch = Field(alias="eventTracking")


class _SiteSwitch(Shape):
    switch: _Switch = Field(alias="siteTracking")


class _Name(Identified):
    """These have nothing but a name."""

    id: Text = Field(alias="name")


class _EventNames(Page):
    items: tuple[_Name, ...] = Field(alias="eventTrackingEvents")


class _Domains(Page):
    items: tuple[_Name, ...] = Field(alias="siteTrackingDomains")


class _LogObject(Identified):
    type: Text = ""
    value: Text = Field(default="", repr=False)
    tstamp: Moment = None


class _LogAnswer(Shape):
    items: tuple[_LogObject, ...] = Field(alias="trackingLogs")


async def tracks_events(caller: Caller) -> bool:
    """Whether event tracking is switched on; while it is off, no event is kept."""
    call = Call("GET", "/eventTracking", "eventTracking", shows=("eventTracking",))
    return read(_EventSwitch, await caller.needed(call), call.endpoint).switch.enabled


async def tracks_sites(caller: Caller) -> bool:
    """Whether site tracking is switched on; while it is off, no visit is kept."""
    call = Call("GET", "/siteTracking", "siteTracking", shows=("siteTracking",))
    return read(_SiteSwitch, await caller.needed(call), call.endpoint).switch.enabled


async def event_names(caller: Caller) -> list[str]:
    """Return the registered names of events, all pages, those of the service itself (`__pagevisit`) included."""
    found: dict[str, None] = {}
    async for page in pages(caller, "eventTrackingEvents", _EventNames, lambda page: page.items):
        found |= dict.fromkeys(item.id for item in page.items)
    return list(found)


async def register_events(caller: Caller, names: Iterable[str]) -> list[str]:
    """Register the names that are not, and return these; unknown names may be dropped in silence (section 12).

    It is not known whether the service tells letter case apart, so that a name known in another case is registered
    too, and a refusal of it accepted. Raises Inconsistent, before any request, for names `event_name_fault` objects to.
    """
    wanted = list(dict.fromkeys(name.strip() for name in names))
    if any(event_name_fault(name) for name in wanted):
        raise Inconsistent("An event was to be registered under a name the service does not take.")
    known = set(await event_names(caller)) if wanted else set()
    missing = [name for name in wanted if name not in known]
    for name in missing:
        await _register(caller, name)
    return missing


async def _register(caller: Caller, name: str) -> None:
    body = json.dumps({"eventTrackingEvent": {"name": name}})
    call = Call(
        "POST", "/eventTrackingEvents", "eventTrackingEvents", shows=("eventTrackingEvent",), body=body
    )  # fmt: skip
    ending = await caller.end(call)
    if ending.outcome is Outcome.ACKNOWLEDGED:
        return
    refused = ending.outcome is Outcome.REJECTED
    if refused and name_key(name) in {name_key(known) for known in await event_names(caller)}:
        return
    raise failure_of(ending)


async def tracking_log(caller: Caller, contact_id: str) -> list[LoggedEvent] | None:
    """Return what was tracked of a contact, None when it is gone; whether that is everything is not documented."""
    path = f"contacts/{quote(contact_id, safe='')}/trackingLogs"
    call = Call("GET", "/contacts/{id}/trackingLogs", path, shows=("trackingLogs",))
    reply = await unless_gone(caller, call)
    if reply is None:
        return None
    items = read(_LogAnswer, reply, call.endpoint).items
    return [LoggedEvent(item.id, item.type, item.value, item.tstamp) for item in items]


async def register_domain(caller: Caller, domain: str) -> bool:
    """Have visits to a domain tracked, unless they are; False when the account has no such list (reference, D11).

    A person adds the domain then: Settings → Tracking. Raises OwnerMustAct or ServiceUnavailable.
    """
    domain = domain.strip().lower()
    known = await _domains(caller)
    if known is None or domain in known:
        return known is not None
    body = json.dumps({"siteTrackingDomain": {"name": domain}})
    ending = await caller.end(Call("POST", "/siteTrackingDomains", "siteTrackingDomains", body=body))
    if ending.outcome is not Outcome.ACKNOWLEDGED and not is_gone(ending):
        raise failure_of(ending)
    return ending.outcome is Outcome.ACKNOWLEDGED


async def _domains(caller: Caller) -> set[str] | None:
    """Return all domains, None where the account has no such list."""
    path = "siteTrackingDomains"
    first = Call("GET", f"/{path}", path, shows=(path,), params={"limit": str(PAGE), "offset": "0"})
    reply = await unless_gone(caller, first)
    if reply is None:
        return None
    page = read(_Domains, reply, first.endpoint)
    found = {name_key(item.id) for item in page.items}
    if len(page.items) < (page.meta.total or 0):
        async for page in pages(caller, path, _Domains, lambda page: page.items):
            found |= {name_key(item.id) for item in page.items}
    return found
