"""The sandbox's automations, and the contacts in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from contract.sandbox_support import Api, keys, sandbox


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    """An account with two contacts and the automation Welcome."""
    server.start_anew()
    server.sync("a@b.com")
    server.sync("c@d.com")
    server.automation("Welcome")
    return server


def enrol(api: Api, contact: object = "1", automation: object = "1") -> httpx.Response:
    return api.post("/contactAutomations", {"contactAutomation": {"contact": contact, "automation": automation}})


def entries(api: Api, contact: int = 1) -> list[dict[str, Any]]:
    return api.get(f"/contacts/{contact}/contactAutomations").json()["contactAutomations"]


def test_automations_are_listed_in_pages(api: Api) -> None:
    """With the keys of the description; a name need not be the only one of its kind."""
    api.automation("Welcome", active=False)
    api.automation("Goodbye")

    body = api.get("/automations", limit=2).json()

    assert list(body["automations"][0]) == keys(
        "name cdate mdate userid status entered exited hidden defaultscreenshot screenshot links id"
    )
    assert [(row["id"], row["name"], row["status"]) for row in body["automations"]] == [
        ("1", "Welcome", "1"),
        ("2", "Welcome", "2"),
    ]
    assert (body["meta"]["total"], body["meta"]["filtered"], body["meta"]["smsLogs"]) == ("3", False, [])
    assert [row["name"] for row in api.get("/automations", offset=2).json()["automations"]] == ["Goodbye"]
    assert api.get("/automations/3").json()["automation"]["name"] == "Goodbye"
    assert api.get("/automations/9").status_code == 404


def test_a_contact_enters_and_is_seen_there_from_everywhere(api: Api) -> None:
    """201 with the contact beside it; by the contact, by the account, by filter and by id."""
    answer = enrol(api)
    entered = answer.json()["contactAutomation"]

    assert (answer.status_code, answer.json()["contacts"][0]["email"]) == (201, "a@b.com")
    assert (entered["contact"], entered["automation"], entered["seriesid"]) == ("1", "1", "1")
    assert (entered["status"], entered["startid"], entered["completeValue"]) == (1, 0, 50)
    (row,) = entries(api)
    assert (row["id"], row["status"], row["completedElements"]) == (entered["id"], "1", 1)
    listed = api.get("/contactAutomations").json()
    assert (listed["contactAutomations"][0]["completedElements"], listed["meta"]["total"]) == ("1", "1")
    assert api.get("/contactAutomations/1").json()["contactAutomation"]["adddate"] == "2026-03-01T07:00:00-05:00"
    shown = api.get("/contacts/1").json()
    assert (shown["contact"]["contactAutomations"], shown["contactAutomations"][0]["id"]) == (["1"], "1")
    assert [one["id"] for one in api.get("/contacts", seriesid="1").json()["contacts"]] == ["1"]
    assert api.http.get(row["links"]["automation"]).json()["automation"]["entered"] == "1"
    assert api.http.get(row["links"]["contact"]).json()["contact"]["id"] == "1"


def test_entering_again_is_another_entry(api: Api) -> None:
    """Unless the automation lets everybody in once."""
    api.automation("Once", once=True)
    assert [enrol(api).status_code, enrol(api).status_code] == [201, 201]
    assert [enrol(api, 1, 2).status_code, enrol(api, 1, 2).status_code] == [201, 403]

    assert [row["automation"] for row in entries(api)] == ["1", "1", "2"]
    once = api.control("/sandbox/automations").json()["automations"][1]
    assert once == {
        "id": "2",
        "name": "Once",
        "active": True,
        "entered": 1,
        "contacts": [{"id": "1", "email": "a@b.com"}],
    }


@pytest.mark.parametrize(("contact", "automation"), [("9", "1"), ("1", "9"), ("1", "2"), (None, "1"), ("1", "Welcome")])
def test_all_refusals_look_alike(api: Api, contact: object, automation: object) -> None:
    """Nobody there, nothing there, an automation that is off (a switch), no ids."""
    api.automation("Off", active=False)

    answer = enrol(api, contact, automation)

    assert (answer.status_code, answer.json()) == (403, {"message": "Could not create SubscriberSeries"})
    api.switch(inactive_automation="entered")
    assert enrol(api, 1, 2).status_code == 201


def test_a_contact_is_taken_out(api: Api) -> None:
    """By the id of the entry; a second time is 403, as described."""
    enrol(api)

    assert api.delete("/contactAutomations/1").json() == {}
    assert entries(api) == []
    again = api.delete("/contactAutomations/1")
    assert (again.status_code, again.json()) == (403, {"message": "No Result found for SubscriberSeries with id 1"})
    assert api.get("/contactAutomations/1").status_code == 404
    row = api.get("/automations").json()["automations"][0]
    assert (row["entered"], row["exited"]) == ("1", "1")


def test_only_the_control_api_makes_automations_and_wants_a_name(api: Api) -> None:
    """There is no way to make one through the service's own."""
    assert api.post("/automations", {"automation": {"name": "x"}}).status_code == 405
    for sent in ({}, [], {"name": " "}, {"name": 1}):
        assert api.control("/sandbox/automations", "POST", sent).status_code == 400
