"""Automations and enrolments as the service shows them (reference, section 11)."""

from __future__ import annotations

from ac_pipeline.sandbox.account import Account
from ac_pipeline.sandbox.tables.automations import Automation, Enrolment
from ac_pipeline.sandbox.wire import Json

_LINKS = ("campaigns", "contactGoals", "contactAutomations", "blocks", "goals", "sms", "sitemessages")
_STEPS, _DONE = 2, 1
"""Of every automation: how many, and how many a contact has behind it; nothing moves it on."""
_PERCENT = 100 * _DONE // _STEPS


def automation(account: Account, row: Automation) -> dict[str, Json]:
    """Return an automation as reads have it."""
    return {
        "name": row.name,
        "cdate": account.time.iso(row.created_at),
        "mdate": account.time.iso(row.updated_at),
        "userid": "1",
        "status": str(row.status),
        "entered": str(row.entered),
        "exited": str(row.exited),
        "hidden": "0",
        "defaultscreenshot": f"{account.url}/default-series.gif",
        "screenshot": f"{account.url}/default-series.gif",
        "links": {name: account.link(f"automations/{row.id}/{name}") for name in _LINKS},
        "id": str(row.id),
    }


def entered(account: Account, row: Enrolment) -> dict[str, Json]:
    """Return an enrolment as the answer to it has it."""
    return {
        "contact": str(row.contact),
        "seriesid": str(row.automation),
        "startid": 0,
        "status": 1,
        "lastblock": str(_DONE),
        "completedElements": str(_DONE),
        "totalElements": str(_STEPS),
        "completed": 0,
        "completeValue": _PERCENT,
        "links": _links(account, row),
        "id": str(row.id),
        "automation": str(row.automation),
    }


def enrolment(account: Account, row: Enrolment) -> dict[str, Json]:
    """Return an enrolment as reads of the account have it."""
    added = account.time.iso(row.added_at)
    return {
        "contact": str(row.contact),
        "seriesid": str(row.automation),
        "startid": "0",
        "status": "1",
        "batchid": None,
        "adddate": added,
        "remdate": None,
        "timespan": "0",
        "lastblock": str(_DONE),
        "lastlogid": "0",
        "lastdate": added,
        "completedElements": str(_DONE),
        "totalElements": str(_STEPS),
        "completed": 0,
        "completeValue": _PERCENT,
        "links": _links(account, row),
        "id": str(row.id),
        "automation": str(row.automation),
    }


def of_contact(account: Account, row: Enrolment) -> dict[str, Json]:
    """Return an enrolment as the contact's own list has it: numbers where the account's has text."""
    return {**enrolment(account, row), "in_als": "0", "completedElements": _DONE, "totalElements": _STEPS}


def _links(account: Account, row: Enrolment) -> dict[str, Json]:
    names = ("automation", "contact", "contactGoals", "automationLogs")
    return {name: account.link(f"contactAutomations/{row.id}/{name}") for name in names}
