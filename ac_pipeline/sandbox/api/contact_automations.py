"""Contacts in automations (reference, section 11)."""

from __future__ import annotations

from ac_pipeline.sandbox import refusals
from ac_pipeline.sandbox.api import automation_shapes, contact_shapes
from ac_pipeline.sandbox.api.automations import known_automation
from ac_pipeline.sandbox.api.contact_lists import contact_with_id
from ac_pipeline.sandbox.api.contacts import known_contact
from ac_pipeline.sandbox.paging import page_of
from ac_pipeline.sandbox.tables import automations, contacts
from ac_pipeline.sandbox.tables.automations import Enrolment
from ac_pipeline.sandbox.wire import Call, Endpoint, Json, Reply, whole


def _known(call: Call) -> Enrolment:
    row = automations.find_enrolment(call.account.db, call.number())
    if row is None:
        raise refusals.not_found("SubscriberSeries", call.number())
    return row


def _enrol(call: Call) -> Reply:
    """Let a contact enter, again and again where the automation allows it.

    One refusal is documented and no reason for it; all are assumed to look alike.
    """
    account, sent = call.account, call.wrapped("contactAutomation")
    contact = contacts.find(account.db, whole(sent.get("contact")))
    automation = automations.find(account.db, whole(sent.get("automation")))
    if contact is None or automation is None:
        raise refusals.not_enrolled()
    if automation.status != automations.ACTIVE and account.switches.inactive_automation == "refused":
        raise refusals.not_enrolled()
    before = automations.of_contact(account.db, contact.id)
    if not automation.multientry and any(row.automation == automation.id for row in before):
        raise refusals.not_enrolled()
    row = automations.enrol(account.db, contact.id, automation.id, account.clock.microseconds())
    shape = automation_shapes.entered(account, row)
    return Reply(201, {"contacts": [contact_shapes.full(account, contact)], "contactAutomation": shape})


def _of_contact(call: Call) -> Reply:
    """Without `meta`, and with numbers where the account's list has text, as in the description's samples."""
    rows = automations.of_contact(call.account.db, known_contact(call).id)
    return Reply(200, {"contactAutomations": [automation_shapes.of_contact(call.account, row) for row in rows]})


def _list(call: Call) -> Reply:
    page = page_of(call)
    rows, total = automations.select_enrolments(call.account.db, limit=page.limit, offset=page.offset)
    meta: Json = {"total": call.account.total(total), "showcase_stats": []}
    return Reply(
        200, {"contactAutomations": [automation_shapes.enrolment(call.account, row) for row in rows], "meta": meta}
    )


def _read(call: Call) -> Reply:
    return Reply(200, {"contactAutomation": automation_shapes.enrolment(call.account, _known(call))})


def _remove(call: Call) -> Reply:
    row = automations.find_enrolment(call.account.db, call.number())
    if row is None:
        raise refusals.no_enrolment_to_delete(call.number())
    automations.remove_enrolment(call.account.db, row)
    return Reply(200, {})


def _automation(call: Call) -> Reply:
    row = known_automation(call, _known(call).automation)
    return Reply(200, {"automation": automation_shapes.automation(call.account, row)})


def _contact(call: Call) -> Reply:
    contact = contact_with_id(call, _known(call).contact)
    return Reply(200, {"contact": contact_shapes.full(call.account, contact)})


ENDPOINTS = (
    Endpoint("GET", "/contacts/{id}/contactAutomations", _of_contact),
    Endpoint("GET", "/contactAutomations", _list),
    Endpoint("POST", "/contactAutomations", _enrol),
    Endpoint("GET", "/contactAutomations/{id}", _read),
    Endpoint("DELETE", "/contactAutomations/{id}", _remove),
    Endpoint("GET", "/contactAutomations/{id}/automation", _automation),
    Endpoint("GET", "/contactAutomations/{id}/contact", _contact),
)
