"""What any account does with names of events, site tracking, automations and a contact's log."""

from __future__ import annotations

from urllib.parse import quote

from contract.desk import Desk


def test_whether_events_and_visits_are_tracked_is_a_flag(desk: Desk) -> None:
    """Each its own."""
    assert isinstance(desk.get("/eventTracking").json()["eventTracking"]["enabled"], bool)
    assert isinstance(desk.get("/siteTracking").json()["siteTracking"]["enabled"], bool)


def test_a_name_of_an_event_is_registered_listed_and_deleted(desk: Desk) -> None:
    """The list has names and nothing else, and a total."""
    name = desk.name("event")
    created = desk.post("/eventTrackingEvents", {"eventTrackingEvent": {"name": name}})
    listed = desk.get("/eventTrackingEvents", limit=100).json()
    deleted = desk.delete(f"/eventTrackingEvents/{quote(name)}")
    left = desk.get("/eventTrackingEvents", limit=100).json()

    assert (created.status_code, created.json()) == (201, {"eventTrackingEvent": {"name": name}})
    assert {"name": name} in listed["eventTrackingEvents"]
    assert (deleted.status_code, deleted.json()) == (200, {})
    assert int(left["meta"]["total"]) == int(listed["meta"]["total"]) - 1


def test_a_new_contact_has_an_empty_log_and_is_in_no_automation(desk: Desk) -> None:
    """Bare arrays; an unknown contact is 404."""
    contact = desk.contact()["id"]

    assert desk.get(f"/contacts/{contact}/trackingLogs").json() == {"trackingLogs": []}
    assert desk.get(f"/contacts/{contact}/contactAutomations").json() == {"contactAutomations": []}
    assert desk.get("/contacts/99999999/trackingLogs").status_code == 404


def test_automations_and_entries_are_listed_and_nobody_enters_what_is_not_there(desk: Desk) -> None:
    """A refusal is 403, as a wrong key's; only its words tell them apart."""
    sent = {"contact": desk.contact()["id"], "automation": "99999999"}

    refused = desk.post("/contactAutomations", {"contactAutomation": sent})

    assert (refused.status_code, refused.json()) == (403, {"message": "Could not create SubscriberSeries"})
    assert int(desk.get("/automations").json()["meta"]["total"]) >= 0
    assert desk.get("/contactAutomations", limit=1).status_code == 200
