"""The sandbox's tracking host, the names of events, and what a contact's log shows of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from contract.sandbox_support import Api, keys, sandbox

REFUSED = "success 0"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with sandbox(tmp_path_factory.mktemp("sandbox")) as api:
        yield api


@pytest.fixture
def api(server: Api) -> Api:
    """An account with one contact, a@b.com, and the event Bought."""
    server.start_anew()
    server.sync("a@b.com")
    register(server, "Bought")
    return server


def register(api: Api, name: str) -> httpx.Response:
    return api.post("/eventTrackingEvents", {"eventTrackingEvent": {"name": name}})


def names(api: Api) -> list[str]:
    return [row["name"] for row in api.get("/eventTrackingEvents", limit=100).json()["eventTrackingEvents"]]


def log(api: Api, contact: int = 1) -> list[tuple[str, str]]:
    return [(row["type"], row["value"]) for row in api.get(f"/contacts/{contact}/trackingLogs").json()["trackingLogs"]]


def test_an_event_ends_up_in_the_log_of_its_contact(api: Api) -> None:
    """With name, value and the moment it arrived in the account's time, oldest first, and without `meta`."""
    assert api.event(eventdata="19.90").json() == {"success": 1, "message": "Event spawned"}
    api.time.seconds += 60
    api.event(email="A@B.com", eventdata="20")

    body = api.get("/contacts/1/trackingLogs").json()
    first = body["trackingLogs"][0]

    assert list(body) == ["trackingLogs"]
    assert list(first) == keys("subscriberid type value tstamp hash links id contact")
    assert (first["subscriberid"], first["contact"], first["id"]) == ("1", "1", "1")
    assert (first["type"], first["value"], first["tstamp"]) == ("Bought", "19.90", "2026-03-01T07:00:00-05:00")
    assert log(api) == [("Bought", "19.90"), ("Bought", "20")]
    assert api.http.get(first["links"]["contact"]).json()["contact"]["email"] == "a@b.com"
    assert api.get("/contacts/7/trackingLogs").json() == {"message": "No Result found for Subscriber with id 7"}


def test_the_same_event_again_is_another_one(api: Api) -> None:
    """Nothing in it says that it is the same."""
    for _ in range(2):
        api.event(eventdata="1")

    assert log(api) == [("Bought", "1")] * 2


@pytest.mark.parametrize(
    "wrong",
    [{"actid": ""}, {"actid": "7"}, {"key": ""}, {"key": "sandbox-key"}, {"event": ""}, {"event": "x" * 33}],
)
def test_a_refusal_is_a_200_with_success_0(api: Api, wrong: dict[str, str]) -> None:
    """Credentials of its own; the API key is none of them."""
    answer = api.event(**wrong)

    assert (answer.status_code, answer.json()["success"]) == (200, 0)
    assert (answer.json()["message"] == "An account ID must be provided.") == (wrong == {"actid": ""})
    assert api.tracked() == []


def test_only_a_form_is_read_and_the_address_as_well(api: Api) -> None:
    """JSON is no form, whatever it says; some users send everything in the address."""
    form = {"actid": api.sandbox.actid, "key": api.sandbox.event_key, "event": "Bought", "visit": '{"email":"a@b.com"}'}
    url = f"{api.sandbox.url}/event"

    for wrong in ({"json": form}, {"content": urlencode(form), "headers": {"Content-Type": "application/json"}}):
        assert httpx.post(url, **wrong).json() == {"success": 0, "message": "An account ID must be provided."}
    assert httpx.post(url, params=form).json()["success"] == 1
    assert log(api) == [("Bought", "")]


@pytest.mark.parametrize("visit", ["", "a@b.com", "[]", '{"email": 1}', "{", '{"email": "a b"}'])
def test_an_event_without_a_usable_address_is_nobodys(api: Api, visit: str) -> None:
    """It is accepted all the same."""
    assert api.event(visit=visit).json()["success"] == 1
    assert (log(api), [row["contact"] for row in api.tracked()]) == ([], [None])


def test_events_wait_for_a_contact_with_their_address(api: Api) -> None:
    """By sync, by import, or by a new address of an old one; a switch drops them."""
    for email in ("new@b.com", "imported@b.com", "renamed@b.com"):
        api.event(email=email, eventdata=email)
    assert [row["contact"] for row in api.tracked()] == [None] * 3

    api.sync("New@b.com")
    api.imported({"email": "imported@b.com"})
    api.put("/contacts/1", {"contact": {"email": "renamed@b.com"}})

    assert [row["contact"] for row in api.tracked()] == ["2", "3", "1"]
    api.switch(unknown_visitor="dropped")
    api.event(email="nobody@b.com")
    assert len(api.tracked()) == 3


def test_names_are_registered_listed_in_pages_and_forgotten(api: Api) -> None:
    """After the two of the service itself, with a total that is a number; 32 characters at most."""
    assert register(api, "Signed up").status_code == 201
    assert names(api) == ["__pagevisit", "__redir", "Bought", "Signed up"]
    page = api.get("/eventTrackingEvents", limit=1, offset=3).json()
    assert page == {"eventTrackingEvents": [{"name": "Signed up"}], "meta": {"total": 4}}
    for number in range(30):
        register(api, f"Event {number}")
    assert len(api.get("/eventTrackingEvents").json()["eventTrackingEvents"]) == 20

    assert (register(api, "").status_code, register(api, "x" * 33).status_code) == (400, 422)
    assert register(api, "x" * 32).status_code == 201
    assert api.delete("/eventTrackingEvents/signed%20up").json() == {}
    assert api.delete("/eventTrackingEvents/signed%20up").status_code == 400
    assert "Signed up" not in names(api)


def test_event_tracking_is_switched_off_and_on(api: Api) -> None:
    """By PUT or by POST, as a tutorial has it; meanwhile events are refused, or lost (a switch)."""
    assert api.get("/eventTracking").json() == {"eventTracking": {"enabled": True}}
    assert api.put("/eventTracking", {"eventTracking": {"enabled": False}}).json()["eventTracking"]["enabled"] is False
    assert api.event().json()["success"] == 0
    api.switch(disabled_tracking="dropped")
    assert api.event().json()["success"] == 1
    assert api.tracked() == []

    assert api.put("/eventTracking", {"eventTracking": {"enabled": "perhaps"}}).status_code == 400
    assert api.post("/eventTracking", {"eventTracking": {"enabled": True}}).json()["eventTracking"]["enabled"] is True
    api.event()
    assert len(api.tracked()) == 1


def test_what_is_not_known_is_a_switch(api: Api) -> None:
    """Letter case, unknown and long names, lengths, delays, and how the host answers."""
    assert register(api, "bought").json() == {"eventTrackingEvent": {"name": "Bought"}}
    api.switch(duplicate_event="refused")
    assert register(api, "BOUGHT").json()["errors"][0]["code"] == "duplicate"
    api.switch(event_case="kept", duplicate_event="returned")
    assert register(api, "BOUGHT").status_code == 201
    api.switch(event_case="ignored")

    assert api.event("Unheard of").json()["success"] == 1
    assert api.tracked() == []
    api.switch(unknown_event="registered", long_event="cut", event_value_limit=3, event_latency=5.0)
    api.event("y" * 40, eventdata="12345")
    assert log(api) == []
    api.time.seconds += 5
    assert log(api) == [("y" * 32, "123")]
    assert names(api)[-1] == "y" * 32

    api.switch(refused_event="bought")
    assert api.event().json()["success"] == 0
    api.switch(event_answer="text")
    assert (api.event().text, api.event("y" * 32).text) == ("0", "1")
    api.switch(event_refusal="400")
    refused = api.event()
    assert (refused.status_code, refused.json()) == (400, {})


def test_the_tracking_host_is_in_the_log_without_anything_personal(api: Api) -> None:
    """Like every request: counted, named by its path, and no address or key."""
    api.control("/sandbox/requests", "DELETE")
    api.event(eventdata="a@b.com")
    api.visit("https://shop.example/a@b.com")

    answer = api.control("/sandbox/requests")

    assert answer.json()["counts"] == {"GET /visit": 1, "POST /event": 1}
    assert "b.com" not in answer.text
    assert api.sandbox.event_key not in answer.text + repr(api.sandbox)


def test_the_tracking_host_fails_as_told(api: Api) -> None:
    """Before and after the event is kept; a lost answer leaves it in the log."""
    api.fail({"kind": "dropped_after", "path": "/event", "count": 1}, {"kind": "bad_gateway", "path": "/event"})

    with pytest.raises(httpx.RemoteProtocolError):
        api.event(eventdata="lost")
    assert api.event().status_code == 502
    assert log(api) == [("Bought", "lost")]


def test_events_count_against_the_accounts_rate_unless_switched(tmp_path: Path) -> None:
    """No limit of the tracking host is documented."""
    with sandbox(tmp_path, rate=3) as api:
        api.sync("a@b.com")
        answers = [api.event().status_code for _ in range(3)]
        assert answers == [200, 200, 429]
        api.switch(tracking_shares_rate=False)
        assert {api.event().status_code for _ in range(9)} == {200}
        assert api.get("/users/me").status_code == 429


def test_a_deleted_contact_takes_its_events_along(api: Api) -> None:
    """A new contact with the address begins with none."""
    api.event()
    api.delete("/contacts/1")
    api.sync("a@b.com")

    assert (api.tracked(), log(api, 2)) == ([], [])


def test_a_foreign_name_reaches_no_tracking(api: Api) -> None:
    """As everywhere else."""
    assert api.control("/visit", Host="evil.example").status_code == 403
    assert api.control("/event", "POST", Host="evil.example").status_code == 403
