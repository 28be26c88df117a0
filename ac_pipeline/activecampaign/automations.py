"""Automations, and letting contacts enter them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote

from pydantic import Field

from ac_pipeline.activecampaign.caller import Call, Caller
from ac_pipeline.activecampaign.catalog import name_key
from ac_pipeline.activecampaign.contact_shapes import Moment
from ac_pipeline.activecampaign.contacts import answer_of, unless_gone
from ac_pipeline.activecampaign.pages import pages
from ac_pipeline.activecampaign.shapes import Identified, Page, Shape, Text, read
from ac_pipeline.model.automation import Automation, Enrolled, Enrolment
from ac_pipeline.model.delivery import Outcome

_ACTIVE = "1"


class _AutomationObject(Identified):
    name: Text = ""
    status: Text = ""


class _AutomationsAnswer(Page):
    automations: tuple[_AutomationObject, ...]


class _EnrolmentObject(Identified):
    automation: Text = ""
    series: Text = Field(default="", alias="seriesid")
    entered: Moment = Field(default=None, alias="adddate")


class _EnrolmentsAnswer(Shape):
    items: tuple[_EnrolmentObject, ...] = Field(alias="contactAutomations")


async def all_automations(caller: Caller) -> list[Automation]:
    """Return every automation, all pages."""
    found: dict[str, Automation] = {}
    async for page in pages(caller, "automations", _AutomationsAnswer, lambda page: page.automations):
        for item in page.automations:
            found.setdefault(item.id, Automation(item.id, item.name, item.status == _ACTIVE))
    return list(found.values())


def automations_named(automations: Iterable[Automation], name: str) -> list[Automation]:
    """Return the automations of a name, whatever its case; more than one when the account has several."""
    return [one for one in automations if name_key(one.name) == name_key(name)]


async def enrol(caller: Caller, contact_id: str, automation_id: str) -> Enrolled:
    """POST contactAutomations: let a contact enter; each call may be another entry (reference, section 11).

    Not made again once it may have taken effect. Refusals give no reason; that the automation is active is for
    the caller to look at before.
    """
    body = json.dumps({"contactAutomation": {"contact": contact_id, "automation": automation_id}})
    call = Call(
        "POST", "/contactAutomations", "contactAutomations", shows=("contactAutomation",), body=body, repeatable=False
    )
    ending = await caller.end(call)
    return Enrolled(answer_of(ending), _entry(ending.reply.data) if ending.outcome is Outcome.ACKNOWLEDGED else None)


def _entry(data: object) -> str | None:
    """Return the id of a new enrolment. Where it cannot be read, the contact entered all the same."""
    entry = data.get("contactAutomation") if isinstance(data, dict) else None
    found = entry.get("id") if isinstance(entry, dict) else None
    return str(found) if isinstance(found, str | int) else None


async def enrolments(caller: Caller, contact_id: str) -> list[Enrolment] | None:
    """Return the automations a contact has entered, once for each time; None when it is gone."""
    path = f"contacts/{quote(contact_id, safe='')}/contactAutomations"
    call = Call("GET", "/contacts/{id}/contactAutomations", path, shows=("contactAutomations",))
    reply = await unless_gone(caller, call)
    if reply is None:
        return None
    items = read(_EnrolmentsAnswer, reply, call.endpoint).items
    return [Enrolment(item.id, item.automation or item.series, item.entered) for item in items]
