"""The tracking host: what is sent there, what each answer means, and what of it may be repeated."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from ac_pipeline.activecampaign import ActiveCampaign
from ac_pipeline.errors import Inconsistent, OwnerMustAct, ServiceUnavailable, SettingsError
from ac_pipeline.model.delivery import Answer, Outcome
from ac_pipeline.model.tracking import LONGEST_EVENT, LoggedEvent, TrackingAccess, event_name_fault
from unit.activecampaign.ac_connection import ACTID, EMAIL, EVENT_KEY, KEY, talk
from unit.activecampaign.scripted_server import Reset, Say, Silence, Step, scripted
from unit.activecampaign.simulated_time import FakeTime

SPAWNED = Say(200, {"success": 1, "message": "Event spawned"})
A, R, U, N = Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.UNKNOWN, Outcome.NOT_SENT


async def event(client: ActiveCampaign) -> Answer:
    return await client.send_event(EMAIL, "Bought")


async def visit(client: ActiveCampaign) -> Answer:
    return await client.send_visit(EMAIL, "https://shop.example/")


def answer_to(use: Callable[[ActiveCampaign], Any], *steps: Step, then: Step = SPAWNED) -> tuple[Answer, int]:
    """Return what comes of a call, and how many requests it made."""
    with scripted(*steps, then=then) as server:
        return talk(server.url, use), len(server.seen)


def test_an_event_is_a_form_with_its_own_credentials() -> None:
    """And without the API key; the address is JSON inside it, a long value is cut to what is kept."""
    with scripted(then=SPAWNED) as server:
        talk(server.url, lambda client: client.send_event("ada+x@example.com", " Größe & more ", "€" * 300))
    (seen,) = server.seen
    form = {name: values[0] for name, values in parse_qs(seen.body, strict_parsing=True).items()}

    assert (seen.method, seen.target) == ("POST", "/event")
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert not [name for name, value in seen.headers.items() if name == "api-token" or KEY in value]
    assert (form.pop("actid"), form.pop("key")) == (ACTID, EVENT_KEY)
    assert json.loads(form.pop("visit")) == {"email": "ada+x@example.com"}
    assert form == {"event": "Größe & more", "eventdata": "€" * 250}


def test_a_visit_is_an_address_without_any_key() -> None:
    """As browsers had it."""
    with scripted(then=Say(200, b"/* */", content_type="text/javascript")) as server:
        talk(
            server.url, lambda client: client.send_visit("ada+x@example.com", "https://a.example/?b=c&d", "https://r/")
        )
    (seen,) = server.seen
    asked = {name: values[0] for name, values in parse_qs(urlsplit(seen.target).query).items()}

    assert (seen.method, seen.path, seen.body) == ("GET", "/visit", "")
    assert asked == {"actid": ACTID, "e": "ada+x@example.com", "u": "https://a.example/?b=c&d", "r": "https://r/"}
    assert not [value for value in seen.headers.values() if KEY in value or EVENT_KEY in value]


ANSWERS: dict[str, tuple[Step, Outcome, bool, type[Exception] | None]] = {
    "documented": (SPAWNED, A, False, None),
    "as text": (Say(200, {"success": "1"}), A, False, None),
    "as a flag": (Say(200, {"success": True}), A, False, None),
    "a bare 1": (Say(200, b"1", content_type="text/html"), A, False, None),
    "no": (Say(200, {"success": 0, "message": "?"}), R, True, None),
    "no as text": (Say(200, {"success": "0"}), R, True, None),
    "a bare 0": (Say(200, b"0"), R, True, None),
    "no account": (Say(200, {"success": 0, "message": "An account ID must be provided."}), N, False, OwnerMustAct),
    "neither": (Say(200, {"success": None}), U, False, None),
    "a bare 2": (Say(200, b"2"), U, False, None),
    "something else": (Say(200, {"ok": 1}), U, False, None),
    "nothing": (Say(200), U, False, None),
    "masked": (Say(200, {"success": 1}, {"X-Ac-Error": "Code 9001"}), U, False, None),
    "a page": (Say(200, b"<html>", content_type="text/html"), U, False, OwnerMustAct),
    "refused": (Say(400, {}), R, True, None),
    "forbidden": (Say(403), N, False, OwnerMustAct),
    "another host": (Say(404, {"message": "Not Found"}), N, False, OwnerMustAct),
    "another method": (Say(405), N, False, OwnerMustAct),
    "moved": (Say(301, headers={"Location": "/"}), U, False, OwnerMustAct),
    "failed": (Say(502, b"<html>"), U, False, None),
    "reset": (Reset(after_reading=True), U, False, None),
    "silent": (Silence(), U, False, None),
    "cut": (Say(200, {"success": 1}, cut=5), U, False, None),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_each_answer_to_an_event_means(name: str) -> None:
    """A 200 is a success only when it says so, and what may have been counted is never sent again."""
    step, outcome, unexplained, stop = ANSWERS[name]
    answer, requests = answer_to(event, then=step)

    assert (answer.outcome, answer.unexplained, type(answer.stop)) == (outcome, unexplained, stop or type(None))
    assert (requests == 1) == (name != "forbidden")
    assert bool(answer.reason) == (outcome is not A)
    if answer.stop:
        assert "ACTIVECAMPAIGN_EVENT_KEY" in str(answer.stop)


def test_what_certainly_was_not_counted_is_sent_again() -> None:
    """Throttling and a server that cannot be reached; then it is the later answer that counts."""
    assert answer_to(event, Say(429, headers={"Retry-After": "3"})) == (Answer(A, 200), 2)
    answer = talk("http://127.0.0.1:1", event)
    assert (answer.outcome, type(answer.stop)) == (N, ServiceUnavailable)
    assert answer_to(event, Say(429), Say(500))[0].outcome is U


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (Say(200, b"/* */", content_type="text/javascript"), A),
        (Say(200), A),
        (Say(204), A),
        (Say(200, {"anything": 1}), A),
        (Say(200, b"<html>"), U),
        (Say(500), U),
        (Reset(after_reading=True), U),
        (Say(404), N),
        (Say(400), R),
    ],
)
def test_a_visit_is_taken_whatever_comes_back_with_a_2xx(step: Step, outcome: Outcome) -> None:
    """But for a page, which is somebody else's; and it is sent once."""
    answer, requests = answer_to(visit, then=step)

    assert (answer.outcome, requests) == (outcome, 1)


@pytest.mark.parametrize("name", ["", " ", "x" * (LONGEST_EVENT + 1), "two\nlines"])
def test_a_name_the_service_does_not_take_is_no_request(name: str) -> None:
    """Neither to register it nor to send it; whoever declares one can ask what is wrong with it."""
    assert event_name_fault(name)
    with scripted(then=SPAWNED) as server:
        with pytest.raises(Inconsistent):
            talk(server.url, lambda client: client.send_event(EMAIL, name))
        with pytest.raises(Inconsistent):
            talk(server.url, lambda client: client.register_events(["Bought", name]))
    assert (server.seen, event_name_fault("x" * LONGEST_EVENT)) == ([], "")


def test_without_access_only_the_tracking_host_is_missing() -> None:
    """Both settings are named; names of events can be read all the same."""
    with scripted(then=Say(200, {"eventTracking": {"enabled": "1"}})) as server:
        for use in (event, visit):
            with pytest.raises(SettingsError, match=r"ACTIVECAMPAIGN_ACTID.*ACTIVECAMPAIGN_EVENT_KEY"):
                talk(server.url, use, tracking=None)
        assert talk(server.url, lambda client: client.tracks_events(), tracking=None) is True
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "url", ["http://trackcmp.net", "trackcmp.net", "https://user:secret@trackcmp.net", "https://trackcmp.net/event"]
)
def test_a_tracking_url_that_is_none_is_said_so(url: str) -> None:
    """Its event key would be readable on the way, or it is another address; nothing of it is repeated."""
    access = TrackingAccess(url, ACTID, SecretStr(EVENT_KEY))
    with pytest.raises(SettingsError, match="tracking URL") as caught:
        talk("http://127.0.0.1:1", event, tracking=access)
    assert "secret" not in str(caught.value)


def test_events_and_requests_to_the_api_share_one_pace() -> None:
    """Four a second, whichever of the two hosts they go to, and all are counted."""
    time = FakeTime()

    async def use(client: ActiveCampaign) -> dict[str, int]:
        for _ in range(4):
            await event(client)
            await client.find_contact(EMAIL)
        return dict(client.requests)

    with scripted(then=lambda seen: SPAWNED if seen.path == "/event" else Say(200, {"contacts": []})) as server:
        assert talk(server.url, use, time) == {"GET /contacts": 4, "POST /event": 4}
    assert time.now - 1000 > 1.5


@pytest.mark.parametrize(
    ("logged", "value", "same"),
    [("19.90", "19.90", True), ("19.9", "19.90", False), ("x" * 250, "x" * 300, True), ("x" * 250, "x" * 249, False)],
)
def test_an_event_in_the_log_is_recognised_by_name_and_what_is_kept_of_its_value(
    logged: str, value: str, same: bool
) -> None:
    """Names without case, since the service may show the name as it was registered first."""
    found = LoggedEvent("1", "bought", logged)

    assert found.shows("Bought ", value) is same
    assert not found.shows("Sold", value)
    assert logged not in repr(found)
